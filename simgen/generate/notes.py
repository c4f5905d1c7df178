"""What the data of a dataset do not say themselves: bounds, units and names of actions and joints."""

from __future__ import annotations

from typing import Any

import torch

from simgen.data.states import image_notes
from simgen.env.base import BaseEnv
from simgen.env.tool_motion import ACTIONS_EE, NOTES, moves_a_tool
from simgen.spec import RegisteredSpec
from simgen.world.robot.control.mode import ActionMode

_UNITS = {
    "pd_joint_pos": "joint targets, rad",
    "pd_joint_delta_pos": "shares of the largest change of a joint",
    "pd_ee_pose": "m, Euler angles XYZ in rad",
    "pd_ee_delta_pose": "shares of the largest change of position and rotation",
    "pd_joint_offset": "shares of the largest offset of a joint from rest",
    "base_velocity": "shares of the largest forward velocity and yaw rate, then of the largest change of a joint",
    "effort": "shares of the largest force or torque of a joint",
}


def feature_notes(env: BaseEnv) -> dict[str, dict[str, Any]]:
    """Returns notes for `DatasetWriter.describe`, by the path of the array."""
    mode = env.action_mode
    action: dict[str, Any] = {"names": _action_names(env)}
    if mode.name in _UNITS:
        action["unit"] = _UNITS[mode.name] + ("; the last: gripper" if mode.has_gripper else "")
    for name, bound in (("low", mode.low), ("high", mode.high)):
        if bool(torch.isfinite(bound).all()):
            action[name] = bound.double().cpu().tolist()
    joints = {"names": list(env.engine.joint_names)}
    return (
        image_notes(env.layout.cameras)
        | ({ACTIONS_EE: dict(NOTES)} if moves_a_tool(env) else {})
        | {
            "actions": action,
            "executed_actions": dict(action),
            "rewards": {"unit": _reward_unit(env)},
            "obs/agent/qpos": joints,
            "obs/agent/qvel": dict(joints),
        }
    )


def _action_names(env: BaseEnv) -> list[str]:
    mode = env.action_mode
    if env.card is None or not isinstance(mode, ActionMode):
        return [f"action_{index}" for index in range(mode.dim)]
    return list(mode.names)


def _reward_unit(env: BaseEnv) -> str:
    if isinstance(env.task, RegisteredSpec):
        return f"ManiSkill's reward, mode {env.task.reward or 'default'}"
    return "weighted sum of the task's reward terms"
