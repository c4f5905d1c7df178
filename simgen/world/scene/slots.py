"""What all worlds of an engine's model share: places for objects, cameras, the robot (`Layout`), engine-neutral."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from simgen.spec.camera import DerivedOutput, NativeOutput
from simgen.world.scene.model import JointKind, ObjectModel, PartJoint

Motion = Literal["dynamic", "fixed", "marker"]
CameraOutput = NativeOutput


@dataclass(frozen=True, eq=False)
class BodySlot:
    """A place for an object that every world has, and everything that may stand in it.

    Args:
        name: As in the spec, e.g. "cube".
        motion: "dynamic" moves and collides; "fixed" collides and stays where its scene put it; "marker" is drawn.
        candidates: The models that a scene may choose from.
        semantic_class: Name for the segmentation map.
        parent: For a part of an articulated object: name of the slot that carries it, which comes before it.
        joints: For such a part: how it moves in its parent, for each candidate at scale 1; all of one kind.
        scenery: Whether it belongs to the place and stands still, so that nothing of it is recorded step by step.
        texture_size: Side of what a texture shows [m].
    """

    name: str
    motion: Motion
    candidates: tuple[ObjectModel, ...]
    semantic_class: str
    parent: str | None = None
    joints: tuple[PartJoint, ...] = ()
    scenery: bool = False
    texture_size: float = 0.12

    @property
    def joint(self) -> JointKind | None:
        """How a part of an articulated object moves; None for what hangs on nothing."""
        return self.joints[0].kind if self.joints else None


@dataclass(frozen=True)
class CameraSlot:
    """A camera that every world has.

    Args:
        name: As in the spec.
        width, height: Image size [px].
        outputs: Which images the engine makes.
        mount: Link of the robot or body that carries it, or None for one that stands in the world.
        near, far: Clipping distances [m].
        derived: Which images are worked out from depth, segmentation and poses.
        hidden: Those of `outputs` that nobody asked for: only `derived` needs them.
    """

    name: str
    width: int
    height: int
    outputs: tuple[CameraOutput, ...]
    mount: str | None = None
    near: float = 0.01
    far: float = 100.0
    derived: tuple[DerivedOutput, ...] = ()
    hidden: frozenset[CameraOutput] = frozenset()


@dataclass(frozen=True, eq=False)
class Layout:
    """What all worlds of one engine model share.

    Args:
        robot: Name of the robot card.
        robot_position: Of its base in the world [m].
        robot_yaw: Turn of its base about z [rad].
        bodies: Slots for objects, in the order of the spec.
        cameras: Cameras.
        table: Object model of the table, or None.
        ground_height: Height of the floor [m].
        ground_class: Semantic class of the floor in the segmentation map.
        triangles_per_link: Budget of the render meshes.
        shadows, textures: What the renderer draws.
        samples: Samples per pixel and axis for colour.
        impratio: Stiffness of friction over that of the contact normal, where an engine has it.
        contacts_per_world, constraints_per_world: Capacities; None: the engine estimates what the objects can need.
    """

    robot: str
    robot_position: tuple[float, float, float]
    robot_yaw: float
    bodies: tuple[BodySlot, ...]
    cameras: tuple[CameraSlot, ...]
    table: ObjectModel | None
    ground_height: float
    ground_class: str = "ground"
    triangles_per_link: int = 2000
    shadows: bool = True
    textures: bool = True
    samples: int = 1
    impratio: float = 10.0
    contacts_per_world: int | None = None
    constraints_per_world: int | None = None

    @property
    def robot_pose(self) -> np.ndarray:
        """Where the robot's base begins: position [m] and quaternion wxyz. Shape: (7,)."""
        half = 0.5 * self.robot_yaw
        return np.array([*self.robot_position, np.cos(half), 0.0, 0.0, np.sin(half)])

    def slot(self, name: str) -> int:
        """Returns the index of the body slot called `name`."""
        return next(index for index, slot in enumerate(self.bodies) if slot.name == name)

    def members(self, index: int) -> tuple[int, ...]:
        """Returns the index of an object's slot and those of its parts, each after the one that carries it."""
        name = self.bodies[index].name
        parts = (i for i, slot in enumerate(self.bodies) if slot.parent and slot.name.partition(".")[0] == name)
        return (index, *parts)

    @property
    def joints(self) -> tuple[int, ...]:
        """Indices of the body slots that hang on a joint, in the order of the scene's joints."""
        return tuple(index for index, slot in enumerate(self.bodies) if slot.joint is not None)
