"""A map of square cells over the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESOLUTION = 0.05  # [m]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells over the floor, rows along y and columns along x of the world.

    Args:
        occupied: Whether something stands in a cell; row 0 is at the lowest y. Shape: (H, W), bool.
        origin: The corner of cell (0, 0) with the lowest x and y [m]. Shape: (2,).
        resolution: Side of a cell [m].
    """

    occupied: np.ndarray
    origin: np.ndarray
    resolution: float = RESOLUTION

    @classmethod
    def empty(cls, low: np.ndarray, high: np.ndarray, resolution: float = RESOLUTION) -> Grid:
        """Returns a grid without anything in it that covers the rectangle between two corners (2,) [m]."""
        width, height = np.ceil((np.asarray(high) - low) / resolution - 1e-9).astype(int)
        return cls(np.zeros((height, width), bool), np.asarray(low, float), resolution)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.occupied.shape
        return rows, columns

    def cells(self, points: np.ndarray) -> np.ndarray:
        """Returns row and column of points (..., 2) [m]; those outside get the nearest cell. Shape: (..., 2), int."""
        columns_rows = np.floor((np.asarray(points, float) - self.origin) / self.resolution).astype(int)
        return np.clip(columns_rows[..., ::-1], 0, np.array(self.shape) - 1)

    def points(self, cells: np.ndarray) -> np.ndarray:
        """Returns the middles of cells (..., 2), given as row and column [m]. Shape: (..., 2)."""
        return self.origin + (np.asarray(cells, float)[..., ::-1] + 0.5) * self.resolution

    def centers(self) -> np.ndarray:
        """Returns the middles of all cells [m]. Shape: (H, W, 2)."""
        rows, columns = np.indices(self.shape)
        return self.points(np.stack((rows, columns), axis=-1))
