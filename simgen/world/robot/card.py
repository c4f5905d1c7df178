"""Robot cards: everything simgen knows about a robot beyond its URDF, as YAML in assets/robots/<name>.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from simgen.errors import BadInput, unknown
from simgen.paths import assets_dir

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttachedTool(_Part):
    """A second URDF whose subtree below `root` is bolted to a link of the first."""

    urdf: str
    root: str
    to: str
    xyz: Vector3 = (0.0, 0.0, 0.0)
    rpy: Vector3 = (0.0, 0.0, 0.0)


class Mimic(_Part):
    """A joint whose target follows another's: target = multiplier * other + offset."""

    joint: str
    multiplier: float = 1.0
    offset: float = 0.0


class GripperCard(_Part):
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


class EndEffectorDelta(_Part):
    """What action 1 means in pd_ee_delta_pose, per control step: position [m] and rotation [rad]."""

    position: Positive = 0.1
    rotation: Positive = 0.1


@dataclass(frozen=True)
class Drive:
    """The drive of one joint: stiffness [N m/rad or N/m], damping, force limit [N m or N] and armature."""

    stiffness: float
    damping: float
    force_limit: float
    armature: float


class RobotCard(_Part):
    """A robot.

    Args:
        name: As in `robot: {use: name}`.
        urdf: File below the robots folder of the mani_skill wheel.
        tool: A gripper from another URDF, bolted on.
        source, licence, licence_note: Where the files come from and what may be done with them.
        base_link: Root of the URDF.
        base_xyz, base_yaw: Default pose of the base in the world [m, rad].
        tcp_link, tcp_xyz, tcp_quaternion: The tool frame in a link [m, wxyz]: z points out of the gripper, y is the
            direction in which it closes, the origin is where an object is held.
        arm_joints: In dof order; the gripper's joints follow.
        gripper: None where the tool is a fixed part of the arm, e.g. a stick.
        rest_qpos: Where episodes start [rad or m], in dof order.
        stiffness [N m/rad], damping [N m s/rad], force_limit [N m], armature [kg m^2]: Drives of the arm.
        joint_delta: What action 1 means in pd_joint_delta_pos [rad]: one number or one per arm joint.
        ee_delta: The same for pd_ee_delta_pose.
        rotation_weight: How much inverse kinematics minds 1 rad of error, in metres of position error; small for arms
            with fewer than 6 joints, which cannot reach every pose.
        finger_links: Links that touch what is grasped, one per side: the first closes along +y of the tool frame or
            stays fixed. Empty without a gripper.
        finger_friction, link_friction: Sliding friction coefficients.
        self_collisions: Pairs of links that collide with each other; all other pairs of the robot's links do not.
        hull_visuals: Links drawn as the convex hull of their meshes, because those are full of hidden detail.
    """

    name: str
    description: str = ""
    urdf: str
    tool: AttachedTool | None = None
    source: str
    licence: str
    licence_note: str
    base_link: str
    base_xyz: Vector3 = (0.0, 0.0, 0.0)
    base_yaw: float = 0.0
    tcp_link: str
    tcp_xyz: Vector3 = (0.0, 0.0, 0.0)
    tcp_quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)
    arm_joints: Annotated[list[str], Field(min_length=1, max_length=8)]
    gripper: GripperCard | None = None
    rest_qpos: list[float]
    stiffness: NonNegative = 1000.0
    damping: NonNegative = 100.0
    force_limit: Positive = 100.0
    armature: NonNegative = 0.1
    gripper_armature: NonNegative = 0.1
    joint_delta: Positive | list[Positive] = 0.1
    ee_delta: EndEffectorDelta = EndEffectorDelta()
    rotation_weight: Positive = 0.3
    finger_links: tuple[str, ...] = ()
    finger_friction: NonNegative = 2.0
    link_friction: NonNegative = 1.0
    self_collisions: list[tuple[str, str]] = []
    hull_visuals: list[str] = []

    @model_validator(mode="after")
    def _lengths_agree(self) -> RobotCard:
        if len(self.rest_qpos) != self.dof:
            raise ValueError(f"rest_qpos has {len(self.rest_qpos)} numbers for {self.dof} joints")
        if isinstance(self.joint_delta, list) and len(self.joint_delta) != len(self.arm_joints):
            raise ValueError(f"joint_delta has {len(self.joint_delta)} numbers for {len(self.arm_joints)} arm joints")
        fingers = 0 if self.gripper is None else 2
        if len(self.finger_links) != fingers:
            gripper = "without" if self.gripper is None else "with"
            raise ValueError(f"finger_links has {len(self.finger_links)} names; {gripper} a gripper it has {fingers}")
        if abs(np.linalg.norm(self.tcp_quaternion) - 1.0) > 1e-3:
            raise ValueError("tcp_quaternion must have length 1")
        return self

    @property
    def joint_names(self) -> tuple[str, ...]:
        """All driven joints in dof order: the arm's, then the gripper's."""
        return (*self.arm_joints, *(self.gripper.joints if self.gripper else ()))

    @property
    def dof(self) -> int:
        """Number of driven joints."""
        return len(self.joint_names)

    @property
    def num_arm_joints(self) -> int:
        """Number of arm joints; they are the first in every qpos."""
        return len(self.arm_joints)

    @property
    def drives(self) -> tuple[Drive, ...]:
        """The drives of all driven joints in dof order."""
        arm = Drive(self.stiffness, self.damping, self.force_limit, self.armature)
        if self.gripper is None:
            return (arm,) * self.dof
        hand = Drive(self.gripper.stiffness, self.gripper.damping, self.gripper.force_limit, self.gripper_armature)
        return (*(arm for _ in self.arm_joints), *(hand for _ in self.gripper.joints))


def list_robots() -> list[str]:
    """Returns the names of the robots that have a card."""
    return sorted(path.stem for path in _cards_dir().glob("*.yaml"))


@cache
def load_card(name: str) -> RobotCard:
    """Reads the card of a robot.

    Raises:
        BadInput: If there is no such robot (with the nearest name), or its card is wrong.
    """
    path = _cards_dir() / f"{name}.yaml"
    if name not in list_robots():
        raise unknown("robot", name, list_robots())
    return read_card(path)


def read_card(path: Path) -> RobotCard:
    """Reads a card from a file.

    Raises:
        BadInput: If the file is not YAML or a field is missing, unknown or wrong.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return RobotCard.model_validate(content)
    except yaml.YAMLError as error:
        raise BadInput(f"{path.name}: not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(step) for step in problem['loc']) or 'card'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise BadInput(f"{path.name}: {problems}") from error


def _cards_dir() -> Path:
    return assets_dir() / "robots"
