"""Puts the things of a place together from coloured solids, with one or a few plain boxes to collide with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.inertia import box_mass_properties
from simgen.world.scene.mesh.join import joined_triangles
from simgen.world.scene.mesh.normals import split_normals
from simgen.world.scene.model import Collider, ObjectModel, TriangleMesh
from simgen.world.scene.objects.assemble import box_piece, finish
from simgen.world.scene.objects.lathe import revolve
from simgen.world.scene.objects.primitives import box_corners, box_faces

Color = tuple[float, float, float]
TINT: Color = (1.0, 1.0, 1.0)  # takes the colour that the episode draws
Box = tuple[tuple[float, float, float], tuple[float, float, float]]


class Solid(NamedTuple):
    """A closed surface in one colour.

    Args:
        vertices: [m]. Shape: (V, 3).
        faces: Outward. Shape: (F, 3).
        color: sRGB; it is multiplied by the body's own.
        crease_deg: Edges that turn by more stay crisp [degrees].
    """

    vertices: np.ndarray
    faces: np.ndarray
    color: Color = TINT
    crease_deg: float = 30.0


def box(low: Sequence[float], high: Sequence[float], color: Color = TINT) -> Solid:
    """Returns the box between two corners [m]."""
    return Solid(box_corners(np.asarray(low, float), np.asarray(high, float)), box_faces(), color)


def turned(profile: Sequence[tuple[float, float]], color: Color = TINT, segments: int = 10) -> Solid:
    """Returns a surface of revolution about z from radius and height [m], upwards, from the axis to the axis."""
    vertices, faces = revolve(np.asarray(profile, float), segments=segments)
    return Solid(vertices, faces, color, 50.0)


def moved(solid: Solid, by: Sequence[float], scale: Sequence[float] = (1.0, 1.0, 1.0), pitch: float = 0.0) -> Solid:
    """Returns a solid that is scaled (positive factors), pitched about y [rad], then moved [m]."""
    c, s = np.cos(pitch), np.sin(pitch)
    rotation = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    return solid._replace(vertices=(solid.vertices * scale) @ rotation.T + by)


def assembled(
    kind: str, solids: Sequence[Solid], boxes: Sequence[Box] = (), piece: Collider | None = None
) -> ObjectModel:
    """Makes the model: what is drawn, and what collides: boxes between corners [m], or one other piece.

    Things of a place never move by force, so that their mass is that of a solid box around them.
    """
    mesh = joined_triangles([_drawn(solid) for solid in solids])
    pieces = tuple(box_piece(low, high) for low, high in boxes) or (() if piece is None else (piece,))
    bounds = np.stack((mesh.vertices.min(0), mesh.vertices.max(0))).astype(float)
    return finish(kind, mesh, pieces, box_mass_properties(bounds[1] - bounds[0], bounds.mean(axis=0)), bounds)


def standing_can(radius: float, height: float) -> Collider:
    """Returns an upright cylinder that stands on the floor [m]."""
    return Collider("cylinder", (radius, height), position=np.array([0.0, 0.0, 0.5 * height]))


def _drawn(solid: Solid) -> TriangleMesh:
    mesh = split_normals(solid.vertices, solid.faces, solid.crease_deg)
    color = np.asarray(srgb_to_linear(solid.color), np.float32)
    return replace(mesh, colors=np.tile(color, (len(mesh.vertices), 1)))
