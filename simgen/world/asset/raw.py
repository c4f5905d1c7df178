"""What a user's file says, in the file's own frames and units: links with their shapes, and joints between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.world.scene.mesh.read import RawMesh
from simgen.world.scene.model import Collider

RawJointKind = Literal["fixed", "revolute", "prismatic"]
UNLIMITED = 2 * np.pi  # where a hinge has no limits it may turn this far either way [rad]


@dataclass(frozen=True, eq=False)
class Inertial:
    """Mass [kg], centre of mass (3,) and inertia about it (3, 3) [kg m^2], in the frame of the link.

    What is None is that of the link's shape, where the file says only what it weighs.
    """

    mass: float
    center: np.ndarray | None
    inertia: np.ndarray | None


@dataclass(frozen=True, eq=False)
class RawLink:
    """A body: what is drawn and what collides, in its own frame; without `collisions` it collides as what is drawn."""

    name: str
    visuals: tuple[RawMesh, ...] = ()
    collisions: tuple[RawMesh | Collider, ...] = ()
    inertial: Inertial | None = None


@dataclass(frozen=True, eq=False)
class RawJoint:
    """How a link hangs on another.

    Args:
        kind: "fixed", "revolute" or "prismatic".
        T_parent_child: Pose of the child's frame in the parent's, where the joint is at 0. Shape: (4, 4).
        axis: Unit vector in the child's frame. Shape: (3,).
        anchor: A point of the axis in the child's frame. Shape: (3,).
        lower, upper: Limits [rad or file's unit].
        friction, damping: As in `PartJoint`.
    """

    name: str
    kind: RawJointKind
    parent: str
    child: str
    T_parent_child: np.ndarray
    axis: np.ndarray = field(default_factory=lambda: np.array([1.0, 0.0, 0.0]))
    anchor: np.ndarray = field(default_factory=lambda: np.zeros(3))
    lower: float = 0.0
    upper: float = 0.0
    friction: float = 0.0
    damping: float = 0.0


@dataclass(frozen=True, eq=False)
class RawAsset:
    """A tree of links.

    Args:
        root: Name of the link that carries the others.
        links: By name.
        joints: Each after the one that carries its parent.
        notes: What was assumed or left out, for the user.
        y_up: Whether the file's up axis is y.
        unit: Metres per unit of the file, where the file says so.
    """

    root: str
    links: dict[str, RawLink]
    joints: tuple[RawJoint, ...] = ()
    notes: tuple[str, ...] = ()
    y_up: bool = False
    unit: float = 1.0


def moved_shape(shape: RawMesh | Collider, T: np.ndarray) -> RawMesh | Collider:
    """Returns a shape in another frame; T (4, 4) is rigid."""
    if isinstance(shape, RawMesh):
        return moved_mesh(shape, T)
    turn = Rotation.from_matrix(T[:3, :3]) * Rotation.from_quat(shape.quaternion, scalar_first=True)
    position = T[:3, :3] @ shape.position + T[:3, 3]
    return replace(shape, position=position, quaternion=turn.as_quat(scalar_first=True, canonical=True))


def moved_mesh(mesh: RawMesh, T: np.ndarray) -> RawMesh:
    """Returns a mesh in another frame; T (4, 4) may also scale or mirror, which turns the triangles round."""
    faces = mesh.faces[:, ::-1] if np.linalg.det(T[:3, :3]) < 0 else mesh.faces
    return replace(mesh, vertices=mesh.vertices @ T[:3, :3].T + T[:3, 3], faces=faces)


def primitive_mesh(collider: Collider, name: str, color: Sequence[float] | None) -> RawMesh:
    """Returns the surface of a primitive, in one linear colour or none."""
    import trimesh

    size = collider.size
    if collider.kind == "box":
        shape = trimesh.creation.box(size)
    elif collider.kind == "cylinder":
        shape = trimesh.creation.cylinder(size[0], size[1], sections=32)
    elif collider.kind == "capsule":
        shape = trimesh.creation.capsule(height=size[1], radius=size[0], count=[24, 24])
    else:
        shape = trimesh.creation.icosphere(3, size[0])
    mesh = RawMesh(name, np.asarray(shape.vertices, np.float64), np.asarray(shape.faces, np.int64))
    T = pose_matrix(collider.position, collider.quaternion)
    return painted_mesh(moved_mesh(mesh, T), color)


def painted_mesh(mesh: RawMesh, color: Sequence[float] | None) -> RawMesh:
    """Returns a mesh all in one linear colour, or as it is."""
    return mesh if color is None else replace(mesh, colors=np.tile(np.asarray(color, float), (len(mesh.vertices), 1)))


def pose_matrix(position: np.ndarray | Sequence[float], quaternion: np.ndarray | Sequence[float]) -> np.ndarray:
    """Returns the transform of a position and a quaternion wxyz. Shape: (4, 4)."""
    T = np.eye(4)
    T[:3, :3] = Rotation.from_quat(np.asarray(quaternion, float), scalar_first=True).as_matrix()
    T[:3, 3] = position
    return T
