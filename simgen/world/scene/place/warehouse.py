"""Draws a warehouse: rows of racks with aisles between them, and pallets, forklifts, cones, signs and fences about."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from simgen.spec.place import WarehouseSpec
from simgen.world.scene.place import goods
from simgen.world.scene.place.thing import Draft, Group, Rectangle, Thing, footprint
from simgen.world.scene.place.walls import THICKNESS, hall_wall

AISLE = (1.9, 2.6)  # between rows [m]
GAP = 1.0  # around what stands in the open [m]
TRIES = 40
_SAFETY = ((0.95, 0.75, 0.10), (0.90, 0.40, 0.10), (0.80, 0.15, 0.12), (0.30, 0.45, 0.30))


def warehouse_groups(spec: WarehouseSpec) -> dict[str, Group]:
    """Returns the slots that any of the halls needs."""
    return {
        "wall": Group(4, (hall_wall(),), 3.0),
        "rack": Group(spec.racks, tuple(goods.rack(variant) for variant in range(4))),
        "forklift": Group(spec.forklifts, (goods.forklift(),)),
        "pallet": Group(spec.pallets, tuple(goods.pallet(layers) for layers in range(4))),
        "fence": Group(spec.fences, (goods.fence(),)),
        "sign": Group(spec.signs, (goods.sign(),)),
        "cone": Group(spec.cones, (goods.cone(),)),
    }


def draw_warehouse(spec: WarehouseSpec, rng: np.random.Generator) -> Draft:
    """Draws a hall with all that is in it."""
    groups = warehouse_groups(spec)
    inside = Rectangle.around((0.0, 0.0), spec.size)
    things = _walls(inside)
    racks = _racks(inside, spec.racks, rng)
    taken = [footprint(groups["rack"].candidates[thing.candidate], thing.xy, thing.yaw) for thing in racks]
    things += racks
    for name in ("forklift", "pallet", "fence", "sign", "cone"):
        for _ in range(groups[name].count):
            found = _somewhere(name, groups[name], inside, taken, rng)
            if found is not None:
                things.append(found)
    return Draft(things, [])


def _walls(inside: Rectangle) -> list[Thing]:
    half, (width, depth) = 0.5 * THICKNESS, inside.size
    color = (0.86, 0.87, 0.86)
    along = [
        Thing("wall", 0, (0.0, y), 0.0, (width + 2 * THICKNESS, 1.0, 1.0), color)
        for y in (inside.y0 - half, inside.y1 + half)
    ]
    return along + [
        Thing("wall", 0, (x, 0.0), math.pi / 2, (depth, 1.0, 1.0), color) for x in (inside.x0 - half, inside.x1 + half)
    ]


def _racks(inside: Rectangle, most: int, rng: np.random.Generator) -> list[Thing]:
    """Rows along x; between two racks of a row there may be a passage."""
    length, depth = goods.RACK
    racks: list[Thing] = []
    y = inside.y0 + float(rng.uniform(1.4, 2.0)) + 0.5 * depth
    while y < inside.y1 - 1.4 - 0.5 * depth and len(racks) < most:
        x = inside.x0 + float(rng.uniform(1.3, 2.2)) + 0.5 * length
        while x < inside.x1 - 1.3 - 0.5 * length and len(racks) < most:
            racks.append(Thing("rack", int(rng.integers(4)), (x, y)))
            x += length + (float(rng.uniform(1.3, 1.9)) if rng.random() < 0.35 else 0.02)
        y += depth + float(rng.uniform(*AISLE))
    side = 1.0 if rng.random() < 0.5 else -1.0
    return [replace(rack, xy=(rack.xy[0], side * rack.xy[1])) for rack in racks]


def _somewhere(
    name: str, group: Group, inside: Rectangle, taken: list[Rectangle], rng: np.random.Generator
) -> Thing | None:
    """Draws a place that keeps clear of all others, and takes it."""
    candidate = int(rng.integers(len(group.candidates)))
    small = name in ("cone", "sign")
    for _ in range(TRIES):
        xy = (float(rng.uniform(inside.x0, inside.x1)), float(rng.uniform(inside.y0, inside.y1)))
        yaw = float(rng.integers(4)) * math.pi / 2 + float(rng.normal(0.0, 1.0 if small else 0.06))
        place = footprint(group.candidates[candidate], xy, yaw)
        if inside.grown(-0.05).holds(place) and not any(place.grown(GAP).meets(other) for other in taken):
            taken.append(place)
            return Thing(name, candidate, xy, yaw, color=_color(name, rng))
    return None


def _color(name: str, rng: np.random.Generator) -> tuple[float, float, float]:
    if name == "pallet":
        return (1.0, 1.0, 1.0)
    if name == "cone":
        return _SAFETY[1]
    return _SAFETY[int(rng.integers(len(_SAFETY)))] if name == "forklift" else _SAFETY[0]
