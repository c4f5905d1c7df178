"""Arm actions in joint space, as ManiSkill's PDJointPosController (Apache-2.0)."""

from __future__ import annotations

import torch

from simgen.world.robot.card import RobotCard


class JointPosition:
    """pd_joint_pos: the action is the arm's target itself [rad], not normalised; its bounds are the joint limits."""

    def __init__(self, card: RobotCard, lower: torch.Tensor, upper: torch.Tensor) -> None:
        self._arm = card.arm
        self.low, self.high = lower[card.arm].clone(), upper[card.arm].clone()

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        return torch.minimum(torch.maximum(action, self.low), self.high)

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action that goes from qpos to target_qpos (N, dof). Shape: (N, arm)."""
        return self.targets(target_qpos[:, self._arm], qpos)


class JointDelta:
    """pd_joint_delta_pos: target = current position + action * the card's `joint_delta`, action in [-1, 1].

    As in ManiSkill the change is added to where the joint is, not to its last target (`use_target=False`).
    """

    def __init__(self, card: RobotCard, device: torch.device) -> None:
        self._arm, self._scale = card.arm, _per_joint(card, card.joint_delta, device)
        self.low, self.high = -torch.ones_like(self._scale), torch.ones_like(self._scale)

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        return qpos[:, self._arm] + action.clamp(-1.0, 1.0) * self._scale

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action towards target_qpos (N, dof); one that is too far keeps its direction. Shape: (N, arm)."""
        action = (target_qpos - qpos)[:, self._arm] / self._scale
        return action / action.abs().amax(dim=1, keepdim=True).clamp_min(1.0)


class JointOffset:
    """pd_joint_offset: target = the card's rest position + action * its `joint_offset`, action in [-1, 1].

    What legged robots are usually driven by: IsaacLab's JointPositionAction with `use_default_offset`, the "P" control
    of legged_gym. With action 0 the robot stands at rest.
    """

    def __init__(self, card: RobotCard, lower: torch.Tensor, upper: torch.Tensor) -> None:
        self._arm, self._scale = card.arm, _per_joint(card, card.joint_offset, lower.device)
        self._rest = torch.tensor(card.rest_qpos, device=lower.device)[card.arm]
        self._lower, self._upper = lower[card.arm], upper[card.arm]
        self.low, self.high = -torch.ones_like(self._scale), torch.ones_like(self._scale)

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the joints' targets, inside their limits [rad]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        wanted = self._rest + action.clamp(-1.0, 1.0) * self._scale
        return torch.minimum(torch.maximum(wanted, self._lower), self._upper)

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action that goes to target_qpos (N, dof), as far as it may. Shape: (N, arm)."""
        return ((target_qpos[:, self._arm] - self._rest) / self._scale).clamp(-1.0, 1.0)


class JointEffort:
    """effort: the force or torque on each joint is action * the card's `force_limit`, action in [-1, 1]."""

    def __init__(self, card: RobotCard, device: torch.device) -> None:
        self._scale = _per_joint(card, card.force_limit, device)
        self.low, self.high = -torch.ones_like(self._scale), torch.ones_like(self._scale)

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the efforts [N or N m]. Shapes: (N, arm), (N, dof) -> (N, arm)."""
        return action.clamp(-1.0, 1.0) * self._scale

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns no force: which one would lead to a place depends on the motion. Shape: (N, arm)."""
        return qpos.new_zeros(len(qpos), len(self._scale))


def _per_joint(card: RobotCard, value: float | list[float], device: torch.device) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float32, device=device).expand(card.num_arm_joints)
