"""Meshes cut down to a triangle budget once and for all: the result is cached by content."""

from __future__ import annotations

import fast_simplification
import numpy as np
from scipy.spatial import KDTree

from simgen.world.scene.mesh.cache import Arrays, cached_arrays, content_hash
from simgen.world.scene.mesh.normals import split_normals
from simgen.world.scene.model import TriangleMesh

CREASE_DEG = 30.0
_VERSION = "simplify-1"
_AGGRESSION = (7.0, 9.0, 12.0)


def simplify(
    vertices: np.ndarray,
    faces: np.ndarray,
    triangle_budget: int,
    colors: np.ndarray | None = None,
    crease_deg: float = CREASE_DEG,
) -> TriangleMesh:
    """Merges equal vertices, removes triangles down to the budget, and splits normals at creases.

    The budget is a target: a mesh of many small closed parts can end slightly above it.

    Args:
        vertices: [m]. Shape: (V, 3).
        faces: Shape: (F, 3).
        triangle_budget: At most this many triangles; meshes below it only get merged vertices and normals.
        colors: Linear colours per vertex, taken over from the nearest original vertex. Shape: (V, 3).
        crease_deg: Edges that turn by more than this stay crisp [deg].

    Returns:
        A mesh of at most about `triangle_budget` triangles.
    """
    if triangle_budget < 4:
        raise ValueError(f"triangle_budget must be at least 4, not {triangle_budget}")
    vertices = np.ascontiguousarray(vertices, np.float32)
    faces = np.ascontiguousarray(faces, np.int32)
    colors = None if colors is None else np.ascontiguousarray(colors, np.float32)
    key = content_hash(vertices, faces, colors, int(triangle_budget), float(crease_deg))

    def compute() -> Arrays:
        mesh = _simplify(vertices, faces, int(triangle_budget), colors, crease_deg)
        arrays = {"vertices": mesh.vertices, "faces": mesh.faces, "normals": mesh.normals}
        return arrays if mesh.colors is None else {**arrays, "colors": mesh.colors}

    stored = cached_arrays(_VERSION, key, ("vertices", "faces", "normals"), compute)
    return TriangleMesh(stored["vertices"], stored["faces"], stored["normals"], stored.get("colors"))


def merge_vertices(
    vertices: np.ndarray, faces: np.ndarray, colors: np.ndarray | None = None, tolerance: float = 1e-6
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Joins vertices closer than the tolerance (relative to the largest side) and drops faces that collapse.

    Returns:
        Vertices (V', 3), faces (F', 3) int64 and colours (V', 3) or None; a merged vertex keeps its first colour.
    """
    vertices = np.asarray(vertices)
    if len(vertices) == 0:
        return vertices, np.zeros((0, 3), np.int64), colors
    step = max(float(np.ptp(vertices, axis=0).max()), 1e-9) * tolerance
    grid = np.round((vertices - vertices.min(axis=0)) / step).astype(np.int64)
    _, first, inverse = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    faces = inverse.reshape(-1)[np.asarray(faces, np.int64)]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return vertices[first], faces[whole], None if colors is None else colors[first]


def _simplify(
    vertices: np.ndarray, faces: np.ndarray, budget: int, colors: np.ndarray | None, crease_deg: float
) -> TriangleMesh:
    vertices, faces, colors = merge_vertices(vertices, faces, colors)
    reduced, reduced_faces = vertices, faces
    for aggression in _AGGRESSION:
        if len(reduced_faces) <= budget:
            break
        reduced, reduced_faces = fast_simplification.simplify(  # pyright: ignore[reportAssignmentType]
            np.ascontiguousarray(vertices, np.float64),
            np.ascontiguousarray(faces, np.int32),
            target_count=budget,
            agg=aggression,
        )
    if colors is not None and reduced is not vertices:
        colors = colors[KDTree(vertices).query(reduced)[1]]
    return split_normals(reduced, reduced_faces, crease_deg, colors)
