"""Drawing a mesh whose points are on the screen already: the part that camera pictures and shadow maps share.

List the faces that look at the viewer; of these, list the ones that cover a sample; fill those. The lists are made
without branches and each loop is small, which is several times faster than one loop that does all.
"""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import (
    read_int,
    read_vec2i,
    read_vec3,
    read_vec3i,
    read_vec4,
    write_int,
    write_vec2i,
    write_vec3,
)
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.triangle import OPTIONS, cell_of, fill_triangle, pack, screen_box

wp.set_module_options(OPTIONS)


@wp.struct
class Scratch:
    """Work space of the rasteriser: per world of a pass, room for the largest mesh."""

    points: wp.array(dtype=wp.vec3)  # column, row, nearness
    cells: wp.array(dtype=wp.vec2i)  # of the points, from `cell_of`
    faces: wp.array(dtype=wp.int32)
    max_points: wp.int32
    max_faces: wp.int32


def allocate_scratch(num_slots: int, max_points: int, max_faces: int, device: wp.Device) -> Scratch:
    """Work space for `num_slots` worlds at a time."""
    scratch = Scratch()
    scratch.points = wp.zeros(num_slots * max_points, dtype=wp.vec3, device=device)
    scratch.cells = wp.zeros(num_slots * max_points, dtype=wp.vec2i, device=device)
    scratch.faces = wp.zeros(num_slots * (max_faces + 1), dtype=wp.int32, device=device)
    scratch.max_points, scratch.max_faces = max_points, max_faces + 1
    return scratch


@wp.func
def list_front_faces(
    first: int, count: int, eye: wp.vec4, plane: wp.array(dtype=wp.vec4), base: int, faces: wp.array(dtype=wp.int32)
):
    """Write the faces whose outer side is seen to `faces` from `base` on; how many.

    `eye`: in mesh coordinates, where the viewer is (x, y, z, 1), or the direction towards a far one (x, y, z, 0).
    """
    listed = int(0)
    face = int(first)
    while face < first + count:
        write_int(faces, base + listed, face)
        p = read_vec4(plane, face)
        listed += wp.where(p[0] * eye[0] + p[1] * eye[1] + p[2] * eye[2] > p[3] * eye[3], 1, 0)
        face += 1
    return listed


@wp.func
def write_point(scratch: Scratch, index: int, point: wp.vec3, width: int, height: int):
    """Put a point on the screen (column, row, nearness)."""
    write_vec3(scratch.points, index, point)
    write_vec2i(scratch.cells, index, cell_of(point, width, height))


@wp.func
def box_of_face(scratch: Scratch, base_point: int, corner: wp.vec3i):
    """`screen_box` of a face."""
    return screen_box(
        read_vec2i(scratch.cells, base_point + corner[0]),
        read_vec2i(scratch.cells, base_point + corner[1]),
        read_vec2i(scratch.cells, base_point + corner[2]),
    )


@wp.func
def keep_covering_faces(count: int, base: int, scratch: Scratch, corners: wp.array(dtype=wp.vec3i), base_point: int):
    """Drop the listed faces that lie between samples or off the picture; how many are left."""
    kept = int(0)
    index = int(0)
    while index < count:
        face = read_int(scratch.faces, base + index)
        box = box_of_face(scratch, base_point, read_vec3i(corners, face))
        write_int(scratch.faces, base + kept, face)
        kept += wp.where(box[0] <= box[1], 1, 0) & wp.where(box[2] <= box[3], 1, 0)
        index += 1
    return kept


@wp.func
def draw_points(
    meshes: MeshArrays,
    mesh: int,
    instance: int,
    eye: wp.vec4,
    slot: int,
    scratch: Scratch,
    picture: int,
    width: int,
    height: int,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Fill the faces of a mesh, whose points are in `slot` of `scratch`, into picture number `picture` of the arrays.

    `eye` as in `list_front_faces`.
    """
    base_point = slot * scratch.max_points
    base_face = slot * scratch.max_faces
    count = list_front_faces(
        meshes.first_face[mesh], meshes.num_faces[mesh], eye, meshes.plane, base_face, scratch.faces
    )
    count = keep_covering_faces(count, base_face, scratch, meshes.corners, base_point)
    index = int(0)
    while index < count:
        face = read_int(scratch.faces, base_face + index)
        corner = read_vec3i(meshes.corners, face)
        a = read_vec3(scratch.points, base_point + corner[0])
        b = read_vec3(scratch.points, base_point + corner[1])
        c = read_vec3(scratch.points, base_point + corner[2])
        box = box_of_face(scratch, base_point, corner)
        visible = pack(instance, face)
        fill_triangle(a, b, c, box, picture * width * height, width, visible, nearness, visibility)
        index += 1
