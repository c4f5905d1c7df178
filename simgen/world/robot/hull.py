"""The convex collision hulls of a robot's meshes, the same points for every engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import trimesh

from simgen.world.scene.mesh.convex import hull_faces

HULL_VERTICES = 64


@cache
def collision_hull(path: Path, scale: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Computes the convex hull of a mesh file with at most about 64 vertices, which collision costs grow with.

    Larger hulls are replaced by the hull of their extreme points in 64 directions: never outside the true hull.

    Returns:
        Vertices [m], shape (V, 3), float32, and outward faces, shape (F, 3), int32.
    """
    mesh = trimesh.load_mesh(path)
    points, faces = hull_faces(np.asarray(mesh.vertices) * scale)
    if len(points) > HULL_VERTICES:
        extreme = np.unique((points @ _directions(HULL_VERTICES).T).argmax(axis=0))
        points, faces = hull_faces(points[extreme])
    return points.astype(np.float32), faces.astype(np.int32)


def _directions(count: int) -> np.ndarray:
    """Unit vectors spread evenly over the sphere (a Fibonacci lattice). Shape: (count, 3)."""
    index = np.arange(count) + 0.5
    height, angle = 1.0 - 2.0 * index / count, index * np.pi * (1.0 + 5.0**0.5)
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
