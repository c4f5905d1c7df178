"""The G-buffer by rasterisation, for the CPU: one thread per pass, since Warp runs them one after the other there."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.camera import CameraArrays
from simgen.world.engine.newton.render.mesh_fill import Scratch, draw_points, write_points
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.sampling import SampleGrid, sample_lens
from simgen.world.engine.newton.render.triangle import (
    OPTIONS,
    Picture,
    Span,
    cell_of,
    fill_span,
    fill_triangle,
    pack,
    screen_box,
)

wp.set_module_options(OPTIONS)

ASIDE = wp.constant(30.0)  # |x| + |y| over z up to which screen coordinates are exact enough in single precision


@wp.struct
class View:
    """How one world is seen."""

    lens: wp.vec4
    near: wp.float32
    far: wp.float32
    eye: wp.vec3
    T_camera_world: wp.transform


@wp.func
def is_in_view(center: wp.vec3, radius: float, view: View, width: float, height: float):
    """Whether a sphere (camera coordinates) can touch the frustum of a picture of width x height samples."""
    lens = view.lens
    if center[2] + radius < view.near or center[2] - radius > view.far:
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
    visible: wp.int64,
    picture: Picture,
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
    span = Span()
    span.weight_step = wp.vec3(edge_a[0], edge_b[0], edge_c[0]) / lens[0]
    span.nearness_step = span.weight_step[0] + span.weight_step[1] + span.weight_step[2]
    span.limit = 1.0 / near
    for row in range(picture.height):
        ray = wp.vec3(-lens[2] / lens[0], (float(row) - lens[3]) / lens[1], 1.0)
        span.weight = wp.vec3(wp.dot(edge_a, ray), wp.dot(edge_b, ray), wp.dot(edge_c, ray))
        span.nearness = span.weight[0] + span.weight[1] + span.weight[2]
        fill_span(picture, span, picture.first + row * picture.width, picture.width - 1, visible)


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
    view: View,
    picture: Picture,
):
    """Draw a mesh that may reach behind the near plane or far out of the picture, triangle by triangle."""
    first_point = meshes.first_point[mesh]
    first_face = meshes.first_face[mesh]
    lens = view.lens
    for face in range(first_face, first_face + meshes.num_faces[mesh]):
        plane = meshes.plane[face]
        if wp.dot(wp.vec3(plane[0], plane[1], plane[2]), local_eye) > plane[3]:
            corner = meshes.corners[face]
            p = linear @ meshes.points[first_point + corner[0]] + origin
            q = linear @ meshes.points[first_point + corner[1]] + origin
            r = linear @ meshes.points[first_point + corner[2]] + origin
            visible = pack(instance, face)
            if is_plain(p, view.near) and is_plain(q, view.near) and is_plain(r, view.near):
                a = project(p, lens)
                b = project(q, lens)
                c = project(r, lens)
                width = picture.width
                height = picture.height
                box = screen_box(cell_of(a, width, height), cell_of(b, width, height), cell_of(c, width, height))
                if box[0] <= box[1] and box[2] <= box[3]:
                    fill_triangle(a, b, c, box, visible, picture)
            elif wp.max(wp.max(p[2], q[2]), r[2]) >= view.near:
                fill_near_triangle(p, q, r, view.near, lens, visible, picture)


@wp.func
def draw_instance(
    meshes: MeshArrays, placement: Placement, instance: int, view: View, scratch: Scratch, picture: Picture
):
    """Draw what may be in view of one instance."""
    sphere = placement.sphere
    radius = sphere[3]
    center = wp.transform_point(view.T_camera_world, wp.vec3(sphere[0], sphere[1], sphere[2]))
    if radius >= 0.0 and is_in_view(center, radius, view, float(picture.width), float(picture.height)):
        mesh = placement.mesh
        linear = wp.quat_to_matrix(wp.transform_get_rotation(view.T_camera_world)) @ placement.world_from_local
        origin = wp.transform_point(view.T_camera_world, placement.origin)
        eye = placement.local_from_world @ (view.eye - placement.origin)
        front = center[2] - radius
        if front > view.near and wp.abs(center[0]) + wp.abs(center[1]) + 2.0 * radius < ASIDE * front:
            first, count = meshes.first_point[mesh], meshes.num_points[mesh]
            width, height = picture.width, picture.height
            write_points(meshes.points, first, count, linear, origin, True, view.lens, width, height, scratch)
            draw_points(meshes, mesh, instance, wp.vec4(eye[0], eye[1], eye[2], 1.0), scratch, picture)
        else:
            draw_near_mesh(meshes, mesh, instance, linear, origin, eye, view, picture)


@wp.kernel
def raster_kernel(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    num_instances: int,
    camera: CameraArrays,
    grid: SampleGrid,
    first_world: int,
    num_worlds: int,
    scratch: Scratch,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Fill the pictures of the worlds from `first_world` on; `nearness` and `visibility` must be 0 before.

    One thread does all, one mesh after another, which then is in the cache.
    """
    picture = Picture()
    picture.nearness = nearness
    picture.visibility = visibility
    picture.width = grid.width
    picture.height = grid.height
    view = View()
    view.near = camera.near
    view.far = camera.far
    for instance in range(num_instances):
        for slot in range(num_worlds):
            world = first_world + slot
            picture.first = slot * grid.width * grid.height
            view.lens = sample_lens(camera.intrinsics[world], grid)
            view.eye = wp.transform_get_translation(camera.T_world_camera[world])
            view.T_camera_world = wp.transform_inverse(camera.T_world_camera[world])
            draw_instance(meshes, placements[world * num_instances + instance], instance, view, scratch, picture)
