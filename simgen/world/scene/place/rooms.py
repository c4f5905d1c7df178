"""Draws rooms: a floor plan, furniture along the walls and in the middle, and things that lie about."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simgen.spec.place import RoomsSpec
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.place import furniture, goods
from simgen.world.scene.place.plan import EXTRA_DOORS, Plan, draw_plan
from simgen.world.scene.place.thing import Draft, Group, Rectangle, Thing, footprint
from simgen.world.scene.place.walls import THICKNESS, door_frame, wall

Color = tuple[float, float, float]
_WOOD: tuple[Color, ...] = (
    (1.0, 1.0, 1.0),
    (1.0, 0.93, 0.82),
    (0.80, 0.70, 0.62),
    (0.62, 0.53, 0.48),
    (0.9, 0.9, 0.92),
)
_LACQUER: tuple[Color, ...] = ((0.92, 0.91, 0.88), (0.55, 0.60, 0.62), (0.30, 0.36, 0.42), (0.78, 0.72, 0.62))
_CLOTH: tuple[Color, ...] = (
    (0.45, 0.52, 0.58), (0.62, 0.35, 0.28), (0.36, 0.48, 0.38), (0.75, 0.68, 0.58), (0.30, 0.33, 0.48),
    (0.72, 0.58, 0.26),
)  # fmt: skip
_PAINT: tuple[Color, ...] = (
    (0.93, 0.91, 0.86), (0.86, 0.89, 0.90), (0.88, 0.90, 0.84), (0.93, 0.87, 0.80), (0.83, 0.86, 0.92),
    (0.90, 0.84, 0.84),
)  # fmt: skip
_CARTON: tuple[Color, ...] = ((1.0, 1.0, 1.0), (0.9, 0.88, 0.85))
_CONE: tuple[Color, ...] = ((0.95, 0.36, 0.08),)
_BRIGHT: tuple[Color, ...] = ((0.75, 0.2, 0.2), (0.2, 0.45, 0.7), (0.3, 0.55, 0.3), (0.5, 0.5, 0.52))
MARGIN = 0.03  # to the wall [m]
GAP = 0.85  # between things that do not belong together, so that one can pass [m]
TRIES = 30
WALLS = (None, None, "concrete", "fabric")


@dataclass(frozen=True)
class Item:
    """A piece of furniture: how it is built and coloured, and whether it stands with its back to a wall."""

    build: Callable[[], ObjectModel]
    colors: Sequence[Color]
    texture: str | None
    at_wall: bool = True


ITEMS = (
    Item(furniture.bookshelf, _WOOD, "wood"), Item(furniture.cabinet, _WOOD, "wood"),
    Item(furniture.wardrobe, _WOOD, "wood"), Item(furniture.sofa, _CLOTH, "fabric"),
    Item(furniture.armchair, _CLOTH, "fabric"), Item(furniture.desk, _WOOD, "wood"),
    Item(furniture.plant, _CARTON, None), Item(furniture.dining_table, _WOOD, "wood", False),
    Item(furniture.round_table, _WOOD, "wood", False), Item(furniture.chair, _WOOD, "wood", False),
)  # fmt: skip
CLUTTER = (
    Item(furniture.carton, _CARTON, "cardboard"), Item(furniture.waste_bin, _BRIGHT, None),
    Item(furniture.stool, _WOOD, "wood"), Item(goods.cone, _CONE, None),
)  # fmt: skip
TABLES, CHAIR = (7, 8), 9


def room_groups(spec: RoomsSpec) -> dict[str, Group]:
    """Returns the slots that any of the plans needs."""
    most = spec.rooms[1]
    return {
        "wall": Group(2 * most + 3 + EXTRA_DOORS, (wall(),), 1.5),
        "door": Group(most - 1 + EXTRA_DOORS, (door_frame(),), 1.5),
        "furniture": Group(spec.furniture, tuple(item.build() for item in ITEMS)),
        "clutter": Group(spec.clutter, tuple(item.build() for item in CLUTTER), 0.5),
    }


def draw_rooms(spec: RoomsSpec, rng: np.random.Generator) -> Draft:
    """Draws rooms with all that is in them."""
    plan = draw_plan(spec.size, int(rng.integers(spec.rooms[0], spec.rooms[1] + 1)), rng)
    paint = _PAINT[int(rng.integers(len(_PAINT)))]
    texture = WALLS[int(rng.integers(len(WALLS)))]
    things = [_painted(thing, paint, texture, rng) for thing in plan.walls()]
    things += [_painted(thing, paint, texture, rng) for thing in plan.frames()]
    things += _Furnisher(plan, rng).furnish(spec.furniture, spec.clutter)
    return Draft(things, plan.door_points())


def _painted(thing: Thing, paint: Color, texture: str | None, rng: np.random.Generator) -> Thing:
    shade = float(rng.uniform(0.96, 1.0))
    red, green, blue = (shade * value for value in paint)
    return Thing(thing.group, thing.candidate, thing.xy, thing.yaw, thing.scale, (red, green, blue), texture)


class _Furnisher:
    """Puts things into the rooms of a plan, each where it keeps clear of doors and of the others."""

    def __init__(self, plan: Plan, rng: np.random.Generator) -> None:
        self._rng, self._zones = rng, plan.door_zones()
        self._rooms = [room.grown(-0.5 * THICKNESS - MARGIN) for room in plan.rooms]
        self._taken: list[Rectangle] = []
        self._things: list[Thing] = []

    def furnish(self, pieces: int, clutter: int) -> list[Thing]:
        """Returns at most so many pieces of furniture and things that lie about."""
        rng = self._rng
        for turn in range(2 * pieces):
            room = self._rooms[turn % len(self._rooms)]
            left = pieces - len(self._things)
            if left <= 0:
                break
            if left > 2 and min(room.size) > 3.0 and rng.random() < 0.3:
                self._table_with_chairs(room, min(left - 1, 4))
            else:
                self._at_wall("furniture", ITEMS, int(rng.integers(TABLES[0])), room)
        furnished = len(self._things)
        for _ in range(2 * clutter):
            if len(self._things) - furnished < clutter:
                room = self._rooms[int(rng.integers(len(self._rooms)))]
                self._anywhere(int(rng.integers(len(CLUTTER))), room, by_wall=rng.random() < 0.6)
        return self._things

    def _put(
        self, group: str, items: Sequence[Item], number: int, xy: Sequence[float], yaw: float, taken: Rectangle
    ) -> None:
        item, rng = items[number], self._rng
        lacquered = item.texture == "wood" and rng.random() < 0.4
        colors = _LACQUER if lacquered else item.colors
        color, texture = colors[int(rng.integers(len(colors)))], None if lacquered else item.texture
        self._things.append(Thing(group, number, (float(xy[0]), float(xy[1])), yaw, (1.0, 1.0, 1.0), color, texture))
        self._taken.append(taken)

    def _free(self, place: Rectangle, gap: float) -> bool:
        wide = place.grown(gap)
        return not any(place.meets(zone) for zone in self._zones) and not any(
            wide.meets(other) for other in self._taken
        )

    def _at_wall(self, group: str, items: Sequence[Item], number: int, room: Rectangle) -> None:
        model = items[number].build()
        for _ in range(TRIES):
            side = int(self._rng.integers(4))
            yaw = side * math.pi / 2  # 0: back to the wall at the lowest y, 1: highest x, 2: highest y, 3: lowest x
            box = footprint(model, (0.0, 0.0), yaw)
            if box.size[0] > room.size[0] or box.size[1] > room.size[1]:
                continue
            along_x = self._rng.uniform(room.x0 - box.x0, room.x1 - box.x1)
            along_y = self._rng.uniform(room.y0 - box.y0, room.y1 - box.y1)
            xy = (
                (along_x, room.y0 - box.y0), (room.x1 - box.x1, along_y),
                (along_x, room.y1 - box.y1), (room.x0 - box.x0, along_y),
            )[side]  # fmt: skip
            place = footprint(model, xy, yaw)
            neighbours = self._free(place, 0.05)
            if neighbours and not any(self._pinches(place, other) for other in self._taken):
                self._put(group, items, number, xy, yaw, place)
                return

    @staticmethod
    def _pinches(place: Rectangle, other: Rectangle) -> bool:
        """Says whether two things leave a gap that is too narrow to pass; side by side they leave none."""
        return place.grown(GAP).meets(other) and not place.grown(0.25).meets(other)

    def _table_with_chairs(self, room: Rectangle, chairs: int) -> None:
        number = TABLES[int(self._rng.integers(2))]
        model = ITEMS[number].build()
        yaw = float(self._rng.integers(2)) * math.pi / 2
        for _ in range(TRIES):
            xy = (self._rng.uniform(room.x0, room.x1), self._rng.uniform(room.y0, room.y1))
            table = footprint(model, xy, yaw)
            around = table.grown(0.45)
            if room.grown(-0.75).holds(around) and self._free(around, GAP):
                break
        else:
            return
        self._put("furniture", ITEMS, number, xy, yaw, around)
        sides = self._rng.permutation(4)[: int(self._rng.integers(1, chairs + 1))]
        for side in sides:
            heading = float(side) * math.pi / 2
            reach = 0.5 * (table.size[0] if side % 2 == 0 else table.size[1]) + float(self._rng.uniform(0.0, 0.18))
            place = (xy[0] + reach * math.cos(heading), xy[1] + reach * math.sin(heading))
            turn = heading + math.pi / 2 + float(self._rng.normal(0.0, 0.15))  # it faces the table
            self._put("furniture", ITEMS, CHAIR, place, turn, around)

    def _anywhere(self, number: int, room: Rectangle, by_wall: bool) -> None:
        if by_wall:
            self._at_wall("clutter", CLUTTER, number, room)
            return
        model = CLUTTER[number].build()
        for _ in range(TRIES):
            xy = (self._rng.uniform(room.x0, room.x1), self._rng.uniform(room.y0, room.y1))
            yaw = float(self._rng.uniform(-math.pi, math.pi))
            place = footprint(model, xy, yaw)
            if room.grown(-GAP).holds(place) and self._free(place, GAP):
                self._put("clutter", CLUTTER, number, xy, yaw, place)
                return
