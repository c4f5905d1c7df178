"""What a control step did to the tool, in a form that all arms share: the 7-DoF end-effector convention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.base import BaseEnv
from simgen.world import rotation
from simgen.world.robot.control.mode import ActionMode

ACTIONS_EE = "actions_ee"
"""Name of these actions in a dataset."""
NOTES: dict[str, Any] = {
    "names": ["x", "y", "z", "roll", "pitch", "yaw", "gripper"],
    "unit": "m, rad, opening -1 closed .. 1 open",
    "frame": "the robot's base; x, y, z is the way of the tool centre point from before the step to after it",
    "convention": "R_after = Rz(yaw) Ry(pitch) Rx(roll) R_before, with R the tool's orientation in the base frame; "
    "motion as achieved, gripper as commanded (0 where there is none)",
}
"""What the numbers mean, for dataset.json."""


def moves_a_tool(env: BaseEnv) -> bool:
    """Says whether the robots have a tool whose motion is known."""
    return env.card is not None and env.card.tcp_link is not None


class ToolMotion:
    """Remembers where the tools are between control steps.

    Args:
        env: The worlds, of a robot with a tool.
    """

    def __init__(self, env: BaseEnv) -> None:
        self._env = env
        self._before = torch.zeros(env.num_envs, 7, device=env.device)
        self._qpos = torch.zeros_like(env.worlds.state.qpos)

    def begin(self, env_ids: Sequence[int]) -> None:
        """Takes note that episodes have begun in these worlds."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64, device=self._env.device)
        self._before[ids] = self._pose()[ids]
        self._qpos[ids] = self._env.worlds.state.qpos[ids]

    def step(self, action: torch.Tensor) -> torch.Tensor:
        """Returns what the control step that was just done with these actions (E, A) did; see NOTES. Shape: (E, 7)."""
        now, before = self._pose(), self._before
        # in double precision, so that the last bits do not depend on how many worlds are computed at a time
        turn = rotation.multiply(now[:, 3:].double(), rotation.conjugate(before[:, 3:].double()))
        opening = self._opening(torch.as_tensor(action, dtype=torch.float32, device=now.device))
        self._before, self._qpos = now, self._env.worlds.state.qpos.clone()
        return torch.cat([now[:, :3] - before[:, :3], rotation.to_euler_fixed_xyz(turn).float(), opening[:, None]], -1)

    def _pose(self) -> torch.Tensor:
        """The tool in the frame of the base: position [m] and quaternion wxyz. Shape: (E, 7)."""
        worlds = self._env.worlds
        back = rotation.invert(*worlds.base_pose)
        return torch.cat(rotation.compose(*back, worlds.tcp_position, worlds.tcp_quaternion), -1)

    def _opening(self, action: torch.Tensor) -> torch.Tensor:
        """What the gripper was told. Shape: (E,)."""
        card, mode = self._env.card, self._env.action_mode
        assert card is not None
        if isinstance(mode, ActionMode) and mode.has_gripper:
            return mode.opening(action, self._qpos)
        if card.gripper is None:
            return self._qpos.new_zeros(len(self._qpos))
        # an environment of ManiSkill's whose actions we do not know: where the gripper is now
        return card.gripper.share(self._env.worlds.state.qpos[:, card.hand.start])
