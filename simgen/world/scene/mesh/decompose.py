"""Convex pieces that stand for a surface in collisions: its hull, its connected parts, or a decomposition by CoACD."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from simgen.world.scene.mesh.cache import Arrays, cached_arrays, content_hash
from simgen.world.scene.mesh.convex import hull_faces, hull_volume
from simgen.world.scene.mesh.inertia import mesh_mass_properties

logger = logging.getLogger(__name__)

Decomposition = Literal["auto", "hull", "coacd", "none"]
_CORNERS_PER_PIECE = 32
_CONVEX_RATIO = 0.97  # a solid that fills this much of its hull collides as its hull
_SHEET = 0.001  # thickness that a flat piece gets [m]
_MANY = 5000  # triangles from which on CoACD takes more than a few seconds
# An open surface becomes a thin shell, which CoACD cuts into ever more pieces: a coarse search does in seconds what
# otherwise takes minutes, and as well within the number of pieces.
_CLOSED_SEARCH = {"mcts_iterations": 60}
_OPEN_SEARCH = {"mcts_iterations": 10, "mcts_nodes": 10, "resolution": 500, "preprocess_resolution": 20}
_OPEN_THRESHOLD = 0.1


def convex_pieces(
    label: str,
    vertices: np.ndarray,
    faces: np.ndarray,
    how: Decomposition = "auto",
    max_pieces: int = 16,
    threshold: float = 0.05,
) -> list[np.ndarray]:
    """Cuts a surface into convex pieces.

    Args:
        label: Says in messages what it is.
        vertices: Merged [m]. Shape: (V, 3).
        faces: Shape: (F, 3).
        how: "auto": the hull where the solid fills it, else CoACD (cached; without the package the hull, with a
            warning). "hull": one hull. "coacd": CoACD in any case. "none": connected parts are convex already.
        max_pieces: Most pieces of a decomposition.
        threshold: Concavity that it leaves, as in CoACD: smaller is finer. At least 0.1 for a surface that is open.

    Returns:
        The corners of each piece [m]; flat ones are given a thickness of a millimetre.
    """
    if how == "none":
        return [solid_points(vertices[np.unique(part)]) for part in _connected(vertices, faces)]
    hull = hull_faces(solid_points(vertices))[0]
    volume = abs(mesh_mass_properties(vertices, faces).volume) if is_closed(faces) else 0.0
    filled = volume >= _CONVEX_RATIO * hull_volume(hull)
    if how == "hull" or max_pieces <= 1 or (how == "auto" and filled):
        return [hull]
    try:
        return _decomposed(label, vertices, faces, max_pieces, threshold)
    except ImportError:
        logger.warning("%s: collides as its convex hull; for convex pieces: pip install 'simgen-toolkit[mesh]'", label)
        return [hull]


def _decomposed(
    label: str, vertices: np.ndarray, faces: np.ndarray, max_pieces: int, threshold: float
) -> list[np.ndarray]:
    import coacd  # pyright: ignore[reportMissingImports]

    closed = is_closed(faces)
    settings = {
        "threshold": threshold if closed else max(threshold, _OPEN_THRESHOLD),
        "max_convex_hull": max_pieces,
        "decimate": True,
        "max_ch_vertex": _CORNERS_PER_PIECE,
        "seed": 0,
        **(_CLOSED_SEARCH if closed else _OPEN_SEARCH),
    }

    def compute() -> Arrays:
        coacd.set_log_level("error")
        if not closed or len(faces) > _MANY:  # a warning, so that a person who waits sees it
            what = f"{len(faces)} triangles{'' if closed else ', not watertight'}"
            logger.warning("%s (%s): cutting into convex pieces, once; it may take a minute", label, what)
        parts = coacd.run_coacd(coacd.Mesh(vertices, faces), **settings)
        return {f"piece_{index:03d}": np.asarray(corners) for index, (corners, _) in enumerate(parts)}

    key = content_hash(np.ascontiguousarray(vertices), np.ascontiguousarray(faces), sorted(settings.items()))
    stored = cached_arrays("convex-2", key, ("piece_000",), compute)
    return [solid_points(stored[name]) for name in sorted(stored)]


def is_closed(faces: np.ndarray) -> bool:
    """Tells whether every directed edge meets exactly one opposite edge."""
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    size = int(faces.max()) + 1 if len(faces) else 1
    forward, backward = np.sort(start * size + end), np.sort(end * size + start)
    return bool(len(faces) and (forward == backward).all() and (np.diff(forward) > 0).all())


def solid_points(points: np.ndarray) -> np.ndarray:
    """Returns points whose hull has a volume: those of a flat sheet are moved apart by a millimetre. Shape: (N, 3)."""
    middle = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - middle, full_matrices=False)
    largest = float(spread[0]) if len(spread) else 0.0
    if largest == 0.0 or len(spread) < 3 or spread[1] < 1e-6 * largest or spread[2] >= 1e-6 * largest:
        return points
    offset = 0.5 * _SHEET * axes[2]
    return np.concatenate((points - offset, points + offset))


def _connected(vertices: np.ndarray, faces: np.ndarray) -> list[np.ndarray]:
    """Returns the faces (F, 3) of each connected part, in the order of the file."""
    rows = np.concatenate((faces[:, 0], faces[:, 1]))
    columns = np.concatenate((faces[:, 1], faces[:, 2]))
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(vertices), len(vertices)))
    labels = connected_components(graph, directed=False)[1][faces[:, 0]]
    _, first = np.unique(labels, return_index=True)
    return [faces[labels == labels[index]] for index in np.sort(first)]
