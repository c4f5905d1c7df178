"""Peg, the block with a hole it fits into, and the open bin: straight walls around a rectangular hollow."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import box_piece, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require
from simgen.world.scene.objects.primitives import build_box

CLEARANCE = 0.006  # how much wider than the peg of the same seed the hole is [m]


def build_peg(length: float, width: float) -> ObjectModel:
    """Builds a long box along x with a square section [m]."""
    return build_box((length, width, width), kind="peg")


def build_box_with_hole(size: float, hole: float, depth: float, offset_y: float, offset_z: float) -> ObjectModel:
    """Builds a block with a square hole through it along x.

    The four boxes are those of ManiSkill's PegInsertionSide (Apache-2.0), cut so that they do not overlap.

    Args:
        size: Side of the block along y and z [m].
        hole: Side of the hole [m].
        depth: Of the block along x [m]; 0 means as `size`.
        offset_y: Of the hole's axis from the block's centre [m].
        offset_z: Same, upwards [m].
    """
    half, inner = 0.5 * size, 0.5 * hole
    deep = 0.5 * (depth or size)
    require(
        max(abs(offset_y), abs(offset_z)) + inner < half - 0.0005, "box_with_hole: the hole reaches through the side."
    )
    low, high = (offset_y - inner, offset_z - inner), (offset_y + inner, offset_z + inner)
    outer_loop = _rectangle((-half, -half), (half, half))
    inner_loop = _rectangle(low, high)
    loops = [(outer_loop, -deep), (outer_loop, deep), (inner_loop, deep), (inner_loop, -deep)]
    vertices = np.concatenate([np.column_stack((np.full(4, x), loop)) for loop, x in loops])
    pieces = (
        box_piece((-deep, -half, -half), (deep, low[0], half)),
        box_piece((-deep, high[0], -half), (deep, half, half)),
        box_piece((-deep, low[0], -half), (deep, high[0], low[1])),
        box_piece((-deep, low[0], high[1]), (deep, high[0], half)),
    )
    return solid("box_with_hole", vertices, _strips([0, 1, 2, 3, 0]), pieces)


def build_bin(length: float, width: float, height: float, wall: float) -> ObjectModel:
    """Builds an open box: outer sides along x, y and z, thickness of walls and floor [m]."""
    require(
        wall < min(0.3 * length, 0.3 * width, 0.5 * height),
        "bin: wall must be below 0.3 of length and width, 0.5 of height.",
    )
    x, y, z = 0.5 * length, 0.5 * width, 0.5 * height
    floor = wall - z
    outer = _rectangle((-x, -y), (x, y))
    inner = _rectangle((wall - x, wall - y), (x - wall, y - wall))
    loops = [(outer, -z), (outer, z), (inner, z), (inner, floor)]
    vertices = np.concatenate([np.column_stack((loop, np.full(4, level))) for loop, level in loops])
    caps = np.array([[0, 2, 1], [0, 3, 2], [12, 13, 14], [12, 14, 15]])
    faces = np.concatenate((_strips([0, 1, 2, 3]), caps))
    pieces = (
        box_piece((-x, -y, -z), (x, y, floor)),
        box_piece((-x, -y, floor), (wall - x, y, z)),
        box_piece((x - wall, -y, floor), (x, y, z)),
        box_piece((wall - x, -y, floor), (x - wall, wall - y, z)),
        box_piece((wall - x, y - wall, floor), (x - wall, y, z)),
    )
    return solid("bin", vertices, faces, pieces, interior=floor)


def _rectangle(low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    """Returns the corners counter-clockwise. Shape: (4, 2)."""
    return np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])


def _strips(loops: list[int]) -> np.ndarray:
    """Joins consecutive loops of four vertices (numbered from 4 * loop) by triangles that look away from the solid."""
    faces = []
    for here, there in zip(loops[:-1], loops[1:], strict=True):
        for k in range(4):
            a, b = 4 * here + k, 4 * here + (k + 1) % 4
            c, d = 4 * there + (k + 1) % 4, 4 * there + k
            faces += [(a, b, c), (a, c, d)]
    return np.array(faces, np.int64)


KINDS = {
    "peg": ObjectKind(
        "long box along x with a square section; grasp it across y; origin in the centre",
        {
            "length": Parameter(0.2, "m", 0.01, 1.0, (0.17, 0.25)),
            "width": Parameter(0.04, "m", 0.002, 0.5, (0.03, 0.05)),
        },
        build_peg,
        stream="peg",
    ),
    "box_with_hole": ObjectKind(
        "block with a square hole along x, 6 mm wider than the peg of the same seed; origin in the centre of the block",
        {
            "size": Parameter(0.2, "m", 0.01, 1.0, (0.17, 0.25)),
            "hole": Parameter(0.04 + CLEARANCE, "m", 0.002, 0.9, (0.03 + CLEARANCE, 0.05 + CLEARANCE)),
            "depth": Parameter(0.0, "m", 0.0, 1.0),
            "offset_y": Parameter(0.0, "m", -0.5, 0.5),
            "offset_z": Parameter(0.0, "m", -0.5, 0.5),
        },
        build_box_with_hole,
        stream="peg",
    ),
    "bin": ObjectKind(
        "open box to put things in; origin in the centre of the bounding box",
        {
            "length": Parameter(0.2, "m", 0.02, 2.0, (0.18, 0.26)),
            "width": Parameter(0.15, "m", 0.02, 2.0, (0.14, 0.18)),
            "height": Parameter(0.06, "m", 0.01, 1.0, (0.05, 0.08)),
            "wall": Parameter(0.006, "m", 0.001, 0.1, (0.005, 0.008)),
        },
        build_bin,
    ),
}
