"""Arm actions in joint space, as ManiSkill's PDJointPosController (Apache-2.0)."""

from __future__ import annotations

import torch

from simgen.world.robot.card import RobotCard


class JointPosition:
    """pd_joint_pos: the action is the arm's target itself [rad], not normalised; its bounds are the joint limits."""

    def __init__(self, card: RobotCard, lower: torch.Tensor, upper: torch.Tensor) -> None:
        self.low, self.high = lower[: card.num_arm_joints].clone(), upper[: card.num_arm_joints].clone()

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        return torch.minimum(torch.maximum(action, self.low), self.high)

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action that goes from qpos to target_qpos (N, dof). Shape: (N, arm)."""
        return self.targets(target_qpos[:, : len(self.low)], qpos)


class JointDelta:
    """pd_joint_delta_pos: target = current position + action * the card's `joint_delta`, action in [-1, 1].

    As in ManiSkill the change is added to where the joint is, not to its last target (`use_target=False`).
    """

    def __init__(self, card: RobotCard, lower: torch.Tensor, upper: torch.Tensor) -> None:
        self._scale = torch.as_tensor(card.joint_delta, dtype=torch.float32, device=lower.device).expand(
            card.num_arm_joints
        )
        self.low, self.high = -torch.ones_like(self._scale), torch.ones_like(self._scale)

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        return qpos[:, : len(self._scale)] + action.clamp(-1.0, 1.0) * self._scale

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action towards target_qpos (N, dof); one that is too far keeps its direction. Shape: (N, arm)."""
        arm = slice(0, len(self._scale))
        action = (target_qpos[:, arm] - qpos[:, arm]) / self._scale
        return action / action.abs().amax(dim=1, keepdim=True).clamp_min(1.0)
