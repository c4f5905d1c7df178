"""Walls with their skirting, and door frames with the piece of wall above. Origin on the floor, in the middle."""

from __future__ import annotations

from functools import lru_cache

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.place.build import TINT, Box, Solid, assembled, box

THICKNESS, HEIGHT = 0.12, 2.5  # of walls [m]
DOOR, DOOR_HEIGHT = 1.1, 2.05  # the opening [m]
_JAMB, _RIM = 0.06, 0.02
_SKIRTING, _RAIL = (0.93, 0.92, 0.90), (0.85, 0.85, 0.84)
_FRAME = (0.96, 0.95, 0.92)


@lru_cache(maxsize=1)
def wall() -> ObjectModel:
    """A wall along x, 1 m long: its scale along x is its length [m]."""
    half = 0.5 * THICKNESS
    solids = [box((-0.5, -half, 0.0), (0.5, half, HEIGHT))]
    solids += [
        box(
            (-0.5, side * half - (0.015 if side < 0 else 0.0), 0.0),
            (0.5, side * half + (0.015 if side > 0 else 0.0), 0.09),
            _SKIRTING,
        )
        for side in (-1, 1)
    ]
    return assembled("wall", solids, [((-0.5, -half, 0.0), (0.5, half, HEIGHT))])


@lru_cache(maxsize=1)
def hall_wall() -> ObjectModel:
    """The wall of a hall along x, 1 m long, higher, with a painted dado."""
    half = 0.5 * THICKNESS
    solids = [
        box((-0.5, -half, 1.2), (0.5, half, 4.0)),
        box((-0.5, -half, 0.12), (0.5, half, 1.2), (0.55, 0.58, 0.62)),
        box((-0.5, -half - 0.01, 0.0), (0.5, half + 0.01, 0.12), (0.25, 0.26, 0.28)),
    ]
    return assembled("wall", solids, [((-0.5, -half, 0.0), (0.5, half, 4.0))])


@lru_cache(maxsize=1)
def door_frame() -> ObjectModel:
    """A frame around an opening along x, and the piece of wall above it; as wide as the opening and its jambs."""
    half, outer, inner = 0.5 * THICKNESS, 0.5 * DOOR + _JAMB, 0.5 * DOOR
    deep = half + _RIM
    posts: list[Box] = [
        ((-outer, -deep, 0.0), (-inner, deep, DOOR_HEIGHT)),
        ((inner, -deep, 0.0), (outer, deep, DOOR_HEIGHT)),
    ]
    lintel: Box = ((-outer, -half, DOOR_HEIGHT + _JAMB), (outer, half, HEIGHT))
    beam: Box = ((-outer, -deep, DOOR_HEIGHT), (outer, deep, DOOR_HEIGHT + _JAMB))
    solids: list[Solid] = [box(*part, _FRAME) for part in (*posts, beam)]
    return assembled("door_frame", [*solids, box(*lintel, TINT)], [*posts, lintel])


DOOR_WIDTH = DOOR + 2 * _JAMB  # of the gap in the wall that a frame fills [m]
