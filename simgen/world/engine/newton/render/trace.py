"""The G-buffer by ray casting, one thread per sample: for GPUs, and on the CPU the check of the rasteriser."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.camera import CameraArrays
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.sampling import SampleGrid, sample_lens
from simgen.world.engine.newton.render.surface import GBuffer
from simgen.world.engine.newton.render.triangle import NOTHING, pack

wp.set_module_options({"enable_backward": False, "fast_math": True})

MAX_BACK_FACES = wp.constant(16)  # so many faces seen from behind are passed through before a ray gives up
ADVANCE = wp.constant(1.0e-5)  # how far behind a back face the search goes on, in parts of the distance
SHADOW_OFFSET = wp.constant(0.002)  # where shadow rays start above the surface [m]
SHADOW_LENGTH = wp.constant(100.0)  # what is farther away casts no shadow [m]


@wp.func
def misses_sphere(start: wp.vec3, direction: wp.vec3, sphere: wp.vec4, end: float):
    """Whether a ray, up to `end` lengths of its direction, cannot touch a sphere; true for a radius < 0."""
    to_center = wp.vec3(sphere[0], sphere[1], sphere[2]) - start
    radius = sphere[3]
    squared = wp.dot(direction, direction)
    along = wp.dot(to_center, direction)
    beside = wp.dot(to_center, to_center) - along * along / squared
    reach = radius * wp.sqrt(squared)
    return radius < 0.0 or beside > radius * radius or along + reach < 0.0 or along - reach > end * squared


@wp.func
def front_hit(tracer: wp.uint64, start: wp.vec3, direction: wp.vec3, near: float, far: float):
    """Distance and nearest face (-1: none) hit on its outer side; distances in lengths of `direction`."""
    face = int(-1)
    distance = float(near)
    searching = int(MAX_BACK_FACES)
    while searching > 0:
        query = wp.mesh_query_ray(tracer, start + direction * distance, direction, far - distance)
        searching -= 1
        if not query.result:  # pyright: ignore[reportAttributeAccessIssue]
            searching = 0
        else:
            distance += query.t  # pyright: ignore[reportAttributeAccessIssue]
            if wp.dot(query.normal, direction) < 0.0:  # pyright: ignore[reportAttributeAccessIssue]
                face = query.face  # pyright: ignore[reportAttributeAccessIssue]
                searching = 0
            else:
                distance += ADVANCE * distance
                if distance >= far:
                    searching = 0
    return distance, face


@wp.func
def light_from_ray(
    meshes: MeshArrays, placements: wp.array(dtype=Placement), first: int, count: int, point: wp.vec3, toward: wp.vec3
):
    """0 where one of the placements stands between a point and the light, else 1."""
    for index in range(first, first + count):
        placement = placements[index]
        if placement.shadow >= 0 and not misses_sphere(point, toward, placement.sphere, SHADOW_LENGTH):
            start = placement.local_from_world @ (point - placement.origin)
            direction = placement.local_from_world @ toward
            if wp.mesh_query_ray_anyhit(meshes.tracer[placement.shadow], start, direction, SHADOW_LENGTH):
                return 0.0
    return 1.0


@wp.kernel
def trace_kernel(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    num_instances: int,
    axes: wp.array(dtype=wp.mat33),
    with_shadows: int,
    camera: CameraArrays,
    grid: SampleGrid,
    first_world: int,
    buffer: GBuffer,
):
    """One sample of the picture of one world. `axes`: the light's, its direction in the third row."""
    sample = wp.tid()
    slot = sample // (grid.width * grid.height)
    world = first_world + slot
    x = sample % grid.width
    y = (sample // grid.width) % grid.height
    lens = sample_lens(camera.intrinsics[world], grid)
    pose = camera.T_world_camera[world]
    eye = wp.transform_get_translation(pose)
    ray = wp.vec3((float(x) - lens[2]) / lens[0], (float(y) - lens[3]) / lens[1], 1.0)
    direction = wp.quat_rotate(wp.transform_get_rotation(pose), ray)
    first = world * num_instances
    nearest = float(camera.far)
    hit_instance = int(-1)
    hit_face = int(-1)
    for instance in range(num_instances):
        placement = placements[first + instance]
        if not misses_sphere(eye, direction, placement.sphere, nearest):
            start = placement.local_from_world @ (eye - placement.origin)
            local_direction = placement.local_from_world @ direction
            distance, face = front_hit(meshes.tracer[placement.mesh], start, local_direction, camera.near, nearest)
            if face >= 0:
                nearest = distance
                hit_instance = instance
                hit_face = face + meshes.first_face[placement.mesh]
    buffer.nearness[sample] = 0.0
    buffer.visibility[sample] = NOTHING
    if hit_instance >= 0:
        buffer.nearness[sample] = 1.0 / nearest
        buffer.visibility[sample] = pack(hit_instance, hit_face)
        if with_shadows != 0:
            plane = meshes.plane[hit_face]
            outward = wp.vec3(plane[0], plane[1], plane[2])
            normal = wp.normalize(wp.transpose(placements[first + hit_instance].local_from_world) @ outward)
            point = eye + direction * nearest + normal * SHADOW_OFFSET
            buffer.light[sample] = light_from_ray(meshes, placements, first, num_instances, point, axes[world][2])
