"""Where a move ends: of headings of a held object that look the same, the one that turns the wrist least."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from simgen.env.worlds import Worlds
from simgen.policy.waypoint.goal import goal_pose, tool_heading
from simgen.spec import MoveSpec
from simgen.world import rotation


def held(cube_yaw: float, tool_yaw: float, goal_yaw: float) -> Worlds:
    """One world in which the tool, pointing down, holds a cube; the goal is elsewhere."""
    down = rotation.from_rotation_vector(torch.tensor([[math.pi, 0.0, 0.0]]))

    def turned(yaw: float) -> torch.Tensor:
        return rotation.about_z(torch.tensor([yaw]))

    places = {"cube": (torch.zeros(1, 3), turned(cube_yaw)), "goal": (torch.ones(1, 3), turned(goal_yaw))}
    stub = SimpleNamespace(
        num_envs=1,
        position=lambda name: places[name][0],
        quaternion=lambda name: places[name][1],
        tcp_position=torch.zeros(1, 3),
        tcp_quaternion=rotation.multiply(turned(tool_yaw), down),
        start_heading=torch.zeros(1),
    )
    return cast(Worlds, stub)


@pytest.mark.parametrize(("symmetry", "wanted_deg"), [(1, 170.0), (2, -10.0), (4, -10.0)])
def test_symmetry_takes_the_heading_near_that_of_the_start(symmetry: int, wanted_deg: float) -> None:
    worlds = held(cube_yaw=0.3, tool_yaw=0.3, goal_yaw=math.radians(170.0))
    move: dict[str, Any] = {"to": "goal", "frame": "body", "carry": "cube", "symmetry": symmetry}
    position, quaternion = goal_pose(MoveSpec.model_validate(move), worlds)
    assert torch.allclose(position, torch.ones(1, 3), atol=1e-6)
    worlds.tcp_quaternion = quaternion
    assert math.degrees(float(tool_heading(worlds))) == pytest.approx(wanted_deg, abs=1e-3)
