"""Arm actions as poses of the tool in the robot's base frame, as ManiSkill's PDEEPoseController (Apache-2.0).

Rotations in actions are Euler angles "XYZ" (Rx Ry Rz) as there. One oddity is kept so that policies, datasets and
parity tests carry over: ManiSkill 3 scales normalised rotations with its *lower* bound, so +1 turns by -0.1 rad.
"""

from __future__ import annotations

import math

import torch

from simgen.world.robot.card import RobotCard
from simgen.world.robot.kinematics import Kinematics
from simgen.world.rotation import conjugate, from_euler_xyz, multiply, to_euler_xyz

POSITION_BOUND = 2.0
ITERATIONS = 12


class _PoseChannel:
    def __init__(self, card: RobotCard, kinematics: Kinematics) -> None:
        self._arm, self._kinematics = card.arm, kinematics

    def _reach(self, position: torch.Tensor, quaternion: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Arm targets near qpos that bring the tool to a pose, or as close as a short descent gets."""
        return self._kinematics.inverse(position, quaternion, qpos, ITERATIONS, attempts=1).qpos[:, self._arm]


class PoseAbsolute(_PoseChannel):
    """pd_ee_pose: the action is the tool's pose itself: position [m], Euler angles XYZ [rad]; not normalised."""

    def __init__(self, card: RobotCard, kinematics: Kinematics) -> None:
        super().__init__(card, kinematics)
        bound = torch.tensor([POSITION_BOUND] * 3 + [2.0 * math.pi] * 3, device=kinematics.device)
        self.low, self.high = -bound, bound

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, 6), (N, dof) -> (N, arm)."""
        return self._reach(action[:, :3], from_euler_xyz(action[:, 3:]), qpos)

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the tool's pose at target_qpos (N, dof) as an action. Shape: (N, 6)."""
        position, quaternion = self._kinematics.forward(target_qpos)
        return torch.cat([position, to_euler_xyz(quaternion)], dim=1)


class PoseDelta(_PoseChannel):
    """pd_ee_delta_pose: a change of the tool's pose, along and about the axes of the base frame, action in [-1, 1].

    The position moves by action[:3] * 0.1 m. The rotation part is cut to length 1 and multiplied by -0.1 rad (see the
    module's docstring), then applied on the left. Both start from where the tool is, not from its last target.
    """

    def __init__(self, card: RobotCard, kinematics: Kinematics) -> None:
        super().__init__(card, kinematics)
        self._position_scale, self._rotation_scale = card.ee_delta.position, -card.ee_delta.rotation
        self.high = torch.ones(6, device=kinematics.device)
        self.low = -self.high

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's targets [rad]. Shapes: (N, 6), (N, dof) -> (N, arm)."""
        position, quaternion = self._kinematics.forward(qpos)
        angles = _at_most_one(action[:, 3:]) * self._rotation_scale
        position = position + action[:, :3].clamp(-1.0, 1.0) * self._position_scale
        return self._reach(position, multiply(from_euler_xyz(angles), quaternion), qpos)

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action towards the tool's pose at target_qpos (N, dof), shortened if too far. Shape: (N, 6)."""
        position, quaternion = self._kinematics.forward(qpos)
        target_position, target_quaternion = self._kinematics.forward(target_qpos)
        move = (target_position - position) / self._position_scale
        turn = to_euler_xyz(multiply(target_quaternion, conjugate(quaternion))) / self._rotation_scale
        return torch.cat([move / move.abs().amax(dim=1, keepdim=True).clamp_min(1.0), _at_most_one(turn)], dim=1)


def _at_most_one(vector: torch.Tensor) -> torch.Tensor:
    return vector / torch.linalg.vector_norm(vector, dim=1, keepdim=True).clamp_min(1.0)
