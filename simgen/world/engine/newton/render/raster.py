"""The G-buffer by rasterisation, for the CPU: one thread per world, since Warp runs them one after the other there."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.camera import CameraArrays
from simgen.world.engine.newton.render.dense import read, read_vec3, write, write_int64
from simgen.world.engine.newton.render.mesh_fill import Scratch, draw_points, write_point
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.sampling import SampleGrid, sample_lens
from simgen.world.engine.newton.render.triangle import (
    OPTIONS,
    cell_of,
    fill_triangle,
    larger,
    pack,
    screen_box,
    smaller,
    span_end,
    span_start,
)

wp.set_module_options(OPTIONS)

ASIDE = wp.constant(30.0)  # |x| + |y| over z up to which screen coordinates are exact enough in single precision


@wp.func
def is_in_view(center: wp.vec3, radius: float, lens: wp.vec4, width: float, height: float, near: float, far: float):
    """Whether a sphere (camera coordinates) can touch the frustum of a picture of width x height samples."""
    if center[2] + radius < near or center[2] - radius > far:
        return False
    left = wp.vec2(lens[0], lens[2] + 1.0)
    right = wp.vec2(-lens[0], width - lens[2])
    top = wp.vec2(lens[1], lens[3] + 1.0)
    bottom = wp.vec2(-lens[1], height - lens[3])
    column = wp.vec2(center[0], center[2])
    row = wp.vec2(center[1], center[2])
    if wp.dot(left, column) < -radius * wp.length(left) or wp.dot(right, column) < -radius * wp.length(right):
        return False
    return wp.dot(top, row) >= -radius * wp.length(top) and wp.dot(bottom, row) >= -radius * wp.length(bottom)


@wp.func
def project(point: wp.vec3, lens: wp.vec4):
    """Camera coordinates -> column, row, 1/z."""
    inverse = 1.0 / point[2]
    return wp.vec3(point[0] * inverse * lens[0] + lens[2], point[1] * inverse * lens[1] + lens[3], inverse)


@wp.func
def fill_near_triangle(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    near: float,
    lens: wp.vec4,
    base: int,
    width: int,
    height: int,
    visible: wp.int64,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Draw a triangle (camera coordinates) that may reach behind the camera or far out of the picture, unclipped.

    Along the ray d through a sample z d = wa a + wb b + wc c, so wa / z = d . (b x c) / a . (b x c), linear on the
    screen; where the three are positive the sample is inside, and their sum is 1 / z.

    Reference: M. Olano and T. Greer, "Triangle scan conversion using 2D homogeneous coordinates", 1997.
    """
    volume = wp.dot(a, wp.cross(b, c))
    if volume == 0.0:
        return
    edge_a = wp.cross(b, c) / volume
    edge_b = wp.cross(c, a) / volume
    edge_c = wp.cross(a, b) / volume
    a_dx = edge_a[0] / lens[0]
    b_dx = edge_b[0] / lens[0]
    c_dx = edge_c[0] / lens[0]
    last = float(width - 1)
    row = int(0)
    while row < height:
        ray = wp.vec3(-lens[2] / lens[0], (float(row) - lens[3]) / lens[1], 1.0)
        a_row = wp.dot(edge_a, ray)
        b_row = wp.dot(edge_b, ray)
        c_row = wp.dot(edge_c, ray)
        lowest = span_start(a_row, a_dx, span_start(b_row, b_dx, span_start(c_row, c_dx, 1.0)))
        highest = span_end(a_row, a_dx, span_end(b_row, b_dx, span_end(c_row, c_dx, last)))
        column = int(smaller(lowest, last + 2.0)) - 1
        end = wp.min(width - 1, int(larger(highest, -1.0)) + 1)
        while column <= end:
            weight_a = a_row + float(column) * a_dx
            weight_b = b_row + float(column) * b_dx
            weight_c = c_row + float(column) * c_dx
            if smaller(smaller(weight_a, weight_b), weight_c) >= 0.0:
                value = weight_a + weight_b + weight_c
                sample = base + row * width + column
                if value > read(nearness, sample) and value * near <= 1.0:
                    write(nearness, sample, value)
                    write_int64(visibility, sample, visible)
            column += 1
        row += 1


