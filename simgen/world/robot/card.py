"""Robot cards: everything simgen knows about a robot beyond its URDF, as YAML in assets/robots/<name>.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import yaml
from pydantic import Field, ValidationError, model_validator

from simgen.errors import BadInput, unknown
from simgen.paths import assets_dir
from simgen.world.robot.card_parts import (
    UNLIMITED,
    AttachedTool,
    CardPart,
    Drive,
    DriveMode,
    EndEffectorDelta,
    GripperCard,
    NonNegative,
    PlanarBase,
    Positive,
    Quaternion,
    Vector3,
)

__all__ = ["GripperCard", "PlanarBase", "RobotCard", "list_robots", "load_card", "read_card"]

_Each = NonNegative | list[NonNegative]
WHEEL = Drive(0.0, 1.0, 20.0, 0.01, "velocity")  # follows the base; strong enough never to lag behind it


class RobotCard(CardPart):
    """A robot.

    Args:
        name: As in `robot: {use: name}`.
        urdf: File below assets/robots, or below the robots folder of the mani_skill wheel.
        tool: A gripper from another URDF, bolted on.
        source, licence, licence_note: Where the files come from and what may be done with them.
        base: "fixed" is bolted to the world, "floating" stands on its own feet, a PlanarBase drives over the floor.
        base_link: Root of the URDF; with `mount_rpy`, a link of this name that is added.
        mount_rpy: Turn with which the URDF's own root is bolted to that link [rad], e.g. to hold a hand palm up.
        base_xyz, base_yaw: Default pose of the root in the world [m, rad].
        weightless: Whether the robot carries its own weight, as arms whose drives compensate for gravity do.
        tcp_link, tcp_xyz, tcp_quaternion: The tool frame in a link [m, wxyz]: z points out of the gripper, y is the
            direction in which it closes, the origin is where an object is held. No link: no tool, e.g. a quadruped.
        arm_joints: In dof order, after the base's: those of an arm (a torso and a head included), of legs, of fingers.
        drive: What the arm's drives are told; "effort" applies forces and has no stiffness.
        passive_joints: In dof order, after the arm's: what nothing drives.
        gripper: None where the tool is a fixed part of the arm, e.g. a stick. Its joints follow.
        rest_qpos: Where episodes start [rad or m], in dof order.
        stiffness [N m/rad], damping [N m s/rad], force_limit [N m], armature [kg m^2]: Drives of the arm: one number or
            one per arm joint.
        passive_damping: Of the passive joints [N m s/rad].
        joint_delta: What action 1 means in pd_joint_delta_pos [rad]: one number or one per arm joint.
        joint_offset: What action 1 means in pd_joint_offset [rad], likewise.
        ee_delta: The same for pd_ee_delta_pose.
        rotation_weight: How much inverse kinematics minds 1 rad of error, in metres of position error; small for arms
            with fewer than 6 joints, which cannot reach every pose.
        finger_links: Links that touch what is grasped, one per side: the first closes along +y of the tool frame or
            stays fixed. Empty without a gripper.
        push_link: What `randomize.robot.push` pushes; None: the tool's link or, without a tool, the body's.
        tip_links: Feet and finger tips of robots without a gripper: what else has `finger_friction`.
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
    base: Literal["fixed", "floating"] | PlanarBase = "fixed"
    base_link: str
    mount_rpy: Vector3 | None = None
    base_xyz: Vector3 = (0.0, 0.0, 0.0)
    base_yaw: float = 0.0
    weightless: bool = True
    tcp_link: str | None = None
    tcp_xyz: Vector3 = (0.0, 0.0, 0.0)
    tcp_quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)
    arm_joints: Annotated[list[str], Field(max_length=64)] = []
    drive: DriveMode = "position"
    passive_joints: list[str] = []
    gripper: GripperCard | None = None
    rest_qpos: list[float]
    stiffness: _Each = 1000.0
    damping: _Each = 100.0
    force_limit: Positive | list[Positive] = 100.0
    armature: _Each = 0.1
    passive_damping: NonNegative = 0.0
    gripper_armature: NonNegative = 0.1
    joint_delta: Positive | list[Positive] = 0.1
    joint_offset: Positive | list[Positive] = 0.25
    ee_delta: EndEffectorDelta = EndEffectorDelta()
    rotation_weight: Positive = 0.3
    finger_links: tuple[str, ...] = ()
    push_link: str | None = None
    tip_links: tuple[str, ...] = ()
    finger_friction: NonNegative = 2.0
    link_friction: NonNegative = 1.0
    self_collisions: list[tuple[str, str]] = []
    hull_visuals: list[str] = []

    @model_validator(mode="after")
    def _lengths_agree(self) -> RobotCard:
        if self.dof == 0:
            raise ValueError("names no joint; give arm_joints or a base that drives")
        if len(self.rest_qpos) != self.dof:
            raise ValueError(f"rest_qpos has {len(self.rest_qpos)} numbers for {self.dof} joints")
        for name in ("stiffness", "damping", "force_limit", "armature", "joint_delta", "joint_offset"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) != len(self.arm_joints):
                raise ValueError(f"{name} has {len(value)} numbers for {len(self.arm_joints)} arm joints")
        fingers = 0 if self.gripper is None else 2
        if len(self.finger_links) != fingers:
            gripper = "without" if self.gripper is None else "with"
            raise ValueError(f"finger_links has {len(self.finger_links)} names; {gripper} a gripper it has {fingers}")
        if self.base == "floating" and self.weightless:
            raise ValueError("a floating robot has weight; write `weightless: false`")
        if abs(np.linalg.norm(self.tcp_quaternion) - 1.0) > 1e-3:
            raise ValueError("tcp_quaternion must have length 1")
        return self

    @property
    def planar_base(self) -> PlanarBase | None:
        """The base that drives, if there is one."""
        return self.base if isinstance(self.base, PlanarBase) else None

    @property
    def is_floating(self) -> bool:
        """Whether its root moves freely."""
        return self.base == "floating"

    @property
    def body_link(self) -> str:
        """The link whose motion is the robot's own: what drives, floats, or stands."""
        return self.base.link if isinstance(self.base, PlanarBase) else self.base_link

    @property
    def joint_names(self) -> tuple[str, ...]:
        """All joints in dof order: the base's, the arm's, the passive ones, the gripper's, the wheels'."""
        base = self.planar_base
        return (
            *(base.joints if base else ()),
            *self.arm_joints,
            *self.passive_joints,
            *(self.gripper.joints if self.gripper else ()),
            *(wheel.joint for wheel in (base.wheels if base else ())),
        )

    @property
    def dof(self) -> int:
        """Number of joints that move."""
        return len(self.joint_names)

    @property
    def num_arm_joints(self) -> int:
        """Number of arm joints; `arm` says where they are in a qpos."""
        return len(self.arm_joints)

    @property
    def arm(self) -> slice:
        """Where the arm's joints are in a qpos."""
        start = 3 if self.planar_base else 0
        return slice(start, start + len(self.arm_joints))

    @property
    def hand(self) -> slice:
        """Where the gripper's joints are in a qpos; empty without one."""
        start = self.arm.stop + len(self.passive_joints)
        return slice(start, start + (len(self.gripper.joints) if self.gripper else 0))

    @property
    def rubbing_links(self) -> tuple[str, ...]:
        """The links that have `finger_friction`."""
        return self.finger_links + self.tip_links

    @property
    def drives(self) -> tuple[Drive, ...]:
        """The drives of all joints in dof order."""
        arm = zip(*(self._each(value) for value in (self.stiffness, self.damping, self.force_limit, self.armature)),
                  strict=True)  # fmt: skip
        drives = [Drive(*numbers, mode=self.drive) for numbers in arm]
        drives += [Drive(0.0, self.passive_damping, UNLIMITED, 0.0, "velocity") for _ in self.passive_joints]
        if self.gripper is not None:
            hand = self.gripper
            drive = Drive(hand.stiffness, hand.damping, hand.force_limit, self.gripper_armature)
            drives += [drive for _ in hand.joints]
        base = self.planar_base
        if base is None:
            return tuple(drives)
        wheels = [WHEEL for _ in base.wheels]
        return (*[Drive(0.0, base.damping, base.force_limit, base.armature, "velocity")] * 3, *drives, *wheels)

    def _each(self, value: float | list[float]) -> list[float]:
        return value if isinstance(value, list) else [value] * len(self.arm_joints)


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
