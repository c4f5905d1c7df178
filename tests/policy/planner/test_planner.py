"""The planner's parts on numbers alone: pure pursuit with a point that drives, and the turning side."""

from __future__ import annotations

import math

import pytest
import torch

from simgen.policy.planner.pursuit import BEHIND, pursue, turning_side
from simgen.spec.planner import PlannerSpec

SPEC = PlannerSpec()


def test_a_point_that_pursues_stays_on_a_circle() -> None:
    radius, dt = 3.0, 0.05
    x, y, yaw = 0.0, -radius, 0.0
    for _ in range(200):
        angle = math.atan2(y, x) + SPEC.look_ahead / radius
        away = (radius * math.cos(angle) - x, radius * math.sin(angle) - y)
        local = [math.cos(yaw) * away[0] + math.sin(yaw) * away[1], -math.sin(yaw) * away[0] + math.cos(yaw) * away[1]]
        speed, turn = pursue(torch.tensor([local]), torch.tensor([9.0]), torch.ones(1), SPEC)[0].tolist()
        assert speed > 0.9
        x, y, yaw = x + dt * speed * math.cos(yaw), y + dt * speed * math.sin(yaw), yaw + dt * turn
        assert math.hypot(x, y) == pytest.approx(radius, abs=0.1)


def test_it_turns_in_place_to_what_is_aside_slows_down_and_stops() -> None:
    ahead = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    to_goal = torch.tensor([5.0, 5.0, 5.0, SPEC.stop + 0.1, SPEC.stop - 0.01])
    side = torch.tensor([1.0, -1.0, 1.0, 1.0, 1.0])
    command = pursue(ahead, to_goal, side, SPEC)
    assert command[:, 0].tolist() == pytest.approx([0.0, 0.0, SPEC.speed, 0.25, 0.0])
    assert command[:, 1].tolist() == pytest.approx([SPEC.turn, -SPEC.turn, 0.0, 0.0, 0.0])


def test_it_does_not_change_its_mind_about_where_to_turn_to_what_is_behind() -> None:
    behind = torch.tensor([[-1.0, 0.1], [-1.0, -0.1], [0.0, 1.0], [0.0, -1.0]])
    assert abs(math.atan2(0.1, -1.0)) > BEHIND
    assert turning_side(behind, torch.tensor([-1.0, 1.0, -1.0, 1.0])).tolist() == [-1.0, 1.0, 1.0, -1.0]
