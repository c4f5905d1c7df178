"""Convex hulls as meshes with as few vertices as possible, which is what collision code wants."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from simgen.errors import BadInput
from simgen.world.scene.model import TriangleMesh


def hull_faces(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Computes the convex hull of points.

    Args:
        points: [m]. Shape: (N, 3).

    Returns:
        Vertices (V, 3) float64 and outward faces (F, 3) int64.

    Raises:
        BadInput: The points lie in a plane, on a line, or are too few.
    """
    points = np.asarray(points, np.float64)
    extent = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
    try:
        hull = ConvexHull(points / extent if extent > 0 else points)
    except (QhullError, ValueError) as error:
        raise BadInput(f"{len(points)} points enclose no volume; a solid needs four that are not flat.") from error
    used, flat = np.unique(hull.simplices, return_inverse=True)
    faces = flat.reshape(-1, 3)
    vertices = points[used]
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inwards = (normals * hull.equations[:, :3]).sum(axis=1) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    return vertices, faces


def convex_mesh(points: np.ndarray) -> TriangleMesh:
    """Returns the hull of points (N, 3) [m] as a mesh without repeated vertices; normals are averaged at corners."""
    vertices, faces = hull_faces(points)
    outward = vertices - vertices.mean(axis=0)
    normals = outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    return TriangleMesh(vertices.astype(np.float32), faces.astype(np.int32), normals.astype(np.float32))


def hull_volume(points: np.ndarray) -> float:
    """Returns the volume of the convex hull of points (N, 3) [m^3]."""
    return float(ConvexHull(points).volume)
