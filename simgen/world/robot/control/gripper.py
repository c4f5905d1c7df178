"""The last number of every action: the gripper."""

from __future__ import annotations

import torch

from simgen.world.robot.card import RobotCard


class GripperChannel:
    """Turns one number into the targets of the gripper's joints.

    Three meanings, as in ManiSkill: "opening" maps -1..1 to closed..open; "absolute" is the position of the first
    joint itself [rad or m]; "delta" adds -1..1 times the card's largest change to its current position. The joints
    that mimic the first follow its target.

    Args:
        card: The robot.
        kind: Which meaning.
        lower, upper: Joint limits. Shape: (dof,).
    """

    def __init__(self, card: RobotCard, kind: str, lower: torch.Tensor, upper: torch.Tensor) -> None:
        gripper, first = card.gripper, card.hand.start
        assert gripper is not None, f"{card.name} has no gripper"
        self._kind, self._first = kind, first
        self._closed, self._open, self._delta = gripper.closed, gripper.open, gripper.joint_delta
        self._limits = (float(lower[first]), float(upper[first]))
        self.low, self.high = self._limits if kind == "absolute" else (-1.0, 1.0)
        mimics = [gripper.mimic.get(name) for name in gripper.joints]
        self._multiplier, self._offset = (
            torch.tensor(values, dtype=torch.float32, device=lower.device)
            for values in zip(*((1.0, 0.0) if m is None else (m.multiplier, m.offset) for m in mimics), strict=True)
        )

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns targets of the gripper's joints. Shapes: (N,), (N, dof) -> (N, gripper joints)."""
        action = action.clamp(self.low, self.high)
        if self._kind == "opening":
            first = self._closed + 0.5 * (action + 1.0) * (self._open - self._closed)
        elif self._kind == "absolute":
            first = action
        else:
            first = qpos[:, self._first] + action * self._delta
        return first[:, None] * self._multiplier + self._offset

    def encode(self, opening: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action towards an opening, 0 closed .. 1 open. Shapes: (N,), (N, dof) -> (N,)."""
        if self._kind == "opening":
            return (2.0 * opening - 1.0).clamp(-1.0, 1.0)
        first = (self._closed + opening * (self._open - self._closed)).clamp(*self._limits)
        if self._kind == "absolute":
            return first
        return ((first - qpos[:, self._first]) / self._delta).clamp(-1.0, 1.0)
