"""Convex pieces of objects and of robots' links, in the frame of what carries them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from simgen.world.robot.card import load_card
from simgen.world.robot.hull import collision_hull
from simgen.world.robot.urdf import UrdfShape, anchored_links, read_urdf
from simgen.world.scene.model import Collider, ObjectModel

PieceKind = Literal["box", "cylinder", "sphere", "capsule", "mesh", "plane"]
_ROUND = 24  # corners of a circle, where a round shape is stretched


@dataclass(frozen=True, eq=False)
class Piece:
    """A convex shape.

    Args:
        kind: Which.
        size: As MuJoCo has it: half extents; radius and half height; radius; () of a mesh or a plane [m].
        points: Corners of a mesh [m]. Shape: (V, 3), or None.
        position: In the frame of what carries it [m]. Shape: (3,).
        matrix: Its axes there. Shape: (3, 3).
    """

    kind: PieceKind
    size: tuple[float, ...]
    points: np.ndarray | None
    position: np.ndarray
    matrix: np.ndarray


def floor_piece(height: float) -> Piece:
    """The ground: a plane, solid below."""
    return Piece("plane", (), None, np.array([0.0, 0.0, height]), np.eye(3))


def object_pieces(model: ObjectModel, scale: np.ndarray) -> list[Piece]:
    """The pieces of an object at a scale per axis. Shape of scale: (3,)."""
    return [_object_piece(collider, np.asarray(scale, float)) for collider in model.colliders]


def _object_piece(collider: Collider, scale: np.ndarray) -> Piece:
    matrix = Rotation.from_quat(collider.quaternion, scalar_first=True).as_matrix()
    position = np.asarray(collider.position, float) * scale
    if collider.mesh is not None:
        corners = np.asarray(collider.mesh.vertices, float)
    elif np.ptp(scale) < 1e-9:
        return Piece(collider.kind, _half_size(collider, float(scale[0])), None, position, matrix)
    else:
        corners = _corners(collider)
    points = (corners @ matrix.T) * scale  # the axes of the scale are the object's
    return Piece("mesh", (), points, position, np.eye(3))


def _half_size(collider: Collider, scale: float) -> tuple[float, ...]:
    size = tuple(scale * value for value in collider.size)
    if collider.kind == "box":
        return tuple(value / 2 for value in size)
    return size if collider.kind == "sphere" else (size[0], size[1] / 2)


def _corners(collider: Collider) -> np.ndarray:
    """Points of a primitive's outline in its own frame. Shape: (V, 3)."""
    if collider.kind == "box":
        shape = trimesh.creation.box(extents=collider.size)
    elif collider.kind == "cylinder":
        shape = trimesh.creation.cylinder(collider.size[0], collider.size[1], sections=_ROUND)
    elif collider.kind == "capsule":
        shape = trimesh.creation.capsule(collider.size[1], collider.size[0], count=[_ROUND, _ROUND])
        return np.asarray(shape.vertices) - shape.bounds.mean(axis=0)
    else:
        shape = trimesh.creation.icosphere(subdivisions=3, radius=collider.size[0])
    return np.asarray(shape.vertices)


@functools.cache
def link_pieces(robot: str) -> dict[str, list[Piece]]:
    """The pieces of a robot's links that may touch something; links that are bolted to the table have none."""
    card = load_card(robot)
    anchored, urdf = anchored_links(card), read_urdf(card)
    return {
        link: [_link_piece(shape) for shape in shapes]
        for link, shapes in urdf.collisions.items()
        if shapes and link not in anchored
    }


def _link_piece(shape: UrdfShape) -> Piece:
    position, matrix = shape.T_link_shape[:3, 3], shape.T_link_shape[:3, :3]
    if shape.path is not None:
        points = collision_hull(shape.path, (shape.size[0], shape.size[1], shape.size[2]))[0].astype(float)
        return Piece("mesh", (), points, position, matrix)
    if shape.kind == "box":
        return Piece("box", tuple(value / 2 for value in shape.size), None, position, matrix)
    if shape.kind == "cylinder":
        return Piece("cylinder", (shape.size[0], shape.size[1] / 2), None, position, matrix)
    return Piece("sphere", (shape.size[0],), None, position, matrix)
