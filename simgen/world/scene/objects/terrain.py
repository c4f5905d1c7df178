"""Ground for legs and wheels: slopes, stairs and stones, of convex pieces; to be used as fixed objects."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import box_piece, mesh_piece, solid
from simgen.world.scene.objects.boards import union_of_boxes
from simgen.world.scene.objects.extruded import extrude
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require
from simgen.world.scene.objects.primitives import box_corners, box_faces


def build_slope(length: float, width: float, height: float, platform: float) -> ObjectModel:
    """Builds a slope up along +x, a platform, and a slope down.

    Args:
        length: Of each slope along x [m].
        width: Along y [m].
        height: Of the platform [m].
        platform: Its length along x [m].
    """
    low, high = -length - 0.5 * platform, -0.5 * platform
    profile = np.array([[low, 0.0], [-low, 0.0], [-high, height], [high, height]])
    upright, faces = extrude(profile, width)
    vertices = upright[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    return solid("slope", vertices, faces, (mesh_piece(vertices),))


def build_stairs(steps: float, rise: float, run: float, width: float, platform: float) -> ObjectModel:
    """Builds stairs up along +x and a platform at their end.

    Args:
        steps: How many, the platform included.
        rise, run: Height and depth of a step [m].
        width: Along y [m].
        platform: Depth of the last step [m].
    """
    count = round(steps)
    edges = run * np.arange(count)
    ends = np.append(edges[1:], edges[-1] + platform)
    middle, half = 0.5 * ends[-1], 0.5 * width
    pieces = tuple(
        box_piece((start - middle, -half, 0.0), (end - middle, half, rise * (number + 1)))
        for number, (start, end) in enumerate(zip(edges, ends, strict=True))
    )
    return solid("stairs", *union_of_boxes(pieces), pieces)


def build_stones(
    rows: float, columns: float, side: float, gap: float, height: float, rough: float, pattern: float
) -> ObjectModel:
    """Builds a field of square stepping stones of different heights.

    Args:
        rows, columns: How many stones along x and along y.
        side: Of a stone [m].
        gap: Between stones [m].
        height: Of the highest [m].
        rough: By what share of it the lowest may be lower.
        pattern: Which heights, of many.
    """
    require(gap > 0.0, "stones: gap must be above 0.")
    along, across, pitch = round(rows), round(columns), side + gap
    rng = np.random.default_rng(int(pattern))
    heights = height * (1.0 - rough * rng.random((along, across)))
    heights[np.unravel_index(rng.integers(heights.size), heights.shape)] = height
    pieces, vertices, faces = [], [], []
    for row in range(along):
        for column in range(across):
            x, y = (row + 0.5 - 0.5 * along) * pitch, (column + 0.5 - 0.5 * across) * pitch
            low = (x - 0.5 * side, y - 0.5 * side, 0.0)
            high = (x + 0.5 * side, y + 0.5 * side, float(heights[row, column]))
            faces.append(box_faces() + 8 * len(pieces))
            vertices.append(box_corners(np.array(low), np.array(high)))
            pieces.append(box_piece(low, high))
    return solid("stones", np.concatenate(vertices), np.concatenate(faces), tuple(pieces))


KINDS = {
    "slope": ObjectKind(
        "slope up along +x, platform, and slope down; origin on the floor, in the middle",
        {
            "length": Parameter(2.0, "m", 0.1, 10.0, (1.5, 3.0)),
            "width": Parameter(2.0, "m", 0.1, 10.0),
            "height": Parameter(0.4, "m", 0.01, 5.0, (0.2, 0.6)),
            "platform": Parameter(1.0, "m", 0.05, 10.0),
        },
        build_slope,
    ),
    "stairs": ObjectKind(
        "stairs up along +x with a platform at their end; origin on the floor, in the middle",
        {
            "steps": Parameter(5.0, "1", 1.0, 30.0),
            "rise": Parameter(0.1, "m", 0.01, 1.0, (0.06, 0.16)),
            "run": Parameter(0.3, "m", 0.05, 2.0, (0.25, 0.4)),
            "width": Parameter(2.0, "m", 0.1, 10.0),
            "platform": Parameter(1.0, "m", 0.05, 10.0),
        },
        build_stairs,
    ),
    "stones": ObjectKind(
        "square stepping stones of different heights in rows along x and columns along y; origin on the floor, in the "
        "middle",
        {
            "rows": Parameter(3.0, "1", 1.0, 12.0),
            "columns": Parameter(3.0, "1", 1.0, 12.0),
            "side": Parameter(0.4, "m", 0.02, 5.0, (0.3, 0.6)),
            "gap": Parameter(0.05, "m", 0.005, 2.0, (0.02, 0.1)),
            "height": Parameter(0.15, "m", 0.01, 2.0, (0.08, 0.25)),
            "rough": Parameter(0.5, "1", 0.0, 0.95),
            "pattern": Parameter(0.0, "1", 0.0, 100000.0, (1.0, 100000.0)),
        },
        build_stones,
    ),
}
