"""Vertex normals that are smooth over rounded parts and split where the surface has a crease."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from simgen.world.scene.model import TriangleMesh


def split_normals(
    vertices: np.ndarray, faces: np.ndarray, crease_deg: float = 30.0, colors: np.ndarray | None = None
) -> TriangleMesh:
    """Gives every corner a normal, sharing a vertex between faces that meet at less than the crease angle.

    Normals are weighted by area and corner angle, so a large flat face stays flat next to a small fillet.

    Args:
        vertices: Merged positions [m]. Shape: (V, 3).
        faces: Counter-clockwise seen from outside; faces without area are dropped. Shape: (F, 3).
        crease_deg: Edges whose faces turn by more than this are crisp [deg].
        colors: Linear colours per vertex. Shape: (V, 3).

    Returns:
        The mesh with vertices repeated along creases.
    """
    vertices = np.asarray(vertices, np.float64)
    faces, face_normals, areas = _with_area(vertices, np.asarray(faces, np.int64))
    if len(faces) == 0:
        return TriangleMesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32))
    labels = _smooth_groups(faces, face_normals, np.cos(np.radians(crease_deg)))
    count = labels.max() + 1
    weights = (corner_angles(vertices, faces) * areas[:, None]).reshape(-1)
    normals = np.zeros((count, 3))
    np.add.at(normals, labels, weights[:, None] * np.repeat(face_normals, 3, axis=0))
    source = np.zeros(count, np.int64)
    source[labels] = faces.reshape(-1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    fallback = np.zeros((count, 3))
    fallback[labels] = np.repeat(face_normals, 3, axis=0)
    normals = np.where(lengths > 1e-20, normals / np.maximum(lengths, 1e-20), fallback)
    return TriangleMesh(
        vertices=vertices[source].astype(np.float32),
        faces=labels.reshape(-1, 3).astype(np.int32),
        normals=normals.astype(np.float32),
        colors=None if colors is None else np.asarray(colors, np.float32)[source],
    )


def corner_angles(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Returns the inner angle of each corner [rad]. Shape: (F, 3)."""
    corners = vertices[faces]
    forward = np.roll(corners, -1, axis=1) - corners
    backward = np.roll(corners, 1, axis=1) - corners
    lengths = np.linalg.norm(forward, axis=2) * np.linalg.norm(backward, axis=2)
    cosine = (forward * backward).sum(axis=2) / np.maximum(lengths, 1e-30)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def _with_area(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners = vertices[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(cross, axis=1)
    keep = doubled > 1e-16
    return faces[keep], cross[keep] / doubled[keep, None], 0.5 * doubled[keep]


def _smooth_groups(faces: np.ndarray, face_normals: np.ndarray, min_cosine: float) -> np.ndarray:
    """Labels the 3F corners so that corners joined across a smooth edge share a label. Shape: (3F,)."""
    start = faces.reshape(-1)
    end = np.roll(faces, -1, axis=1).reshape(-1)
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((high, low))
    same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    _, run, counts = np.unique(np.concatenate(([0], np.cumsum(~same))), return_inverse=True, return_counts=True)
    pair = same & (counts[run][1:] == 2)  # edges of three and more faces stay crisp
    first, second = order[:-1][pair], order[1:][pair]
    cosine = (face_normals[first // 3] * face_normals[second // 3]).sum(axis=1)
    smooth = (start[first] == end[second]) & (cosine >= min_cosine - 1e-9)
    first, second = first[smooth], second[smooth]
    following_first = first - first % 3 + (first % 3 + 1) % 3
    following_second = second - second % 3 + (second % 3 + 1) % 3
    rows = np.concatenate((first, following_first))
    columns = np.concatenate((following_second, second))
    size = faces.size
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    return connected_components(graph, directed=False)[1]
