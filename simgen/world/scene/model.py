"""What a scene is made of, engine-neutral: meshes, colliders, objects with mass. NumPy only, SI units, z up, wxyz."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

ColliderKind = Literal["box", "cylinder", "sphere", "capsule", "mesh"]
JointKind = Literal["revolute", "prismatic"]
PART_ARMATURE = 1e-4  # of the joints of articulated objects [kg or kg m^2]; levers weigh next to nothing


@dataclass(frozen=True, eq=False)
class TriangleMesh:
    """A surface to draw or to collide with.

    Args:
        vertices: Corner positions [m]. Shape: (V, 3), float32.
        faces: Corner indices, counter-clockwise seen from outside. Shape: (F, 3), int32.
        normals: Unit normals per vertex. Shape: (V, 3), float32.
        colors: Linear base colours per vertex in 0..1, or None for the instance's colour. Shape: (V, 3), float32.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    colors: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Collider:
    """One convex piece of an object's collision shape.

    Args:
        kind: Which primitive.
        size: Full extents [m]: box (x, y, z); cylinder and capsule (radius, height of the straight part, along z);
            sphere (radius,); mesh ().
        mesh: The convex mesh where kind is "mesh".
        position: Of the piece in the object's frame [m]. Shape: (3,).
        quaternion: Of the piece in the object's frame, wxyz. Shape: (4,).
    """

    kind: ColliderKind
    size: tuple[float, ...] = ()
    mesh: TriangleMesh | None = None
    position: np.ndarray = field(default_factory=lambda: np.zeros(3))
    quaternion: np.ndarray = field(default_factory=lambda: np.array([1.0, 0.0, 0.0, 0.0]))


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """A thing that can be placed in a scene, at scale 1 and density 1.

    Args:
        key: Hash of everything below; equal keys are equal objects.
        kind: What it is called, e.g. "box" or "mug".
        visual: What is drawn, in the object's frame.
        colliders: What collides: convex pieces in the object's frame.
        volume: Of the solid [m^3].
        center_of_mass: In the object's frame [m]. Shape: (3,).
        inertia: About the centre of mass for a density of 1 kg/m^3 [kg m^2]. Shape: (3, 3).
        bounds: Lowest and highest corner of the axis-aligned box in the object's frame [m]. Shape: (2, 3).
        interior: Height [m] of the inner floor for `in:` placements, or None if nothing fits in.
        levels: Heights [m] of the boards that things can stand on, from the lowest; empty for what is no shelf.
        density: That it has where a task says nothing else [kg/m^3].
    """

    key: str
    kind: str
    visual: TriangleMesh
    colliders: tuple[Collider, ...]
    volume: float
    center_of_mass: np.ndarray
    inertia: np.ndarray
    bounds: np.ndarray
    interior: float | None = None
    levels: tuple[float, ...] = ()
    density: float = 1000.0


@dataclass(frozen=True, eq=False)
class PartJoint:
    """How a part of an articulated object hangs on the part that carries it.

    A part's frame is where it is gripped (the middle of a handle), so that a task can aim at the part itself; the axis
    therefore goes through a point of its own.

    Args:
        kind: "revolute" turns about the axis, "prismatic" slides along it.
        parent: Name of the part that carries it; "" is the root.
        position: Of the part's frame in the parent's, where the joint is at 0 [m]. Shape: (3,).
        quaternion: The same, wxyz. Shape: (4,).
        axis: Unit vector in the part's frame. Shape: (3,).
        anchor: A point of the axis in the part's frame [m]. Shape: (3,).
        lower, upper: Limits [rad or m].
        friction: Dry friction [N m or N].
        damping: [N m s/rad or N s/m].
    """

    kind: JointKind
    parent: str
    position: np.ndarray
    quaternion: np.ndarray
    axis: np.ndarray
    anchor: np.ndarray
    lower: float
    upper: float
    friction: float = 0.0
    damping: float = 0.0


@dataclass(frozen=True, eq=False)
class Part:
    """A moving part of an articulated object: its shape and its joint."""

    model: ObjectModel
    joint: PartJoint


@dataclass(frozen=True, eq=False)
class ArticulatedModel:
    """A thing with moving parts, at scale 1 and density 1.

    Args:
        key: Hash of everything below; equal keys are equal objects.
        kind: What it is called, e.g. "cabinet".
        root: What carries the parts, in the object's frame.
        parts: By name, each after the one that carries it.
    """

    key: str
    kind: str
    root: ObjectModel
    parts: dict[str, Part]

    @property
    def topology(self) -> tuple[tuple[str, str, JointKind], ...]:
        """Name, parent and joint of each part: what all worlds of one engine model must have in common."""
        return tuple((name, part.joint.parent, part.joint.kind) for name, part in self.parts.items())
