"""An action mode: arm channel + gripper channel. Names, bounds and scaling are ManiSkill's controllers'."""

from __future__ import annotations

from typing import Protocol

import torch
from jaxtyping import Float

from simgen.errors import unknown
from simgen.world.robot.card import GripperCard, RobotCard
from simgen.world.robot.control.gripper import GripperChannel
from simgen.world.robot.control.joint import JointDelta, JointPosition
from simgen.world.robot.control.pose import PoseAbsolute, PoseDelta
from simgen.world.robot.kinematics import Kinematics

ACTION_MODES = ("pd_joint_pos", "pd_joint_delta_pos", "pd_ee_pose", "pd_ee_delta_pose")


class ArmChannel(Protocol):
    """The part of an action that moves the arm; bounds have shape (channel,)."""

    low: torch.Tensor
    high: torch.Tensor

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the arm's joint targets. Shapes: (N, channel), (N, dof) -> (N, arm)."""
        ...

    def encode(self, qpos: torch.Tensor, target_qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action that goes from qpos towards target_qpos, both (N, dof). Shape: (N, channel)."""
        ...


class Actions(Protocol):
    """The numbers of an action: how many, their bounds (dim,), and whether the last one is a gripper's."""

    name: str
    dim: int
    low: torch.Tensor
    high: torch.Tensor
    has_gripper: bool

    def action_to_reach(self, qpos: torch.Tensor, target_qpos: torch.Tensor, opening: torch.Tensor) -> torch.Tensor:
        """Returns the action that goes from qpos (N, dof) towards target_qpos, gripper (N,) 0 closed .. 1 open."""
        ...


class ActionMode:
    """What actions mean for one robot; for up to `kinematics.num_problems` worlds.

    No mode keeps state: deltas start from where the robot is (ManiSkill's `use_target=False`).

    Attributes:
        name: One of ACTION_MODES.
        dim: Numbers per action: the arm's, then one for the gripper if there is one.
        low, high: Bounds. Shape: (dim,). -1 and 1 where the mode is normalised; pd_joint_pos has the joint limits and
            pd_ee_pose +-2 m and +-2 pi rad, as in ManiSkill.
    """

    def __init__(self, name: str, arm: ArmChannel, gripper: GripperChannel | None) -> None:
        self.name = name
        self._arm, self._gripper = arm, gripper
        self.has_gripper = gripper is not None
        self.low, self.high = arm.low, arm.high
        if gripper is not None:
            self.low, self.high = (
                torch.cat([bound, bound.new_tensor([end])])
                for bound, end in ((arm.low, gripper.low), (arm.high, gripper.high))
            )
        self.dim = len(self.low)

    def targets(
        self, action: Float[torch.Tensor, "N dim"], qpos: Float[torch.Tensor, "N dof"]
    ) -> Float[torch.Tensor, "N dof"]:
        """Turns actions into joint position targets.

        Args:
            action: Values beyond `low` and `high` are clipped (pd_ee_pose: as they are).
            qpos: Where the joints are now [rad or m].

        Returns:
            Targets of all joints, in the card's order [rad or m].
        """
        if self._gripper is None:
            return self._arm.targets(action, qpos)
        arm = self._arm.targets(action[:, :-1], qpos)
        return torch.cat([arm, self._gripper.targets(action[:, -1], qpos)], dim=1)

    def action_to_reach(
        self,
        qpos: Float[torch.Tensor, "N dof"],
        target_qpos: Float[torch.Tensor, "N dof"],
        opening: Float[torch.Tensor, " N"],
    ) -> Float[torch.Tensor, "N dim"]:
        """The inverse of `targets`: the action that goes from qpos towards target_qpos, inside the bounds.

        Args:
            qpos: Where the joints are now.
            target_qpos: Where the arm should be; its gripper part is ignored.
            opening: Of the gripper, 0 closed .. 1 open.

        Returns:
            Actions. The delta modes move in the right direction as far as one step may.
        """
        arm = self._arm.encode(qpos, target_qpos)
        if self._gripper is None:
            return arm
        return torch.cat([arm, self._gripper.encode(opening, qpos)[:, None]], dim=1)


def make_action_mode(name: str, card: RobotCard, kinematics: Kinematics) -> ActionMode:
    """Builds an action mode on the device of the kinematics.

    Raises:
        BadInput: If there is no such mode.
    """
    if name not in ACTION_MODES:
        raise unknown("control mode", name, ACTION_MODES)
    lower, upper = kinematics.lower, kinematics.upper
    gripper = None if card.gripper is None else GripperChannel(card, _gripper_kind(name, card.gripper), lower, upper)
    if name == "pd_joint_pos":
        return ActionMode(name, JointPosition(card, lower, upper), gripper)
    if name == "pd_joint_delta_pos":
        return ActionMode(name, JointDelta(card, lower, upper), gripper)
    if name == "pd_ee_pose":
        return ActionMode(name, PoseAbsolute(card, kinematics), gripper)
    return ActionMode(name, PoseDelta(card, kinematics), gripper)


def _gripper_kind(name: str, gripper: GripperCard) -> str:
    if gripper.as_joint and name in ("pd_joint_pos", "pd_joint_delta_pos"):
        return "absolute" if name == "pd_joint_pos" else "delta"
    return "opening"
