"""What one world holds in one episode (`Scene`), engine-neutral; what all worlds share is in slots.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simgen.world.navigation.grid import Grid
from simgen.world.scene.model import PartJoint


@dataclass(frozen=True)
class Push:
    """Horizontal pushes at random times, each for one control step.

    Args:
        force: [N].
        interval: Mean time between two [s].
    """

    force: float
    interval: float


@dataclass(frozen=True, eq=False)
class Hanging:
    """How a part of an articulated object hangs on its parent in one episode.

    Args:
        joint: Sizes and limits, at the object's scale.
        start: Joint position at the start [rad or m].
    """

    joint: PartJoint
    start: float


@dataclass(frozen=True, eq=False)
class Body:
    """What stands in one slot in one episode.

    Args:
        candidate: Index into the slot's candidates.
        position: Of the object's frame in the world [m]. Shape: (3,).
        quaternion: wxyz. Shape: (4,).
        scale: Factor on the model's size, per axis. Shape: (3,).
        mass: [kg], or None for the model's volume times `density`.
        density: [kg/m^3].
        friction: Coulomb coefficient.
        restitution: 0..1.
        color: Linear RGB 0..1.
        texture: Name of a texture, or None.
        color_name: The word for the colour, for instructions.
        center_offset: Of the centre of mass from that of an even solid, in the object's frame [m]. Shape: (3,).
        push: How it is pushed, or None.
        hanging: For a part of an articulated object: its joint. `position` and `quaternion` are those at the start.
        track: Of a fixed body that walks: x, y [m] and heading [rad] at the start and after each control step; it keeps
            its height. Shape: (steps + 1, 3).
    """

    candidate: int
    position: np.ndarray
    quaternion: np.ndarray
    scale: np.ndarray = field(default_factory=lambda: np.ones(3))
    mass: float | None = None
    density: float = 1000.0
    friction: float = 1.0
    restitution: float = 0.0
    color: tuple[float, float, float] = (0.5, 0.5, 0.5)
    texture: str | None = None
    color_name: str = ""
    center_offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    push: Push | None = None
    hanging: Hanging | None = None
    track: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class CameraView:
    """Where a camera looks from in one episode: `eye` and `look_at` in the frame of its mount, or of the world.

    Args:
        eye, look_at, up: [m]; the camera looks from `eye` to `look_at`. Shape: (3,) each.
        fov: Vertical field of view [rad].
    """

    eye: np.ndarray
    look_at: np.ndarray
    up: np.ndarray
    fov: float


@dataclass(frozen=True, eq=False)
class Light:
    """One directional light and what is everywhere.

    Args:
        direction: Towards the light; need not be of unit length. Shape: (3,).
        intensity: Of the directional light, 1 is daylight in the lab.
        color: Linear RGB of the directional light.
        ambient: Share of light that comes from everywhere.
        background: Linear RGB where nothing is hit.
    """

    direction: np.ndarray
    intensity: float = 1.0
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.35
    background: tuple[float, float, float] = (0.72, 0.78, 0.85)


@dataclass(frozen=True, eq=False)
class RobotSetup:
    """The robot in one episode.

    Args:
        qpos: Joint positions at the start, in the card's joint order [rad or m]. Shape: (dof,).
        stiffness_scale, damping_scale: Factors on the card's gains.
        armature_scale, friction_scale: Factors on the card's armature and on the fingers' friction.
        joint_friction: Dry friction of each arm joint [N m].
        force_scale: Factor on the force limits of the card's drives.
        delay: How late actions are [control steps].
        push: How its tool is pushed, or None.
        command: Velocity that it is asked for: forward, left [m/s], yaw rate [rad/s].
    """

    qpos: np.ndarray
    stiffness_scale: float = 1.0
    damping_scale: float = 1.0
    armature_scale: float = 1.0
    friction_scale: float = 1.0
    joint_friction: float = 0.0
    force_scale: float = 1.0
    delay: int = 0
    push: Push | None = None
    command: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Place:
    """What a mobile robot finds in an episode.

    Args:
        occupancy: Map of what stands still.
        start: Of the robot: x, y [m] and heading [rad]. Shape: (3,).
        goals: Where things stand that are placed in free space, by name [m]. Shape of each: (2,).
    """

    occupancy: Grid
    start: np.ndarray
    goals: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that one world holds in one episode; a function of the spec and the episode's seed alone.

    Args:
        seed: The episode's seed.
        robot: Its joints and gains.
        bodies: One for each slot of the layout.
        cameras: One for each camera of the layout.
        light: Light and background.
        gravity: [m/s^2], along z.
        table_color, table_texture, ground_color, ground_texture: Looks of what is always there.
        table_friction: Coulomb coefficient of the table top and the ground.
        instruction: What the robot is told.
        stages: Name and instruction of each stage of a chained task.
        values: Everything that was drawn, by path in the spec, JSON-able.
        place: Where a mobile robot is, or None.
    """

    seed: int
    robot: RobotSetup
    bodies: tuple[Body, ...]
    cameras: tuple[CameraView, ...]
    light: Light
    gravity: float = -9.81
    table_color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    table_texture: str | None = "wood"
    ground_color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ground_texture: str | None = "concrete"
    table_friction: float = 1.0
    instruction: str = ""
    stages: tuple[tuple[str, str], ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None
