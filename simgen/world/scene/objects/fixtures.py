"""What stands still: the table and the ground, at the places where ManiSkill's table scene has them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simgen.errors import unknown
from simgen.world.scene.mesh.inertia import MassProperties
from simgen.world.scene.mesh.normals import split_normals
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import box_piece, finish, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, Value, checked_value, require
from simgen.world.scene.objects.primitives import box_corners, box_faces

TABLE_HEIGHT = 0.92  # of the surface above the ground [m]
_CENTER = (-0.1357, 0.0)  # of the table top in x and y [m]
_GROUND_DEPTH = 1.0


def make_fixture(kind: str, **parameters: object) -> ObjectModel:
    """Builds a fixture whose surface is at z = 0 of its frame.

    `table`: a slab on four legs in the world's frame, x from -0.74 to 0.47 and y from -1.21 to 1.21, so that
    ManiSkill's robot base at x = -0.615 stands on it (mani_skill/utils/scene_builder/table, Apache-2.0). `ground`: a
    square of the given size around the origin, solid below; place it at z = -TABLE_HEIGHT under a table.

    Raises:
        BadInput: Unknown kind or parameter, or a size out of range.
    """
    if kind not in FIXTURES:
        raise unknown("fixture", kind, FIXTURES)
    known = FIXTURES[kind].parameters
    values = {name: parameter.default for name, parameter in known.items()}
    values |= {name: checked_value(kind, name, value, known) for name, value in parameters.items()}
    return _make(kind, tuple(values.items()))


@lru_cache(maxsize=64)
def _make(kind: str, values: tuple[tuple[str, Value], ...]) -> ObjectModel:
    return FIXTURES[kind].build(**dict(values))


def build_table(length: float, width: float, height: float, thickness: float, leg: float) -> ObjectModel:
    """Builds the table: size of the top along y and x, height of the surface, thickness of slab and legs [m]."""
    require(thickness < height and 2 * leg < min(length, width), "table: slab or legs are thicker than the table.")
    center = np.array([*_CENTER, 0.0])
    half = np.array([0.5 * width, 0.5 * length, 0.0])
    low, high = center - half - [0.0, 0.0, thickness], center + half
    inset = 0.06 + 0.5 * leg if min(half[:2]) > 0.2 else 0.5 * leg
    corners, faces = [box_corners(low, high)], [box_faces()]
    for x in (low[0] + inset, high[0] - inset):
        for y in (low[1] + inset, high[1] - inset):
            foot = np.array([x - 0.5 * leg, y - 0.5 * leg, -height])
            corners.append(box_corners(foot, foot + [leg, leg, height - thickness]))
            faces.append(box_faces() + 8 * len(faces))
    piece = box_piece(tuple(low), tuple(high))
    return solid("table", np.concatenate(corners), np.concatenate(faces), (piece,))


def build_ground(size: float, cells: float) -> ObjectModel:
    """Builds the ground: side length [m], drawn as cells x cells squares and solid to 1 m below."""
    count, half = int(cells), 0.5 * size
    ticks = np.linspace(-half, half, count + 1)
    x, y = np.meshgrid(ticks, ticks, indexing="ij")
    vertices = np.stack((x, y, np.zeros_like(x)), axis=-1).reshape(-1, 3)
    rows, columns = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    a = (rows * (count + 1) + columns).reshape(-1)
    b, c, d = a + count + 1, a + count + 2, a + 1
    faces = np.concatenate((np.stack((a, b, c), axis=1), np.stack((a, c, d), axis=1)))
    piece = box_piece((-half, -half, -_GROUND_DEPTH), (half, half, 0.0))
    sides = np.asarray(piece.size)
    volume = float(sides.prod())
    mass = MassProperties(volume, piece.position.copy(), np.diag((sides**2).sum() - sides**2) * volume / 12.0)
    bounds = np.array([[-half, -half, -_GROUND_DEPTH], [half, half, 0.0]])
    return finish("ground", split_normals(vertices, faces), (piece,), mass, bounds)


FIXTURES: dict[str, ObjectKind] = {
    "table": ObjectKind(
        "table top on four legs, surface at z = 0",
        {
            "length": Parameter(2.418, "m", 0.2, 10.0),
            "width": Parameter(1.209, "m", 0.2, 10.0),
            "height": Parameter(TABLE_HEIGHT, "m", 0.05, 3.0),
            "thickness": Parameter(0.04, "m", 0.005, 0.5),
            "leg": Parameter(0.07, "m", 0.01, 0.5),
        },
        build_table,
    ),
    "ground": ObjectKind(
        "flat ground, surface at z = 0",
        {"size": Parameter(20.0, "m", 1.0, 1000.0), "cells": Parameter(1.0, "1", 1.0, 64.0)},
        build_ground,
    ),
}
