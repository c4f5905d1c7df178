"""A few of a mesh's points that stand for its outline: where it begins and ends in any direction."""

from __future__ import annotations

import numpy as np

DIRECTIONS = 96


def support_points(vertices: np.ndarray) -> np.ndarray:
    """Returns the farthest vertices in directions spread evenly over the sphere.

    A box keeps its corners; a ball of radius r seems at most 0.02 r smaller than it is.

    Args:
        vertices: [m]. Shape: (V, 3).

    Returns:
        Some of them, perhaps repeated. Shape: (DIRECTIONS, 3).

    Reference: the spiral of E. Saff and A. Kuijlaars, "Distributing many points on a sphere", 1997.
    """
    height = 1.0 - (2.0 * np.arange(DIRECTIONS) + 1.0) / DIRECTIONS
    angle = np.pi * (3.0 - np.sqrt(5.0)) * np.arange(DIRECTIONS)
    radius = np.sqrt(1.0 - height**2)
    directions = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    return np.asarray(vertices)[np.argmax(np.asarray(vertices) @ directions.T, axis=0)]
