"""Solids put together from boxes and cylinders, each in a colour of its own: what mechanisms are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simgen.world.scene.mesh.inertia import MassProperties
from simgen.world.scene.model import Collider, ObjectModel, TriangleMesh
from simgen.world.scene.objects.assemble import box_piece, finish, rotation_matrix
from simgen.world.scene.objects.primitives import build_box, build_cylinder

Color = tuple[float, float, float]
PANEL: Color = (0.95, 0.95, 0.95)  # takes the colour of the object
INSIDE: Color = (0.72, 0.72, 0.72)
METAL: Color = (0.18, 0.18, 0.2)
STEEL: Color = (0.62, 0.64, 0.67)


@dataclass(frozen=True, eq=False)
class Piece:
    """A convex piece and its linear colour, which the object's colour tints."""

    collider: Collider
    color: Color


def box(low: Sequence[float], high: Sequence[float], color: Color = PANEL) -> Piece:
    """Returns the box between two corners [m]."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    return Piece(box_piece((x0, y0, z0), (x1, y1, z1)), color)


def rod(
    start: Sequence[float] | np.ndarray, end: Sequence[float] | np.ndarray, radius: float, color: Color = METAL
) -> Piece:
    """Returns the cylinder from one point to another [m]."""
    first, last = np.asarray(start, float), np.asarray(end, float)
    way = last - first
    height = float(np.linalg.norm(way))
    quaternion = _from_z_to(way / height)
    return Piece(Collider("cylinder", (radius, height), None, 0.5 * (first + last), quaternion), color)


def _from_z_to(direction: np.ndarray) -> np.ndarray:
    """Returns the shortest turn of z into a unit vector, wxyz."""
    if direction[2] < -1.0 + 1e-9:
        return np.array([0.0, 1.0, 0.0, 0.0])
    quaternion = np.array([1.0 + direction[2], -direction[1], direction[0], 0.0])
    return quaternion / np.linalg.norm(quaternion)


def painted(kind: str, pieces: Sequence[Piece]) -> ObjectModel:
    """Makes one solid of pieces that do not overlap (where they do, both count)."""
    meshes, masses = zip(*(_mesh_and_mass(piece) for piece in pieces), strict=True)
    vertices = np.concatenate([mesh.vertices for mesh in meshes])
    sizes = [len(mesh.vertices) for mesh in meshes]
    colors = np.repeat(np.array([piece.color for piece in pieces], np.float32), sizes, axis=0)
    starts = np.cumsum([0, *sizes])
    visual = TriangleMesh(
        vertices,
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)]).astype(np.int32),
        np.concatenate([mesh.normals for mesh in meshes]),
        colors,
    )
    bounds = np.stack((vertices.min(axis=0), vertices.max(axis=0))).astype(np.float64)
    return finish(kind, visual, tuple(piece.collider for piece in pieces), joined(masses), bounds)


def _mesh_and_mass(piece: Piece) -> tuple[TriangleMesh, MassProperties]:
    collider = piece.collider
    solid = build_box(collider.size) if collider.kind == "box" else build_cylinder(*collider.size)
    turn = rotation_matrix(collider.quaternion)
    visual = TriangleMesh(
        (solid.visual.vertices @ turn.T + collider.position).astype(np.float32),
        solid.visual.faces,
        (solid.visual.normals @ turn.T).astype(np.float32),
    )
    return visual, MassProperties(solid.volume, collider.position.copy(), turn @ solid.inertia @ turn.T)


def joined(parts: Sequence[MassProperties]) -> MassProperties:
    """Returns the mass properties of several solids as one."""
    volume = sum(part.volume for part in parts)
    center = sum((part.volume * part.center for part in parts), np.zeros(3)) / volume
    inertia = np.zeros((3, 3))
    for part in parts:
        way = part.center - center
        inertia += part.inertia + part.volume * (way @ way * np.eye(3) - np.outer(way, way))
    return MassProperties(float(volume), center, inertia)