@wp.func
def draw_mesh(
    meshes: MeshArrays,
    mesh: int,
    instance: int,
    linear: wp.mat33,
    origin: wp.vec3,
    local_eye: wp.vec3,
    lens: wp.vec4,
    slot: int,
    scratch: Scratch,
    width: int,
    height: int,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Draw a mesh that lies beyond the near plane; `linear` and `origin`: mesh -> camera coordinates."""
    base_point = slot * scratch.max_points
    first_point = meshes.first_point[mesh]
    index = int(0)
    while index < meshes.num_points[mesh]:
        point = linear @ read_vec3(meshes.points, first_point + index) + origin
        write_point(scratch, base_point + index, project(point, lens), width, height)
        index += 1
    eye = wp.vec4(local_eye[0], local_eye[1], local_eye[2], 1.0)
    draw_points(meshes, mesh, instance, eye, slot, scratch, slot, width, height, nearness, visibility)


@wp.func
def is_plain(point: wp.vec3, near: float):
    """Whether a point (camera coordinates) is beyond the near plane and not so far aside that its place is inexact."""
    return point[2] >= near and wp.abs(point[0]) + wp.abs(point[1]) < ASIDE * point[2]


@wp.func
def draw_near_mesh(
    meshes: MeshArrays,
    mesh: int,
    instance: int,
    linear: wp.mat33,
    origin: wp.vec3,
    local_eye: wp.vec3,
    near: float,
    lens: wp.vec4,
    slot: int,
    width: int,
    height: int,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Draw a mesh that may reach behind the near plane or far out of the picture, triangle by triangle."""
    first_point = meshes.first_point[mesh]
    first_face = meshes.first_face[mesh]
    base = slot * width * height
    for face in range(first_face, first_face + meshes.num_faces[mesh]):
        plane = meshes.plane[face]
        if wp.dot(wp.vec3(plane[0], plane[1], plane[2]), local_eye) > plane[3]:
            corner = meshes.corners[face]
            p = linear @ meshes.points[first_point + corner[0]] + origin
            q = linear @ meshes.points[first_point + corner[1]] + origin
            r = linear @ meshes.points[first_point + corner[2]] + origin
            visible = pack(instance, face)
            if is_plain(p, near) and is_plain(q, near) and is_plain(r, near):
                a = project(p, lens)
                b = project(q, lens)
                c = project(r, lens)
                box = screen_box(cell_of(a, width, height), cell_of(b, width, height), cell_of(c, width, height))
                if box[0] <= box[1] and box[2] <= box[3]:
                    fill_triangle(a, b, c, box, base, width, visible, nearness, visibility)
            elif wp.max(wp.max(p[2], q[2]), r[2]) >= near:
                fill_near_triangle(p, q, r, near, lens, base, width, height, visible, nearness, visibility)


@wp.kernel
def raster_kernel(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    num_instances: int,
    camera: CameraArrays,
    grid: SampleGrid,
    first_world: int,
    scratch: Scratch,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Fill the pictures of the worlds from `first_world` on; `nearness` and `visibility` must be 0 before."""
    slot = wp.tid()
    world = first_world + slot
    width = grid.width
    height = grid.height
    near = camera.near
    lens = sample_lens(camera.intrinsics[world], grid)
    eye = wp.transform_get_translation(camera.T_world_camera[world])
    T_camera_world = wp.transform_inverse(camera.T_world_camera[world])
    rotation = wp.quat_to_matrix(wp.transform_get_rotation(T_camera_world))
    for instance in range(num_instances):
        placement = placements[world * num_instances + instance]
        sphere = placement.sphere
        center = wp.transform_point(T_camera_world, wp.vec3(sphere[0], sphere[1], sphere[2]))
        radius = sphere[3]
        if radius >= 0.0 and is_in_view(center, radius, lens, float(width), float(height), near, camera.far):
            mesh = placement.mesh
            linear = rotation @ placement.world_from_local
            origin = wp.transform_point(T_camera_world, placement.origin)
            local = placement.local_from_world @ (eye - placement.origin)
            front = center[2] - radius
            if front > near and wp.abs(center[0]) + wp.abs(center[1]) + 2.0 * radius < ASIDE * front:
                draw_mesh(
                    meshes,
                    mesh,
                    instance,
                    linear,
                    origin,
                    local,
                    lens,
                    slot,
                    scratch,
                    width,
                    height,
                    nearness,
                    visibility,
                )
            else:
                draw_near_mesh(
                    meshes, mesh, instance, linear, origin, local, near, lens, slot, width, height, nearness, visibility
                )
