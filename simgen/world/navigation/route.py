"""The way from a place to the goal: cell by cell, then smooth, then as evenly spaced points."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from simgen.world.navigation.distance import Field

SMOOTH = 0.5  # [m] of the way that are averaged, so that it does not follow the grid's eight directions


def shortest_way(field: Field, start: np.ndarray) -> np.ndarray:
    """Returns the smooth way from a place (2,) [m] to the field's goal, some 5 cm apart; empty if there is none.

    Shape: (N, 2).
    """
    grid = field.grid
    row, column = grid.cells(start)
    if not np.isfinite(field.cost[row, column]):
        return np.zeros((0, 2))
    cell, chain = int(row) * grid.shape[1] + int(column), []
    following = field.following.ravel()
    while not chain or cell != chain[-1]:
        chain.append(cell)
        cell = int(following[cell])
    points = grid.points(np.stack(np.divmod(np.array(chain), grid.shape[1]), axis=-1))
    window = min(max(1, round(SMOOTH / grid.resolution)), len(points))
    smooth = uniform_filter1d(points, window, axis=0, mode="nearest")
    smooth[0], smooth[-1] = points[0], points[-1]
    return smooth


def spaced(way: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Returns the points of a way (N, 2) at these distances along it (M,) [m], at most its end. Shape: (M, 2)."""
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    return np.stack([np.interp(distances, along, way[:, axis]) for axis in (0, 1)], axis=-1)


def length_of(way: np.ndarray) -> float:
    """Returns the length of a way (N, 2) [m]."""
    return float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
