"""Flat blocks seen from above: the convex polygons that they consist of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy.spatial import ConvexHull

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import piece_points


def outlines_of(model: ObjectModel) -> list[np.ndarray]:
    """Returns the outline of each collision piece seen along z: corners counter-clockwise (K, 2) [m]."""
    flat = [piece_points(piece)[:, :2] for piece in model.colliders]
    return [points[ConvexHull(points).vertices] for points in flat]


@lru_cache(maxsize=64)
def plan_pieces(candidates: tuple[ObjectModel, ...]) -> torch.Tensor:
    """Returns the outlines of all pieces of several models, as one tensor.

    Returns:
        Corners counter-clockwise [m]. A polygon with fewer corners repeats its last one, and a model with fewer pieces
        ends with polygons without area. Shape: (candidates, pieces, corners, 2).
    """
    models = [outlines_of(model) for model in candidates]
    pieces, corners = max(map(len, models)), max(len(outline) for outlines in models for outline in outlines)
    table = torch.zeros(len(models), pieces, corners, 2)
    for row, outlines in enumerate(models):
        for column, outline in enumerate(outlines):
            padded = np.concatenate((outline, np.repeat(outline[-1:], corners - len(outline), axis=0)))
            table[row, column] = torch.as_tensor(padded, dtype=torch.float32)
    return table
