"""Overlap of flat blocks: exact areas on states made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hand_made import HandMade
from small_tasks import task_of

from simgen.env.terms import bind_condition
from simgen.env.terms.shape import clipped, overlap, plan_outline, polygon_area
from simgen.spec.terms import Condition

TEE = {"t_shape": {"length": 0.2, "bar": 0.2, "width": 0.05, "height": 0.04}}
AREA = 0.15 * 0.05 + 0.05 * 0.2


def made(**objects: dict[str, object]) -> HandMade:
    return HandMade(task_of(objects), 3)


def turned(yaw: float) -> list[float]:
    return [math.cos(0.5 * yaw), 0.0, 0.0, math.sin(0.5 * yaw)]


@pytest.fixture
def tees() -> HandMade:
    goal = {"marker": TEE, "pose": {"on": "table", "xy": [0.0, 0.0]}}
    return made(tee={**TEE, "pose": {"on": "table", "xy": [0.0, 0.4]}}, goal=goal)


def test_a_t_on_its_mark_covers_all_of_it_however_both_are_turned(tees: HandMade) -> None:
    for yaw in (0.0, 0.7, math.pi):
        for name in ("tee", "goal"):
            tees.put(name, [[0.1, -0.2, 0.02]] * 3, turned(yaw))
        torch.testing.assert_close(overlap(tees.worlds, "tee", "goal"), torch.ones(3), atol=1e-5, rtol=0)


def test_a_shifted_t_covers_what_is_left(tees: HandMade) -> None:
    """Along the bar by d, each of stem and bar leaves d times its depth; along the stem, the bar leaves d times 0.2."""
    tees.put("goal", [[0.0, 0.0, 0.0]] * 3)
    tees.put("tee", [[0.0, 0.01, 0.02], [0.01, 0.0, 0.02], [1.0, 0.0, 0.02]])
    along_bar = 1.0 - (0.01 * 0.15 + 0.01 * 0.05) / AREA
    along_stem = 1.0 - (0.01 * 0.05 + 0.01 * 0.15) / AREA
    torch.testing.assert_close(overlap(tees.worlds, "tee", "goal"), torch.tensor([along_bar, along_stem, 0.0]))
    written = {"overlap": {"body": "tee", "target": "goal", "at_least": 0.88}}
    assert bind_condition(Condition.model_validate(written), tees.worlds)().tolist() == [True, True, False]


def test_a_t_on_its_other_side_covers_nothing(tees: HandMade) -> None:
    tees.put("goal", [[0.0, 0.0, 0.0]] * 3)
    tees.put("tee", [[0.0, 0.0, 0.02]] * 3, [0.0, 1.0, 0.0, 0.0])
    assert overlap(tees.worlds, "tee", "goal").tolist() == [0.0, 0.0, 0.0]


def test_other_flat_kinds_agree_with_sampling() -> None:
    """The share of random points of the target that lie in the block, for pieces of four and more corners."""
    both = made(
        star={"star": {"radius": 0.05}, "pose": {"xy": [0.0, 0.4]}},
        hexagon={"hexagon": {"width": 0.06}, "pose": {"xy": [0.0, -0.4]}},
    )
    both.put("star", [[0.01, 0.02, 0.0], [0.0, 0.0, 0.0], [-0.03, 0.01, 0.0]], turned(0.4))
    both.put("hexagon", [[0.0, 0.0, 0.0]] * 3, turned(-0.2))
    star, hexagon = (plan(both, name) for name in ("star", "hexagon"))
    points = np.random.default_rng(0).uniform(-0.05, 0.05, (40_000, 2))
    found = overlap(both.worlds, "star", "hexagon").tolist()
    for world in range(3):
        inside = within(points, hexagon[world])
        covered = within(points, star[world]) & inside
        assert found[world] == pytest.approx(covered.sum() / inside.sum(), abs=0.015)


def plan(made: HandMade, name: str) -> np.ndarray:
    return plan_outline(made.worlds, name).numpy()


def within(points: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Says which points lie in one of the pieces (P, K, 2), counter-clockwise."""
    start, along = pieces, np.roll(pieces, -1, axis=1) - pieces
    way = points[:, None, None] - start
    return ((along[..., 0] * way[..., 1] - along[..., 1] * way[..., 0]) >= 0.0).all(-1).any(-1)


def test_polygons_are_cut_as_by_hand() -> None:
    square = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]])
    corner = torch.tensor([[[0.5, 0.5], [2.0, 0.5], [2.0, 2.0], [0.5, 2.0]]])
    diamond = torch.tensor([[[0.5, -0.5], [1.5, 0.5], [0.5, 1.5], [-0.5, 0.5]]])
    assert polygon_area(clipped(square, corner)).item() == pytest.approx(0.25)
    assert polygon_area(clipped(square, diamond)).item() == pytest.approx(1.0)
    assert polygon_area(clipped(square, diamond * 0.5 + 0.25)).item() == pytest.approx(0.5)
    assert polygon_area(clipped(square, square + 3.0)).item() == 0.0
