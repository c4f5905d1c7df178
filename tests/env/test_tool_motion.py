"""The 7-DoF end-effector actions: they add up to the tool's way, and say what the gripper was told, for every arm."""

from __future__ import annotations

import pytest
import torch
from small_tasks import COIN

from simgen.env import TaskEnv
from simgen.env.tool_motion import ToolMotion, moves_a_tool
from simgen.spec import load_task
from simgen.world import rotation

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("robot", "control", "closing"),
    [("panda", "pd_joint_delta_pos", -1.0), ("xarm7", "pd_ee_delta_pose", -1.0), ("so100", "pd_joint_pos", -1.0)],
)
def test_they_lead_from_the_first_pose_to_the_last(robot: str, control: str, closing: float) -> None:
    env = TaskEnv(load_task({**COIN, "robot": {"use": robot, "control": control, "yaw": 0.7}}), 2)
    env.start([0, 1], [0, 1])
    assert moves_a_tool(env)
    tool = ToolMotion(env)
    tool.begin([0, 1])
    position, quaternion = in_base(env)
    low, high = env.action_mode.low, env.action_mode.high
    for step in range(6):
        action = (0.5 + 0.1 * step) * low + (0.5 - 0.1 * step) * high
        action = (env.worlds.state.qpos if control == "pd_joint_pos" else action.expand(2, -1)).clone()
        action[:, -1] = low[-1]
        env.advance(action)
        row = tool.step(action)
        position = position + row[:, :3]
        quaternion = rotation.multiply(rotation.from_euler_fixed_xyz(row[:, 3:6]), quaternion)
        assert row[:, 6].tolist() == pytest.approx([closing, closing])
    last_position, last_quaternion = in_base(env)
    assert torch.allclose(position, last_position, atol=1e-5)
    assert rotation.angle_between(quaternion, last_quaternion).max() < 1e-3
    env.close()


def in_base(env: TaskEnv) -> tuple[torch.Tensor, torch.Tensor]:
    return rotation.compose(*rotation.invert(*env.worlds.base_pose), env.worlds.tcp_position, env.worlds.tcp_quaternion)
