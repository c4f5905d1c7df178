"""Finds episodes that are nearly the same as one before, among very many, without comparing each with each.

Two are the same only if no number differs by more than its tolerance, so it is enough to look at those that agree in a
few numbers: the dozen that differ most between episodes go into a k-d tree (SciPy's), which misses none, and what it
finds is compared in full.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import qr
from scipy.spatial import KDTree

from simgen.data.curate.filters.duplicate import DuplicateSpec
from simgen.data.curate.signature import Kind

_DIMENSIONS = 12  # of the tree
_CHUNK = 2000  # episodes between two trees
_SAMPLE = 2000  # episodes that tell which numbers differ most
_ROWS = 500  # that are compared in full at once


def find_duplicates(
    table: np.ndarray,
    rows: np.ndarray,
    kind: Kind,
    spec: DuplicateSpec,
    progress: Callable[[int], None] | None = None,
) -> dict[int, tuple[int, float]]:
    """Goes through the episodes of one kind in order and keeps those that are like none that was kept before.

    Args:
        table: Their signatures; may be a memory map. Shape: (N,), of the kind's dtype.
        rows: Which of them to look at, in order. Shape: (M,).
        progress: Is told how many of them are done.

    Returns:
        By row that is dropped: the row that it is like, and the largest difference as a share of what is allowed.
    """
    space = _Space(table, kind, spec, rows)
    found: dict[int, tuple[int, float]] = {}
    kept = np.zeros(0, np.int64)
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        candidates = _candidates(space, chunk, kept)
        fresh: list[int] = []
        for row, near in zip(chunk.tolist(), candidates, strict=True):
            match = space.first_match(row, [other for other in near if other not in found])
            if match is None:
                fresh.append(row)
            else:
                found[row] = match
        kept = np.concatenate([kept, np.asarray(fresh, np.int64)])
        if progress is not None:
            progress(min(start + _CHUNK, len(rows)))
    return found


def _candidates(space: _Space, chunk: np.ndarray, kept: np.ndarray) -> list[list[int]]:
    """For each row of a chunk those that were kept before it, and those before it in the chunk, that may match."""
    own = space.coordinates(chunk)
    candidates: list[list[int]] = [[] for _ in chunk]
    if len(kept):
        tree = KDTree(space.coordinates(kept))
        for place, near in enumerate(tree.query_ball_point(own, 1.0, p=np.inf)):
            candidates[place] += sorted(kept[near].tolist())
    for place in range(1, len(chunk)):
        near = np.flatnonzero((np.abs(own[:place] - own[place]) <= 1.0).all(axis=1))
        candidates[place] += chunk[near].tolist()
    return candidates


class _Space:
    """Signatures of one kind as points whose coordinates are in units of their tolerance."""

    def __init__(self, table: np.ndarray, kind: Kind, spec: DuplicateSpec, rows: np.ndarray) -> None:
        self._table, self._bits = table, max(1, 64 * kind.pictures)
        self._share = spec.picture
        self._tolerances = kind.tolerances(spec)
        step = max(1, len(rows) // _SAMPLE)
        self._columns = self._most_varied(self._points(rows[::step][:_SAMPLE]))

    def _points(self, rows: np.ndarray) -> np.ndarray:
        part = self._table[rows]
        points = np.concatenate([part["motion"], part["colors"].astype(np.float32)], axis=1)
        return points / self._tolerances

    def _most_varied(self, points: np.ndarray) -> np.ndarray:
        """Columns that tell the points apart best: each is the one that those before explain least."""
        if points.shape[1] <= _DIMENSIONS or len(points) < 2:
            return np.arange(min(points.shape[1], _DIMENSIONS))
        order = qr(points - points.mean(axis=0), mode="r", pivoting=True)[-1]
        return np.sort(np.asarray(order)[:_DIMENSIONS])

    def coordinates(self, rows: np.ndarray) -> np.ndarray:
        """Shape: (M, DIMENSIONS)."""
        result = np.zeros((len(rows), max(1, len(self._columns))), np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            if len(self._columns):
                result[start : start + _CHUNK] = self._points(part)[:, self._columns]
        return result

    def first_match(self, row: int, others: list[int]) -> tuple[int, float] | None:
        """The first of some rows that is nearly the same in full, and how near it is."""
        if not others:
            return None
        own = self._points(np.array([row]))[0]
        hashes = self._table["hashes"][row]
        for start in range(0, len(others), _ROWS):
            part = np.asarray(others[start : start + _ROWS])
            apart = np.abs(self._points(part) - own).max(axis=1, initial=0.0)
            bits = np.bitwise_count(self._table["hashes"][part] ^ hashes).sum(axis=1) / self._bits
            apart = np.maximum(apart, bits / max(self._share, 1e-9))
            matches = np.flatnonzero(apart <= 1.0)
            if len(matches):
                return int(part[matches[0]]), float(apart[matches[0]])
        return None
