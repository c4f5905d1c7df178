"""Shelf and peg board: boards that carry other things. A shelf says where its boards are (`ObjectModel.levels`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects.assemble import box_piece, piece_points, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require
from simgen.world.scene.objects.lathe import revolve
from simgen.world.scene.objects.primitives import box_corners, box_faces


def union_of_boxes(pieces: tuple[Collider, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the closed surface of boxes that stand along the axes and may touch or overlap.

    Args:
        pieces: Boxes that are not turned, two of which touch in faces and never in an edge alone.

    Returns:
        Merged vertices (V, 3) [m] and outward triangles (F, 3).
    """
    corners = np.array([(piece_points(piece).min(axis=0), piece_points(piece).max(axis=0)) for piece in pieces])
    ticks = [np.unique(corners[:, :, axis].round(9)) for axis in range(3)]
    filled = np.zeros([len(line) + 1 for line in ticks], bool)  # cells between ticks, and a free border around them
    for low, high in corners:
        first, last = ([int(np.abs(line - value).argmin()) for line, value in zip(ticks, end, strict=True)]
                       for end in (low, high))  # fmt: skip
        filled[tuple(slice(start + 1, end + 1) for start, end in zip(first, last, strict=True))] = True
    quads = [quad for axis in range(3) for quad in _sides(filled, axis)]
    used, faces = np.unique(np.concatenate(quads), axis=0, return_inverse=True)
    vertices = np.stack([ticks[axis][used[:, axis]] for axis in range(3)], axis=1)
    squares = faces.reshape(-1, 4)
    return vertices, np.concatenate((squares[:, [0, 1, 2]], squares[:, [0, 2, 3]]))


def _sides(filled: np.ndarray, axis: int) -> list[np.ndarray]:
    """Returns squares (4, 3) of tick indices wherever a filled cell borders on a free one along an axis."""
    squares = []
    steps = np.diff(filled.astype(int), axis=axis)  # +1: the cell above is filled, so the side looks down
    u, v = (axis + 1) % 3, (axis + 2) % 3
    for cell in np.argwhere(steps):
        corner = cell - 1
        corner[axis] = cell[axis]
        square = np.repeat(corner[None], 4, axis=0)
        square[[1, 2], u] += 1
        square[[2, 3], v] += 1
        squares.append(square if steps[tuple(cell)] < 0 else square[::-1])
    return squares


def build_shelf(width: float, depth: float, height: float, thickness: float, boards: float) -> ObjectModel:
    """Builds a shelf, open towards -x.

    Args:
        width, depth, height: Outer size along y, x and z [m].
        thickness: Of boards, sides and back [m].
        boards: How many, the lowest and the highest included.
    """
    count = round(boards)
    require(
        2 * thickness < min(depth, 0.5 * width) and count * thickness < 0.5 * height,
        "shelf: thickness must be below 0.5 depth and 0.25 width, and boards * thickness below 0.5 height.",
    )
    x, y, z = 0.5 * depth, 0.5 * width, 0.5 * height
    bottoms = np.linspace(-z, z - thickness, count)
    pieces = (
        box_piece((-x, -y, -z), (x, thickness - y, z)),
        box_piece((-x, y - thickness, -z), (x, y, z)),
        box_piece((x - thickness, thickness - y, -z), (x, y - thickness, z)),
        *(box_piece((-x, thickness - y, low), (x - thickness, y - thickness, low + thickness)) for low in bottoms),
    )
    model = solid("shelf", *union_of_boxes(pieces), pieces)
    return replace(model, levels=tuple(float(low + thickness) for low in bottoms))


def build_peg_board(
    length: float, width: float, thickness: float, rows: float, columns: float, radius: float, height: float
) -> ObjectModel:
    """Builds a board lying flat with upright round pegs on it.

    Args:
        length, width, thickness: Of the board along x, y and z [m].
        rows, columns: How many pegs along x and along y, evenly spread.
        radius, height: Of a peg [m].
    """
    along, across = round(rows), round(columns)
    require(
        2 * radius < 0.8 * min(length / along, width / across),
        "peg_board: radius must be below 0.4 length / rows and 0.4 width / columns.",
    )
    low = np.array([-0.5 * length, -0.5 * width, -0.5 * thickness])
    top = 0.5 * thickness
    vertices, faces = [box_corners(low, -low)], [box_faces()]
    pieces = [box_piece(tuple(low), tuple(-low))]
    profile = np.array([[0.0, top], [radius, top], [radius, top + height], [0.0, top + height]])
    peg_vertices, peg_faces = revolve(profile, segments=16)
    for row in range(along):
        for column in range(across):
            x, y = ((row + 0.5) / along - 0.5) * length, ((column + 0.5) / across - 0.5) * width
            faces.append(peg_faces + sum(map(len, vertices)))
            vertices.append(peg_vertices + [x, y, 0.0])
            pieces.append(Collider("cylinder", (radius, height), position=np.array([x, y, top + 0.5 * height])))
    return solid("peg_board", np.concatenate(vertices), np.concatenate(faces), tuple(pieces))


KINDS = {
    "shelf": ObjectKind(
        "shelf, open towards -x, boards numbered from the lowest; origin in the centre of the bounding box",
        {
            "width": Parameter(0.5, "m", 0.1, 3.0, (0.4, 0.6)),
            "depth": Parameter(0.2, "m", 0.05, 1.5, (0.16, 0.24)),
            "height": Parameter(0.45, "m", 0.1, 3.0, (0.4, 0.5)),
            "thickness": Parameter(0.015, "m", 0.003, 0.1, (0.01, 0.02)),
            "boards": Parameter(3.0, "1", 2.0, 6.0),
        },
        build_shelf,
    ),
    "peg_board": ObjectKind(
        "board lying flat with upright round pegs in rows along x and columns along y; origin in the board's centre",
        {
            "length": Parameter(0.2, "m", 0.03, 2.0, (0.16, 0.24)),
            "width": Parameter(0.2, "m", 0.03, 2.0, (0.16, 0.24)),
            "thickness": Parameter(0.02, "m", 0.003, 0.2, (0.015, 0.025)),
            "rows": Parameter(2.0, "1", 1.0, 8.0),
            "columns": Parameter(2.0, "1", 1.0, 8.0),
            "radius": Parameter(0.01, "m", 0.002, 0.2, (0.008, 0.012)),
            "height": Parameter(0.06, "m", 0.005, 1.0, (0.05, 0.08)),
        },
        build_peg_board,
    ),
}
