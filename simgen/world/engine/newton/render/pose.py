"""Where every instance, camera and light is at this moment: small kernels that run once per rendering.

Values that are not finite (a world whose physics blew up) are made harmless here: the instance is not drawn, the camera
stands at its parent's origin; no later kernel can then index outside its arrays.
"""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.instances import InstanceArrays
from simgen.world.engine.newton.render.mesh_pool import MeshArrays

wp.set_module_options({"enable_backward": False})

LIMIT = wp.constant(1.0e6)  # farther away than this [m] nothing is drawn
HIDDEN_RADIUS = wp.constant(-1.0)


@wp.struct
class Placement:
    """One instance in one world, ready for drawing: all that a kernel reads per instance lies together in memory."""

    sphere: wp.vec4  # bounding sphere in the world [m]; radius -1: not drawn
    world_from_local: wp.mat33  # mesh -> world, with the scale; after it `origin` is added
    local_from_world: wp.mat33  # its inverse
    origin: wp.vec3
    scale: wp.vec3
    color: wp.vec3
    gloss: wp.float32
    texture: wp.int32
    repeats: wp.float32  # of the texture per metre
    mesh: wp.int32
    colored: wp.int32  # whether the mesh has colours per vertex
    shadow: wp.int32  # mesh that casts the shadow, -1: none
    segmentation: wp.int32


@wp.func
def world_pose(body_q: wp.array(dtype=wp.transform), world: int, num_bodies: int, body: int, local: wp.transform):
    """T_world_x from T_parent_x, where the parent is the world (body -1) or a body of this world."""
    pose = local
    if body >= 0:
        pose = wp.transform_multiply(body_q[world * num_bodies + body], local)
    return pose


@wp.func
def is_sane(position: wp.vec3, rotation: wp.quat):
    """False for a pose with NaN or infinite entries, far out of the scene, or with a quaternion of length 0."""
    length = wp.length(rotation)
    return wp.length(position) < LIMIT and length > 0.5 and length < 2.0  # comparisons with NaN are false


@wp.kernel
def pose_instances(
    instances: InstanceArrays,
    meshes: MeshArrays,
    body_q: wp.array(dtype=wp.transform),
    num_bodies: int,
    placements: wp.array(dtype=Placement),
):
    """Fill `placements` (E * I, world after world)."""
    world, instance = wp.tid()
    placement = Placement()
    placement.sphere = wp.vec4(0.0, 0.0, 0.0, HIDDEN_RADIUS)
    placement.mesh = instances.mesh[world, instance]
    pose = world_pose(body_q, world, num_bodies, instances.body[instance], instances.transform[world, instance])
    position = wp.transform_get_translation(pose)
    rotation = wp.transform_get_rotation(pose)
    scale = instances.scale[world, instance]
    volume = wp.abs(scale[0] * scale[1] * scale[2])
    exists = placement.mesh >= 0 and placement.mesh < meshes.sphere.shape[0]
    if exists and is_sane(position, rotation) and volume > 1.0e-18 and volume < 1.0e12:
        linear = wp.quat_to_matrix(wp.normalize(rotation)) @ wp.diag(scale)
        sphere = meshes.sphere[placement.mesh]
        center = position + linear @ wp.vec3(sphere[0], sphere[1], sphere[2])
        placement.sphere = wp.vec4(center[0], center[1], center[2], sphere[3] * wp.max(wp.abs(scale)))
        placement.world_from_local = linear
        placement.local_from_world = wp.inverse(linear)
        placement.origin = position
        placement.scale = scale
        placement.color = instances.color[world, instance]
        placement.gloss = instances.gloss[world, instance]
        placement.texture = instances.texture[world, instance]
        placement.repeats = 1.0 / wp.max(instances.texture_scale[world, instance], 1.0e-6)
        placement.colored = meshes.colored[placement.mesh]
        placement.shadow = wp.where(instances.casts_shadow[instance] != 0, meshes.shadow[placement.mesh], -1)
        placement.segmentation = instances.segmentation[world, instance]
    placements[world * instances.body.shape[0] + instance] = placement


@wp.kernel
def pose_cameras(
    T_parent_camera: wp.array(dtype=wp.transform),
    body: int,
    body_q: wp.array(dtype=wp.transform),
    num_bodies: int,
    T_world_camera: wp.array(dtype=wp.transform),
):
    world = wp.tid()
    pose = world_pose(body_q, world, num_bodies, body, T_parent_camera[world])
    position = wp.transform_get_translation(pose)
    rotation = wp.transform_get_rotation(pose)
    if is_sane(position, rotation):
        T_world_camera[world] = wp.transform(position, wp.normalize(rotation))
    else:
        T_world_camera[world] = wp.transform_identity()
