"""Closes the holes of a surface that is meant to be closed: scans and exports often lack some triangles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_MOST = 0.1  # of the surface's area; a larger opening is meant, such as a bowl's


def close_holes(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Covers holes with a fan of triangles each, where all of them together are small.

    Args:
        vertices: Merged [m]. Shape: (V, 3).
        faces: Shape: (F, 3).

    Returns:
        Vertices, faces, and the number of holes that were closed. It is 0, and the surface as it was, where there are
        none, where they are a tenth of the surface or more, and where triangles meet in other ways than at an edge.
    """
    edges = np.stack((faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)), axis=1)
    forward = set(map(tuple, edges.tolist()))
    rims = {(end, start) for start, end in forward if (end, start) not in forward}
    starts, ends = (sorted(edge[side] for edge in rims) for side in (0, 1))
    if not rims or len(forward) < len(edges) or starts != ends:
        return vertices, faces, 0
    corners, patches, loops = list(vertices), [], list(_loops(rims))
    for loop in loops:
        middle = len(corners)
        corners.append(vertices[loop].mean(axis=0))
        patches += [(loop[index - 1], loop[index], middle) for index in range(len(loop))]
    points, cover = np.array(corners), np.array(patches)
    if _area(points, cover) >= _MOST * _area(vertices, faces):
        return vertices, faces, 0
    return points, np.concatenate((faces, cover)), len(loops)


def _loops(rims: set[tuple[int, int]]) -> Iterator[list[int]]:
    """Yields closed ways along directed edges, each edge once and no vertex twice in one; as many end as start."""
    following: dict[int, list[int]] = {}
    for start, end in sorted(rims):
        following.setdefault(start, []).append(end)
    for first in sorted(following):
        way = [first]
        while following[way[-1]]:
            vertex = following[way[-1]].pop()
            if vertex not in way:
                way.append(vertex)
                continue
            yield way[way.index(vertex) :]
            del way[way.index(vertex) + 1 :]


def _area(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = vertices[faces.T]
    return float(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
