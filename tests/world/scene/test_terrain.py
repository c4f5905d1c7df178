"""Terrain: where a foot lands on it, and that its pieces carry exactly what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects import make_object
from simgen.world.scene.objects.assemble import piece_points


def height_at(model: ObjectModel, x: float, y: float) -> float:
    """Height of the highest piece over a point, of pieces that are boxes or the one hull of a slope [m]."""
    heights = [0.0]
    for piece in model.colliders:
        points = piece_points(piece)
        low, high = points.min(0), points.max(0)
        if not (low[0] <= x <= high[0] and low[1] <= y <= high[1]):
            continue
        if piece.kind == "box":
            heights.append(high[2])
        else:
            top = points[points[:, 2] > 1e-9]
            edge = max(0.0, abs(x) - top[:, 0].max())
            heights.append(float(high[2] * (1.0 - edge / (high[0] - top[:, 0].max()))))
    return max(heights)


def test_a_slope_rises_evenly_to_its_platform() -> None:
    slope = make_object("slope", length=2.0, width=1.0, height=0.5, platform=1.0)
    assert slope.bounds == pytest.approx(np.array([[-2.5, -0.5, 0.0], [2.5, 0.5, 0.5]]))
    assert [height_at(slope, x, 0.0) for x in (-2.5, -1.5, -0.5, 0.0, 1.5)] == pytest.approx([0, 0.25, 0.5, 0.5, 0.25])
    assert slope.volume == pytest.approx(0.5 * (2.0 + 1.0))
    assert len(slope.colliders) == 1


def test_stairs_rise_by_one_step_after_another() -> None:
    stairs = make_object("stairs", steps=4, rise=0.1, run=0.3, width=1.0, platform=1.0)
    assert stairs.bounds == pytest.approx(np.array([[-0.95, -0.5, 0.0], [0.95, 0.5, 0.4]]))
    places = [-0.95 + 0.15, -0.95 + 0.45, -0.95 + 0.75, 0.5]
    assert [height_at(stairs, x, 0.2) for x in places] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert stairs.volume == pytest.approx(0.3 * (0.1 + 0.2 + 0.3) + 0.4)


def test_stones_differ_in_height_by_no_more_than_is_said_and_have_gaps() -> None:
    stones = make_object("stones", rows=4, columns=2, side=0.4, gap=0.1, height=0.2, rough=0.5, pattern=3)
    tops = np.array([piece_points(piece)[:, 2].max() for piece in stones.colliders])
    assert len(tops) == 8
    assert tops.max() == pytest.approx(0.2)
    assert tops.min() >= 0.1
    assert len(np.unique(tops.round(6))) == 8
    assert height_at(stones, 0.0, 0.25) == 0.0
    assert stones.volume == pytest.approx(tops.sum() * 0.16)
    other = make_object("stones", rows=4, columns=2, side=0.4, gap=0.1, height=0.2, rough=0.5, pattern=4)
    assert other.key != stones.key
    assert make_object("stones", rows=2, columns=2, rough=0.0).colliders[0].size[2] == pytest.approx(0.15)
