"""What the data of a dataset do not say themselves: bounds, units and names of actions and joints."""

from __future__ import annotations

from typing import Any

import torch

from simgen.env.task_env import TaskEnv

_UNITS = {
    "pd_joint_pos": "joint targets, rad; the last: gripper",
    "pd_joint_delta_pos": "shares of the largest change of a joint; the last: gripper",
    "pd_ee_pose": "m, Euler angles XYZ in rad; the last: gripper",
    "pd_ee_delta_pose": "shares of the largest change of position and rotation; the last: gripper",
}
_POSE_NAMES = ("x", "y", "z", "rotation_x", "rotation_y", "rotation_z")


def feature_notes(env: TaskEnv) -> dict[str, dict[str, Any]]:
    """Returns notes for `DatasetWriter.describe`, by the path of the array."""
    mode, card = env.action_mode, env.card
    arm = _POSE_NAMES if "_ee_" in mode.name else card.arm_joints
    action: dict[str, Any] = {"names": [*arm, "gripper"]}
    if mode.name in _UNITS:
        action["unit"] = _UNITS[mode.name]
    for name, bound in (("low", mode.low), ("high", mode.high)):
        if bool(torch.isfinite(bound).all()):
            action[name] = bound.double().cpu().tolist()
    joints = {"names": list(card.joint_names)}
    return {
        "actions": action,
        "executed_actions": dict(action),
        "rewards": {"unit": "weighted sum of the task's reward terms"},
        "obs/agent/qpos": joints,
        "obs/agent/qvel": dict(joints),
    }
