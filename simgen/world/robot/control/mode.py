"""An action mode: base, arm and gripper channel. Names, bounds and scaling are those of ManiSkill's controllers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float

from simgen.errors import BadInput, unknown
from simgen.world.robot.card import GripperCard, RobotCard
from simgen.world.robot.control.base import BaseVelocity
from simgen.world.robot.control.gripper import GripperChannel
from simgen.world.robot.control.joint import JointDelta, JointEffort, JointOffset, JointPosition
from simgen.world.robot.control.pose import PoseAbsolute, PoseDelta
from simgen.world.robot.kinematics import Kinematics

POSE_MODES = ("pd_ee_pose", "pd_ee_delta_pose")
ARM_MODES = ("pd_joint_pos", "pd_joint_delta_pos", *POSE_MODES)
ACTION_MODES = (*ARM_MODES, "pd_joint_offset", "base_velocity", "effort")
_POSE_NAMES = ("x", "y", "z", "rotation_x", "rotation_y", "rotation_z")
_BASE_NAMES = ("forward", "turn")


@dataclass(frozen=True, eq=False)
class JointTargets:
    """What the drives of all joints are told, in the card's order; each drive heeds what its mode is about.

    Args:
        position: [rad or m]. Shape: (N, dof).
        velocity: [rad/s or m/s]; None: 0. Shape: (N, dof).
        effort: [N m or N]; None: 0. Shape: (N, dof).
    """

    position: torch.Tensor
    velocity: torch.Tensor | None = None
    effort: torch.Tensor | None = None


class ArmChannel(Protocol):
    """The part of an action that moves the arm; bounds have shape (channel,)."""

    low: torch.Tensor
    high: torch.Tensor

    def targets(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns what the arm's drives are told. Shapes: (N, channel), (N, dof) -> (N, arm)."""
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

    No mode keeps state: deltas start from where the robot is (ManiSkill's `use_target=False`). A base that drives
    stands still in all modes but base_velocity.

    Args:
        name: One of ACTION_MODES.
        card: The robot.
        base, arm, gripper: The parts of an action, in this order; None for what it does not move.
        device: Where actions are.

    Attributes:
        dim: Numbers per action.
        names: What each of them moves.
        low, high: Bounds. Shape: (dim,). -1 and 1 where the mode is normalised; pd_joint_pos has the joint limits and
            pd_ee_pose +-2 m and +-2 pi rad, as in ManiSkill.
    """

    def __init__(
        self,
        name: str,
        card: RobotCard,
        base: BaseVelocity | None,
        arm: ArmChannel | None,
        gripper: GripperChannel | None,
        device: torch.device,
    ) -> None:
        self.name, self._card = name, card
        self._base, self._arm, self._gripper = base, arm, gripper
        self.has_gripper = gripper is not None
        ends = [(channel.low, channel.high) for channel in (base, arm, gripper) if channel is not None]
        self.low, self.high = (
            torch.cat([torch.as_tensor(end, dtype=torch.float32, device=device).reshape(-1) for end in side])
            for side in zip(*ends, strict=True)
        )
        self.dim = len(self.low)
        joints = _POSE_NAMES if name in POSE_MODES else card.arm_joints if arm is not None else ()
        self.names = (*(_BASE_NAMES if base else ()), *joints, *(("gripper",) if gripper else ()))

    def targets(self, action: Float[torch.Tensor, "N dim"], qpos: Float[torch.Tensor, "N dof"]) -> JointTargets:
        """Turns actions into what the drives are told.

        Args:
            action: Values beyond `low` and `high` are clipped (pd_ee_pose: as they are).
            qpos: Where the joints are now [rad or m].

        Returns:
            Targets of all joints, in the card's order.
        """
        driving, moving, gripping = self._split(action)
        position, velocity, effort = qpos.clone(), None, None
        if self._base is not None:
            velocity = self._base.velocities(driving, qpos)
        if self._arm is not None:
            told = self._arm.targets(moving, qpos)
            if self._card.drive == "effort":
                effort = torch.zeros_like(qpos)
                effort[:, self._card.arm] = told
            else:
                position[:, self._card.arm] = told
        if self._gripper is not None:
            position[:, self._card.hand] = self._gripper.targets(gripping[:, 0], qpos)
        return JointTargets(position, velocity, effort)

    def opening(self, action: Float[torch.Tensor, "N dim"], qpos: Float[torch.Tensor, "N dof"]) -> torch.Tensor:
        """Returns what the gripper is told by actions that start from qpos: -1 closed .. 1 open. Shape: (N,)."""
        assert self._gripper is not None, f"{self._card.name} has no gripper"
        assert self._card.gripper is not None
        return self._card.gripper.share(self._gripper.targets(self._split(action)[2][:, 0], qpos)[:, 0])

    def _split(self, action: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        base, gripper = 0 if self._base is None else 2, int(self.has_gripper)
        first, second, third = action.split([base, self.dim - base - gripper, gripper], dim=1)
        return first, second, third

    def action_to_reach(
        self,
        qpos: Float[torch.Tensor, "N dof"],
        target_qpos: Float[torch.Tensor, "N dof"],
        opening: Float[torch.Tensor, " N"],
    ) -> Float[torch.Tensor, "N dim"]:
        """The inverse of `targets`: the action that goes from qpos towards target_qpos, inside the bounds.

        Args:
            qpos: Where the joints are now.
            target_qpos: Where the arm should be; its base and gripper parts are ignored.
            opening: Of the gripper, 0 closed .. 1 open.

        Returns:
            Actions. The delta modes move in the right direction as far as one step may; a base stays.
        """
        parts = []
        if self._base is not None:
            parts.append(self._base.encode(qpos))
        if self._arm is not None:
            parts.append(self._arm.encode(qpos, target_qpos))
        if self._gripper is not None:
            parts.append(self._gripper.encode(opening, qpos)[:, None])
        return torch.cat(parts, dim=1)


def modes_of(card: RobotCard) -> tuple[str, ...]:
    """Returns the action modes that a robot knows."""
    if card.drive == "effort":
        return ("effort",)
    arm = ("pd_joint_pos", "pd_joint_delta_pos", "pd_joint_offset") if card.arm_joints else ()
    tool = POSE_MODES if card.tcp_link is not None else ()
    return (*arm, *tool, *(("base_velocity",) if card.planar_base else ()))


def require_mode(name: str, card: RobotCard) -> None:
    """Checks that a robot knows an action mode.

    Raises:
        BadInput: If there is no such mode, or the robot cannot be driven so.
    """
    if name not in ACTION_MODES:
        raise unknown("control mode", name, ACTION_MODES)
    if name not in modes_of(card):
        raise BadInput(
            f"robot.control: the robot {card.name} cannot be driven by {name!r}. Allowed: {', '.join(modes_of(card))}."
        )


def make_action_mode(name: str, card: RobotCard, kinematics: Kinematics) -> ActionMode:
    """Builds an action mode on the device of the kinematics.

    Raises:
        BadInput: If there is no such mode, or the robot cannot be driven so.
    """
    require_mode(name, card)
    lower, upper, device = kinematics.lower, kinematics.upper, kinematics.device
    gripper = None if card.gripper is None else GripperChannel(card, _gripper_kind(name, card.gripper), lower, upper)
    base = None
    if name == "base_velocity" and card.planar_base is not None:
        base = BaseVelocity(card.planar_base, card.dof, device)
    arm = _arm_channel(name, card, kinematics) if card.arm_joints else None
    return ActionMode(name, card, base, arm, gripper, device)


def _arm_channel(name: str, card: RobotCard, kinematics: Kinematics) -> ArmChannel:
    lower, upper, device = kinematics.lower, kinematics.upper, kinematics.device
    if name == "pd_joint_pos":
        return JointPosition(card, lower, upper)
    if name == "pd_joint_offset":
        return JointOffset(card, lower, upper)
    if name == "pd_ee_pose":
        return PoseAbsolute(card, kinematics)
    if name == "pd_ee_delta_pose":
        return PoseDelta(card, kinematics)
    if name == "effort":
        return JointEffort(card, device)
    return JointDelta(card, device)


def _gripper_kind(name: str, gripper: GripperCard) -> str:
    if gripper.as_joint and name in ("pd_joint_pos", "pd_joint_delta_pos"):
        return "absolute" if name == "pd_joint_pos" else "delta"
    return "opening"
