"""What a scene is made of, engine-neutral: meshes, colliders, objects with mass. NumPy only, SI units, z up, wxyz."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

ColliderKind = Literal["box", "cylinder", "sphere", "capsule", "mesh"]


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
