"""The parts of a robot card: a bolted-on tool, a gripper, a base that drives, and the drives of joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
DriveMode = Literal["position", "velocity", "effort"]
# A joint that nothing drives resists by its damping alone, however large that gets.
UNLIMITED = 1e6


class CardPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttachedTool(CardPart):
    """A second URDF whose subtree below `root` is bolted to a link of the first."""

    urdf: str
    root: str
    to: str
    xyz: Vector3 = (0.0, 0.0, 0.0)
    rpy: Vector3 = (0.0, 0.0, 0.0)


class Mimic(CardPart):
    """A joint whose target follows another's: target = multiplier * other + offset."""

    joint: str
    multiplier: float = 1.0
    offset: float = 0.0


class GripperCard(CardPart):
    """The gripper's joints and what "open" and "closed" mean.

    Args:
        joints: In dof order, after the arm's joints; the first is driven by the action.
        mimic: Joints that follow the first.
        closed, open: Position target of the first joint at gripper action -1 and +1 [m or rad]. `closed` may lie
            beyond the limit, so that thin things are held with force.
        stiffness: [N/m or N m/rad]; damping: [N s/m or N m s/rad]; force_limit: [N or N m].
        as_joint: Whether the pd_joint modes treat the gripper as one more joint (absolute, or a delta of at most
            `joint_delta`), as ManiSkill does for the SO-100, instead of the normalised closed..open channel.
        joint_delta: Largest change of the target per step where `as_joint` [m or rad].
    """

    joints: Annotated[list[str], Field(min_length=1)]
    mimic: dict[str, Mimic] = {}
    closed: float
    open: float
    stiffness: NonNegative = 1000.0
    damping: NonNegative = 100.0
    force_limit: Positive = 100.0
    as_joint: bool = False
    joint_delta: Positive = 0.2

    @model_validator(mode="after")
    def _joints_are_driven(self) -> GripperCard:
        followers = set(self.joints[1:])
        if set(self.mimic) != followers:
            raise ValueError(f"mimic must name exactly the joints after the first: {sorted(followers)}")
        if {mimic.joint for mimic in self.mimic.values()} - {self.joints[0]}:
            raise ValueError(f"mimic joints must follow {self.joints[0]!r}")
        return self

    def share(self, position: torch.Tensor) -> torch.Tensor:
        """Returns how open a gripper is whose first joint is here [m or rad]: -1 closed .. 1 open."""
        return (2.0 * (position - self.closed) / (self.open - self.closed) - 1.0).clamp(-1.0, 1.0)


class EndEffectorDelta(CardPart):
    """What action 1 means in pd_ee_delta_pose, per control step: position [m] and rotation [rad]."""

    position: Positive = 0.1
    rotation: Positive = 0.1


class Wheel(CardPart):
    """A wheel of a driving base; it turns as it would if it rolled, and touches nothing.

    Args:
        joint: Turns the wheel forward where its velocity is positive.
        radius: [m]
        left: Of the middle of the base [m]; negative to the right.
    """

    joint: str
    radius: Positive
    left: float


class PlanarBase(CardPart):
    """A base that drives over the floor like one with two driven wheels: forward and about its axis.

    It moves on three joints of its URDF, along x, along y and about z, driven by velocity; they are the first in every
    qpos, and the root of the URDF stands still where the robot is put.

    Args:
        joints: Along x [m], along y [m], about z [rad].
        link: The link that they move.
        footprint: Lowest and highest corner of what it covers of the floor, in the frame of `link` [m].
        speed, turn: What action 1 means in base_velocity [m/s, rad/s].
        damping: Of the drives: force per error of the velocity [N s/m, N m s/rad].
        force_limit: [N, N m]
        armature: [kg, kg m^2]
        wheels: Those that turn, in dof order, after all other joints.
    """

    joints: tuple[str, str, str]
    link: str
    footprint: tuple[tuple[float, float], tuple[float, float]] = ((-0.3, -0.3), (0.3, 0.3))
    speed: Positive = 1.0
    turn: Positive = 3.14
    damping: Positive = 1000.0
    force_limit: Positive = 500.0
    armature: NonNegative = 0.1
    wheels: list[Wheel] = []


@dataclass(frozen=True)
class Drive:
    """The drive of one joint: stiffness [N m/rad or N/m], damping, force limit [N m or N] and armature.

    Args:
        mode: What it is told: a position to go to, a velocity to keep, or nothing: a force is applied then.
    """

    stiffness: float
    damping: float
    force_limit: float
    armature: float
    mode: DriveMode = "position"
