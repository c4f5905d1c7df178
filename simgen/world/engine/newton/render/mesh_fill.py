"""Drawing a mesh whose points are on the screen already: the part that camera pictures and shadow maps share.

List the faces that look at the viewer; of these, list the ones that cover a sample; fill those. The lists are made
without branches and each loop is small, which is several times faster than one loop that does all.
"""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read_int, read_vec3, read_vec3i
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.row import SIMD
from simgen.world.engine.newton.render.triangle import OPTIONS, Picture, fill_triangle, pack, screen_box

wp.set_module_options(OPTIONS)


@wp.struct
class Scratch:
    """Work space of the rasteriser, with room for the largest mesh; each thread of a pass has its own."""

    points: wp.array(dtype=wp.vec3)  # column, row, nearness
    cells: wp.array(dtype=wp.int32)  # of the points, from `cell_of`
    faces: wp.array(dtype=wp.int32)
    flags: wp.array(dtype=wp.int32)


def allocate_scratch(max_points: int, max_faces: int, device: wp.Device) -> Scratch:
    """Work space for one mesh at a time."""
    scratch = Scratch()
    scratch.points = wp.zeros(max_points, dtype=wp.vec3, device=device)
    scratch.cells = wp.zeros(max_points, dtype=wp.int32, device=device)
    scratch.faces = wp.zeros(max_faces + 1, dtype=wp.int32, device=device)
    scratch.flags = wp.zeros(max_faces, dtype=wp.int32, device=device)
    return scratch


@wp.func_native(
    """
    const wp::vec3* const place = points.data + first;
    wp::vec3* const on_screen = scratch.points.data;
    int* const cells = scratch.cells.data;
    const float last_column = (float)(width - 1), last_row = (float)(height - 1);
    const float fx = lens[0], fy = lens[1], cx = lens[2], cy = lens[3];
    const wp::mat33 turn = linear;
    const wp::vec3 shift = origin;
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const float x = place[i][0], y = place[i][1], z = place[i][2];
        const float x_seen = turn.data[0][0] * x + turn.data[0][1] * y + turn.data[0][2] * z + shift[0];
        const float y_seen = turn.data[1][0] * x + turn.data[1][1] * y + turn.data[1][2] * z + shift[1];
        const float z_seen = turn.data[2][0] * x + turn.data[2][1] * y + turn.data[2][2] * z + shift[2];
        const float inverse = 1.0f / z_seen;
        const float column = perspective ? x_seen * inverse * fx + cx : x_seen;
        const float row = perspective ? y_seen * inverse * fy + cy : y_seen;
        on_screen[i] = wp::vec3(column, row, perspective ? inverse : z_seen);
        const float x_kept = column > -1.0f ? column : -1.0f, y_kept = row > -1.0f ? row : -1.0f;
        cells[i] = (int)((x_kept < last_column ? x_kept : last_column) + 1.0f)
            | (int)((y_kept < last_row ? y_kept : last_row) + 1.0f) << 16;
    }
"""
)
def write_points(
    points: wp.array(dtype=wp.vec3),
    first: int,
    count: int,
    linear: wp.mat33,
    origin: wp.vec3,
    perspective: bool,
    lens: wp.vec4,
    width: int,
    height: int,
    scratch: Scratch,
):
    """Put `count` points on the screen: `linear` times the point plus `origin`, and then in perspective or not."""
    ...


@wp.func_native(
    """
    const wp::vec4* const planes = plane.data + first;
    int* const facing = scratch.flags.data;
    int* const faces = scratch.faces.data;
    const float x = eye[0], y = eye[1], z = eye[2], w = eye[3];
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        facing[i] = planes[i][0] * x + planes[i][1] * y + planes[i][2] * z > planes[i][3] * w ? 1 : 0;
    }
    int listed = 0;
    for (int i = 0; i < count; ++i) {
        faces[listed] = first + i;
        listed += facing[i];
    }
    return listed;
"""
)
def list_front_faces(plane: wp.array(dtype=wp.vec4), first: int, count: int, eye: wp.vec4, scratch: Scratch) -> int:
    """List the faces whose outer side is seen; how many.

    `eye`: in mesh coordinates, where the viewer is (x, y, z, 1), or the direction towards a far one (x, y, z, 0).
    """
    ...


@wp.func_native(
    """
    const int* const cells = scratch.cells.data;
    int* const covering = scratch.flags.data;
    int* const faces = scratch.faces.data;
    const auto* const corner = corners.data;
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const int face = faces[i];
        const int a = cells[corner[face][0]], b = cells[corner[face][1]], c = cells[corner[face][2]];
        const int differ = (a ^ b) | (a ^ c);  // a face with all corners left of the same sample covers none
        covering[i] = (int)((differ & 0xFFFF) != 0) & (int)(((unsigned)differ >> 16) != 0);
    }
    int kept = 0;
    for (int i = 0; i < count; ++i) {
        faces[kept] = faces[i];
        kept += covering[i];
    }
    return kept;
"""
)
def keep_covering_faces(corners: wp.array(dtype=wp.vec3i), count: int, scratch: Scratch) -> int:
    """Drop the listed faces that lie between samples or off the picture; how many are left."""
    ...


@wp.func
def draw_points(meshes: MeshArrays, mesh: int, instance: int, eye: wp.vec4, scratch: Scratch, picture: Picture):
    """Fill the faces of a mesh whose points are in `scratch`. `eye` as in `list_front_faces`."""
    count = list_front_faces(meshes.plane, meshes.first_face[mesh], meshes.num_faces[mesh], eye, scratch)
    count = keep_covering_faces(meshes.corners, count, scratch)
    for index in range(count):
        face = read_int(scratch.faces, index)
        corner = read_vec3i(meshes.corners, face)
        box = screen_box(
            read_int(scratch.cells, corner[0]), read_int(scratch.cells, corner[1]), read_int(scratch.cells, corner[2])
        )
        a = read_vec3(scratch.points, corner[0])
        b = read_vec3(scratch.points, corner[1])
        c = read_vec3(scratch.points, corner[2])
        fill_triangle(a, b, c, box, pack(instance, face), picture)
