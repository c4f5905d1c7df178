"""A floor plan: a rectangle cut into rooms by walls with doors, all of them reachable."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simgen.world.scene.place.thing import Rectangle, Thing
from simgen.world.scene.place.walls import DOOR_WIDTH, THICKNESS

SMALLEST = 2.8  # side of a room [m]
EXTRA_DOORS = 2  # beyond those that every room needs
_EDGE = 0.25  # of wall beside a door [m]
_ZONE = 1.1  # before a door, where nothing stands [m]


@dataclass(frozen=True)
class Cut:
    """A wall that cuts a rectangle in two: `axis` 0 runs along y at x = `at`, 1 along x at y = `at`, low..high [m]."""

    axis: int
    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Plan:
    """Rooms, the walls between them, and doors as (wall's index, place along the wall [m])."""

    whole: Rectangle
    rooms: list[Rectangle]
    cuts: list[Cut]
    doors: list[tuple[int, float]]

    def door_points(self) -> list[tuple[float, float]]:
        """Returns the middles of the doors [m]."""
        return [self._point(self.cuts[wall], along) for wall, along in self.doors]

    def door_zones(self) -> list[Rectangle]:
        """Returns what must stay free around the doors."""
        wide, deep = DOOR_WIDTH + 0.2, 2 * _ZONE
        sizes = [(deep, wide) if self.cuts[wall].axis == 0 else (wide, deep) for wall, _ in self.doors]
        return [Rectangle.around(point, size) for point, size in zip(self.door_points(), sizes, strict=True)]

    def walls(self) -> list[Thing]:
        """Returns all walls, with gaps where the doors are."""
        whole, half = self.whole, 0.5 * THICKNESS
        outer = [
            (Cut(1, y, whole.x0 - THICKNESS, whole.x1 + THICKNESS), []) for y in (whole.y0 - half, whole.y1 + half)
        ] + [(Cut(0, x, whole.y0, whole.y1), []) for x in (whole.x0 - half, whole.x1 + half)]
        inner = [(cut, [at for wall, at in self.doors if wall == index]) for index, cut in enumerate(self.cuts)]
        return [piece for cut, gaps in [*outer, *inner] for piece in self._pieces(cut, gaps)]

    def frames(self) -> list[Thing]:
        """Returns the frames of the doors."""
        return [
            Thing("door", 0, point, math.pi / 2 if self.cuts[wall].axis == 0 else 0.0)
            for (wall, _), point in zip(self.doors, self.door_points(), strict=True)
        ]

    def _pieces(self, cut: Cut, gaps: list[float]) -> list[Thing]:
        ends = [cut.low]
        for gap in sorted(gaps):
            ends += [gap - 0.5 * DOOR_WIDTH, gap + 0.5 * DOOR_WIDTH]
        ends.append(cut.high)
        yaw = math.pi / 2 if cut.axis == 0 else 0.0
        return [
            Thing("wall", 0, self._point(cut, 0.5 * (low + high)), yaw, (high - low, 1.0, 1.0))
            for low, high in zip(ends[::2], ends[1::2], strict=True)
        ]

    @staticmethod
    def _point(cut: Cut, along: float) -> tuple[float, float]:
        return (cut.at, along) if cut.axis == 0 else (along, cut.at)


def draw_plan(size: tuple[float, float], count: int, rng: np.random.Generator) -> Plan:
    """Draws a floor plan around the origin.

    Args:
        size: Between the outer walls [m].
        count: Rooms, at most; fewer where they would be smaller than 2.8 m.
        rng: Source of everything random.
    """
    whole = Rectangle.around((0.0, 0.0), size)
    rooms, cuts = [whole], []
    while len(rooms) < count:
        wide = [room for room in rooms if max(room.size) >= 2 * SMALLEST]
        if not wide:
            break
        room = max(wide, key=lambda each: each.size[0] * each.size[1])
        cut = _cut(room, rng)
        cuts.append(cut)
        rooms.remove(room)
        rooms += _halves(room, cut)
    return Plan(whole, rooms, cuts, _doors(rooms, cuts, rng))


def _cut(room: Rectangle, rng: np.random.Generator) -> Cut:
    width, depth = room.size
    axis = 0 if width >= depth else 1
    start, length = (room.x0, width) if axis == 0 else (room.y0, depth)
    share = np.clip(rng.uniform(0.36, 0.64) * length, SMALLEST, length - SMALLEST)
    low, high = (room.y0, room.y1) if axis == 0 else (room.x0, room.x1)
    return Cut(axis, round(float(start + share), 2), low, high)


def _halves(room: Rectangle, cut: Cut) -> list[Rectangle]:
    if cut.axis == 0:
        return [Rectangle(room.x0, room.y0, cut.at, room.y1), Rectangle(cut.at, room.y0, room.x1, room.y1)]
    return [Rectangle(room.x0, room.y0, room.x1, cut.at), Rectangle(room.x0, cut.at, room.x1, room.y1)]


def _doors(rooms: list[Rectangle], cuts: list[Cut], rng: np.random.Generator) -> list[tuple[int, float]]:
    """One door in every wall makes all rooms reachable; a few more make ways around."""
    doors, spare = [], []
    for index, cut in enumerate(cuts):
        gaps = _shared(rooms, cut)
        order = rng.permutation(len(gaps))
        places = [(index, round(float(rng.uniform(*gaps[number])), 2)) for number in order]
        doors.append(places[0])
        spare += places[1:]
    extra = int(rng.integers(0, EXTRA_DOORS + 1))
    return doors + [spare[number] for number in rng.permutation(len(spare))[:extra]]


def _shared(rooms: list[Rectangle], cut: Cut) -> list[tuple[float, float]]:
    """Returns where along a wall a door joins two rooms: lowest and highest place of its middle [m]."""

    def spans(side: int) -> list[tuple[float, float]]:
        if cut.axis == 0:
            return [
                (r.y0, r.y1)
                for r in rooms
                if (r.x1, r.x0)[side] == cut.at and r.y0 >= cut.low - 1e-9 and r.y1 <= cut.high + 1e-9
            ]
        return [
            (r.x0, r.x1)
            for r in rooms
            if (r.y1, r.y0)[side] == cut.at and r.x0 >= cut.low - 1e-9 and r.x1 <= cut.high + 1e-9
        ]

    margin = 0.5 * DOOR_WIDTH + _EDGE
    found = [(max(a, c) + margin, min(b, d) - margin) for a, b in spans(0) for c, d in spans(1)]
    return [(low, high) for low, high in found if high > low]
