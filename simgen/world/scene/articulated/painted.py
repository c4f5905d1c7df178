"""Solids put together from boxes and cylinders, each in a colour of its own: what mechanisms are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simgen.world.scene.mesh.inertia import joined_mass_properties
from simgen.world.scene.mesh.join import joined_triangles
from simgen.world.scene.model import Collider, ObjectModel, TriangleMesh
from simgen.world.scene.objects.assemble import box_piece, finish
from simgen.world.scene.objects.primitives import placed_primitive

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
    solids = [placed_primitive(piece.collider) for piece in pieces]
    drawn = [_colored(mesh, piece.color) for (mesh, _), piece in zip(solids, pieces, strict=True)]
    visual, mass = joined_triangles(drawn), joined_mass_properties([mass for _, mass in solids])
    bounds = np.stack((visual.vertices.min(axis=0), visual.vertices.max(axis=0))).astype(np.float64)
    return finish(kind, visual, tuple(piece.collider for piece in pieces), mass, bounds)


def _colored(mesh: TriangleMesh, color: Color) -> TriangleMesh:
    return replace(mesh, colors=np.tile(np.array(color, np.float32), (len(mesh.vertices), 1)))
