"""What a sample of the G-buffer shows: the face, and at a point of it the normal and the colour."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read_int, read_vec3, read_vec3i
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.textures import TextureArrays, sample_texture
from simgen.world.engine.newton.render.triangle import OPTIONS, unpack_face, unpack_instance

wp.set_module_options(OPTIONS)

UNEVEN_NORMAL = wp.constant(1)
UNEVEN_COLOR = wp.constant(2)


@wp.struct
class GBuffer:
    """Per sample of the worlds of one pass, in one line: world after world, row after row."""

    nearness: wp.array(dtype=wp.float32)  # 1 / z [1/m]; 0: nothing
    visibility: wp.array(dtype=wp.int64)  # `pack`ed instance and face; 0: nothing
    light: wp.array(dtype=wp.float32)  # how much of the light arrives; written by tracing with shadows only


@wp.struct
class Face:
    """What all samples of one face have in common."""

    local_from_world: wp.mat33
    origin: wp.vec3
    first: wp.int32  # vertex of the mesh
    corner: wp.vec3i
    uneven: wp.int32
    normal: wp.vec3  # in the mesh where the face's normal is uneven, else unit in the world
    color: wp.vec3
    gloss: wp.float32
    texture: wp.int32
    repeats: wp.float32
    u_axis: wp.vec3  # of the texture in the world [repeats per metre]
    v_axis: wp.vec3
    u_origin: wp.float32
    v_origin: wp.float32


@wp.func
def texture_axes(normal: wp.vec3, per_metre: wp.vec3):
    """The axes of the mesh along which a texture is laid on a face with this normal."""
    x = wp.abs(normal[0])
    y = wp.abs(normal[1])
    z = wp.abs(normal[2])
    u_axis = wp.vec3(per_metre[0], 0.0, 0.0)
    v_axis = wp.vec3(0.0, 0.0, per_metre[2])
    if x > y and x > z:
        u_axis = wp.vec3(0.0, per_metre[1], 0.0)
    elif z >= y:
        v_axis = wp.vec3(0.0, per_metre[1], 0.0)
    return u_axis, v_axis


@wp.func
def face_of(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    first_placement: int,
    visible: wp.int64,
    num_textures: int,
):
    """The face of a `pack`ed number. `first_placement`: of the world; a texture beyond `num_textures` is none."""
    placement = placements[first_placement + unpack_instance(visible)]
    index = unpack_face(visible)
    face = Face()
    face.local_from_world = placement.local_from_world
    face.origin = placement.origin
    face.first = read_int(meshes.first_vertex, placement.mesh)
    face.corner = read_vec3i(meshes.faces, index)
    face.uneven = read_int(meshes.uneven, index)
    face.color = placement.color
    face.gloss = placement.gloss
    face.texture = wp.where(placement.texture < num_textures, placement.texture, -1)
    face.repeats = placement.repeats
    face.normal = read_vec3(meshes.normals, face.first + face.corner[0])
    if face.texture >= 0:
        u_axis, v_axis = texture_axes(face.normal, placement.scale * placement.repeats)
        face.u_axis = wp.transpose(placement.local_from_world) @ u_axis
        face.v_axis = wp.transpose(placement.local_from_world) @ v_axis
        face.u_origin = -wp.dot(face.u_axis, placement.origin)
        face.v_origin = -wp.dot(face.v_axis, placement.origin)
    if (face.uneven & UNEVEN_NORMAL) == 0:
        face.normal = wp.normalize(wp.transpose(placement.local_from_world) @ face.normal)
    if read_int(meshes.colored, placement.mesh) != 0 and (face.uneven & UNEVEN_COLOR) == 0:
        face.color = wp.cw_mul(face.color, read_vec3(meshes.colors, face.first + face.corner[0]))
    return face


@wp.func
def barycentric(point: wp.vec3, a: wp.vec3, b: wp.vec3, c: wp.vec3):
    """Weights of a triangle's corners at a point in its plane."""
    ab = b - a
    ac = c - a
    ap = point - a
    bb = wp.dot(ab, ab)
    bc = wp.dot(ab, ac)
    cc = wp.dot(ac, ac)
    pb = wp.dot(ap, ab)
    pc = wp.dot(ap, ac)
    scale = bb * cc - bc * bc
    inverse = 1.0 / wp.where(scale > 1.0e-30, scale, 1.0e-30)
    # kept within the triangle: on a face seen from the side the point is not exact
    second = wp.clamp((cc * pb - bc * pc) * inverse, 0.0, 1.0)
    third = wp.clamp((bb * pc - bc * pb) * inverse, 0.0, 1.0 - second)
    return wp.vec3(1.0 - second - third, second, third)


@wp.func
def mix(values: wp.array(dtype=wp.vec3), face: Face, weights: wp.vec3):
    """The value at a point of a face from the values at its corners."""
    return (
        read_vec3(values, face.first + face.corner[0]) * weights[0]
        + read_vec3(values, face.first + face.corner[1]) * weights[1]
        + read_vec3(values, face.first + face.corner[2]) * weights[2]
    )


@wp.func
def surface(meshes: MeshArrays, textures: TextureArrays, face: Face, point: wp.vec3, footprint: float):
    """The normal in the world (unit) and the linear base colour at a point [m] of a face.

    `footprint`: how far apart neighbouring samples lie there [m].
    """
    normal = face.normal
    color = face.color
    if face.uneven != 0:
        weights = barycentric(
            face.local_from_world @ (point - face.origin),
            read_vec3(meshes.vertices, face.first + face.corner[0]),
            read_vec3(meshes.vertices, face.first + face.corner[1]),
            read_vec3(meshes.vertices, face.first + face.corner[2]),
        )
        if (face.uneven & UNEVEN_NORMAL) != 0:
            normal = wp.normalize(wp.transpose(face.local_from_world) @ mix(meshes.normals, face, weights))
        if (face.uneven & UNEVEN_COLOR) != 0:
            color = wp.cw_mul(color, mix(meshes.colors, face, weights))
    if face.texture >= 0:
        u = wp.dot(face.u_axis, point) + face.u_origin
        v = wp.dot(face.v_axis, point) + face.v_origin
        color = wp.cw_mul(color, sample_texture(textures, face.texture, u, v, footprint * face.repeats))
    return normal, color
