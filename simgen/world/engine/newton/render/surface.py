"""What the samples of a row show, and the normal and the colour of it."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read, read_int, read_int64, read_vec3, read_vec3i
from simgen.world.engine.newton.render.mesh_pool import FaceShape, MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.row import Row, fill, write_color, write_normal
from simgen.world.engine.newton.render.textures import TextureArrays, multiply_texture
from simgen.world.engine.newton.render.triangle import NOTHING, OPTIONS, unpack_face, unpack_instance

wp.set_module_options(OPTIONS)

EVEN = wp.constant(1.0e-6)  # of colours: up to this squared difference they count as one
FEW = wp.constant(4)
AHEAD = wp.constant(2)  # so many samples beyond the end of a face lies what is loaded ahead


@wp.struct
class GBuffer:
    """Per sample of the worlds of one pass, in one line: world after world, row after row."""

    nearness: wp.array(dtype=wp.float32)  # 1 / z [1/m]; 0: nothing
    visibility: wp.array(dtype=wp.int64)  # `pack`ed instance and face; 0: nothing
    light: wp.array(dtype=wp.float32)  # how much of the light arrives; written by tracing with shadows only


@wp.struct
class Rays:
    """Where samples side by side are seen: from `eye`, along `direction` and so many times `slope`.

    The directions have length 1 along the camera's axis.
    """

    eye: wp.vec3
    direction: wp.vec3
    slope: wp.vec3
    spread: wp.float32  # how far apart they are at 1 m [m]


@wp.func
def along(rays: Rays, samples: int):
    """The rays so many samples on."""
    result = rays
    result.direction = rays.direction + rays.slope * float(samples)
    return result


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
def vertex_color(meshes: MeshArrays, mesh: int, index: int, point: wp.vec3):
    """The colour at a point of a face, in the mesh, from those of its corners."""
    first = read_int(meshes.first_vertex, mesh)
    corner = read_vec3i(meshes.faces, index) + wp.vec3i(first)
    weights = barycentric(
        point,
        read_vec3(meshes.vertices, corner[0]),
        read_vec3(meshes.vertices, corner[1]),
        read_vec3(meshes.vertices, corner[2]),
    )
    return (
        read_vec3(meshes.colors, corner[0]) * weights[0]
        + read_vec3(meshes.colors, corner[1]) * weights[1]
        + read_vec3(meshes.colors, corner[2]) * weights[2]
    )


@wp.func
def bent_normal(shape: FaceShape, point: wp.vec3):
    """The normal at a point of a face, both in the mesh."""
    change = shape.bend @ (point - shape.corner)
    # never more than between the corners: on a face seen from the side the point is not exact
    squared = wp.dot(change, change)
    if squared > shape.reach * shape.reach:
        change = change * (shape.reach / wp.sqrt(squared))
    return shape.normal + change


@wp.func
def lay_texture(
    textures: TextureArrays,
    placement: Placement,
    normal: wp.vec3,
    rays: Rays,
    nearness: wp.array(dtype=wp.float32),
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Multiply the colours of `count` samples on a face by its texture. `normal`: in the mesh."""
    u_axis, v_axis = texture_axes(normal, placement.scale * placement.repeats)
    local_eye = placement.local_from_world @ (rays.eye - placement.origin)
    local_direction = placement.local_from_world @ rays.direction
    local_slope = placement.local_from_world @ rays.slope
    multiply_texture(
        textures,
        placement.texture,
        wp.vec3(wp.dot(u_axis, local_eye), wp.dot(u_axis, local_direction), wp.dot(u_axis, local_slope)),
        wp.vec3(wp.dot(v_axis, local_eye), wp.dot(v_axis, local_direction), wp.dot(v_axis, local_slope)),
        rays.spread * placement.repeats,
        nearness,
        sample,
        count,
        row,
        start,
    )


@wp.func_native("""
#if !defined(__CUDA_ARCH__)
    __builtin_prefetch(shapes.data + index);
#endif
""")
def prefetch(shapes: wp.array(dtype=FaceShape), index: int):
    """Begin to load a face that will soon be needed."""
    ...


@wp.func
def lay_face(
    meshes: MeshArrays,
    textures: TextureArrays,
    placement: Placement,
    index: int,
    rays: Rays,
    nearness: wp.array(dtype=wp.float32),
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Write normal, colour and gloss of `count` samples side by side on a face."""
    shape = meshes.shapes[index]
    to_world = wp.transpose(placement.local_from_world)
    color = placement.color
    is_mixed = False
    if placement.colored != 0:
        corner = read_vec3i(meshes.faces, index) + wp.vec3i(read_int(meshes.first_vertex, placement.mesh))
        first = read_vec3(meshes.colors, corner[0])
        second = read_vec3(meshes.colors, corner[1]) - first
        third = read_vec3(meshes.colors, corner[2]) - first
        is_mixed = wp.dot(second, second) + wp.dot(third, third) > EVEN
        color = wp.cw_mul(color, first)
    fill(row, start, count, to_world @ shape.normal, color, placement.gloss)
    # few samples are done without asking, as waiting for the answer would take longer
    is_bent = count < FEW or shape.reach > 0.0
    if is_bent or is_mixed:
        for i in range(count):
            point = rays.eye + along(rays, i).direction / read(nearness, sample + i)
            point = placement.local_from_world @ (point - placement.origin)
            if is_bent:
                write_normal(row, start + i, to_world @ bent_normal(shape, point))
            if is_mixed:
                mixed = vertex_color(meshes, placement.mesh, index, point)
                write_color(row, start + i, wp.cw_mul(placement.color, mixed))
    if placement.texture >= 0 and placement.texture < textures.count:
        lay_texture(textures, placement, shape.normal, rays, nearness, sample, count, row, start)


@wp.func
def lay_row(
    meshes: MeshArrays,
    textures: TextureArrays,
    placements: wp.array(dtype=Placement),
    first_placement: int,
    rays: Rays,
    buffer: GBuffer,
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Write what `count` samples side by side show to a row from `start` on; nothing where there is nothing.

    `first_placement`: of the world.
    """
    done = int(0)
    while done < count:
        visible = read_int64(buffer.visibility, sample + done)
        end = int(done + 1)  # neighbours on the same face are done together
        while end < count and read_int64(buffer.visibility, sample + end) == visible:
            end += 1
        prefetch(meshes.shapes, unpack_face(read_int64(buffer.visibility, sample + wp.min(end + AHEAD, count - 1))))
        if visible != NOTHING:
            lay_face(
                meshes,
                textures,
                placements[first_placement + unpack_instance(visible)],
                unpack_face(visible),
                along(rays, done),
                buffer.nearness,
                sample + done,
                end - done,
                row,
                start + done,
            )
        done = end
