"""Which cells of the floor are taken by what stands still, seen from the height of a mobile robot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import ConvexHull
from skimage.draw import polygon

from simgen.world.navigation.grid import Grid
from simgen.world.scene.model import Collider
from simgen.world.scene.objects.assemble import piece_points, rotation_matrix
from simgen.world.scene.scene import Body
from simgen.world.scene.slots import BodySlot

LOWEST, HIGHEST = 0.1, 0.62  # [m]: what is below is driven over, what is above is driven under


def occupancy_of(empty: Grid, slots: Sequence[BodySlot], bodies: Sequence[Body], ground_height: float = 0.0) -> Grid:
    """Marks the outlines of the fixed bodies' colliders between 0.1 and 0.62 m over the ground; those that walk do not
    count.

    Args:
        empty: Where to mark; it is not changed.
        slots, bodies: Of one scene, in the same order.
        ground_height: [m].
    """
    occupied = empty.occupied.copy()
    for slot, body in zip(slots, bodies, strict=True):
        if slot.motion != "fixed" or body.track is not None:
            continue
        turn = rotation_matrix(body.quaternion)
        for piece in slot.candidates[body.candidate].colliders:
            points = (piece_points(piece) * body.scale) @ turn.T + body.position
            heights = points[:, 2] - ground_height
            if heights.max() > LOWEST and heights.min() < HIGHEST:
                _fill(occupied, empty, points[:, :2], piece)
    return Grid(occupied, empty.origin, empty.resolution)


def _fill(occupied: np.ndarray, grid: Grid, points: np.ndarray, piece: Collider) -> None:
    """Marks the cells whose middle is in the hull of points (N, 2) [m], and those that its corners lie in."""
    if np.any(points.max(0) < grid.origin) or np.ptp(points, axis=0).min() <= 0.0:
        return
    outline = points[ConvexHull(points).vertices]
    columns_rows = (outline - grid.origin) / grid.resolution - 0.5
    rows, columns = polygon(columns_rows[:, 1], columns_rows[:, 0], grid.shape)
    occupied[rows, columns] = True
    size = np.array(grid.shape) * grid.resolution
    inside = np.all((outline >= grid.origin) & (outline < grid.origin + size[::-1]), axis=1)
    corner_rows, corner_columns = grid.cells(outline[inside]).T
    occupied[corner_rows, corner_columns] = True
