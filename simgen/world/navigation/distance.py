"""How far every cell of a map is from the nearest obstacle and from a goal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.graph import MCP_Geometric
from skimage.measure import label

from simgen.world.navigation.grid import Grid

COMFORT = 0.4  # [m]: nearer to an obstacle than this, beside the robot itself, a way costs more
COMFORT_COST = 3.0  # by this factor of its length at most
SQUEEZE_COST = 25.0  # where the robot would touch, so that one that got there finds its way out


@dataclass(frozen=True, eq=False)
class Field:
    """The ways from everywhere to one goal.

    Args:
        grid: The map.
        cost: Of the best way to the goal: its length [m], more where it is narrow; inf where there is none. (H, W).
        following: The cell that comes next on it, as row * W + column; the goal's own is itself. (H, W), int32.
    """

    grid: Grid
    cost: np.ndarray
    following: np.ndarray


def clearance(grid: Grid) -> np.ndarray:
    """Returns how far the middle of each cell is from the nearest taken cell [m]; 0 in those. Shape: (H, W)."""
    return np.asarray(distance_transform_edt(~grid.occupied)) * grid.resolution


def free_for(grid: Grid, radius: float) -> np.ndarray:
    """Returns where a round robot with this radius [m] can be: the largest joined region. Shape: (H, W), bool."""
    regions = np.asarray(label(clearance(grid) > radius + 0.5 * grid.resolution, connectivity=2))
    if regions.max() == 0:
        return np.zeros(grid.shape, bool)
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    return regions == sizes.argmax()


def field_to(grid: Grid, goal: np.ndarray, radius: float) -> Field:
    """Returns the ways to a goal for a round robot.

    Args:
        grid: The map.
        goal: [m]. Shape: (2,).
        radius: Of the robot [m].
    """
    gap = clearance(grid) - radius - 0.5 * grid.resolution
    factor = 1.0 + (COMFORT_COST - 1.0) * np.clip(1.0 - gap / COMFORT, 0.0, 1.0)
    factor = np.where(gap <= 0.0, SQUEEZE_COST, factor)
    factor[grid.occupied] = -1.0
    row, column = grid.cells(goal)
    factor[row, column] = abs(factor[row, column])
    search = MCP_Geometric(factor)
    cost, reached_by = search.find_costs([(int(row), int(column))])
    return Field(grid, cost * grid.resolution, _following(reached_by, np.array(search.offsets)))


def _following(reached_by: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Returns the cell that each was reached from, as row * W + column; itself where it was not reached."""
    columns = reached_by.shape[1]
    steps = np.append(offsets @ [columns, 1], 0)
    index = np.arange(reached_by.size).reshape(reached_by.shape)
    return (index - steps[np.where(reached_by >= 0, reached_by, -1)]).astype(np.int32)
