"""Furniture and what lies about in rooms. Origin on the floor, in the middle; backs are towards -y.

A robot does not fit between the legs of tables and chairs, so they collide as whole boxes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.place.build import Color, Solid, assembled, box, moved, standing_can, turned

_DARK: Color = (0.30, 0.29, 0.28)
_METAL: Color = (0.62, 0.63, 0.65)
_SHADE: Color = (0.78, 0.78, 0.78)
_BOOKS: tuple[Color, ...] = ((0.55, 0.18, 0.16), (0.18, 0.30, 0.50), (0.75, 0.65, 0.35), (0.25, 0.42, 0.28))


def _legs(x: float, y: float, height: float, thickness: float, color: Color) -> list[Solid]:
    half = 0.5 * thickness
    return [
        box((i * x - half, j * y - half, 0.0), (i * x + half, j * y + half, height), color)
        for i in (-1, 1)
        for j in (-1, 1)
    ]


@lru_cache(maxsize=1)
def dining_table() -> ObjectModel:
    """A table of 1.4 by 0.8 m."""
    solids = [box((-0.7, -0.4, 0.71), (0.7, 0.4, 0.75)), box((-0.6, -0.3, 0.63), (0.6, 0.3, 0.71), _SHADE)]
    return assembled(
        "table", [*solids, *_legs(0.62, 0.32, 0.71, 0.07, _SHADE)], [((-0.7, -0.4, 0.0), (0.7, 0.4, 0.75))]
    )


@lru_cache(maxsize=1)
def round_table() -> ObjectModel:
    """A round table on one foot."""
    profile = [(0, 0), (0.28, 0), (0.28, 0.03), (0.05, 0.05), (0.05, 0.7), (0.45, 0.7), (0.45, 0.74), (0, 0.74)]
    return assembled("table", [turned(profile, segments=20)], piece=standing_can(0.45, 0.74))


@lru_cache(maxsize=1)
def desk() -> ObjectModel:
    """A desk with drawers and a screen."""
    solids = [
        box((-0.7, -0.35, 0.70), (0.7, 0.35, 0.735)),
        box((0.3, -0.32, 0.0), (0.66, 0.3, 0.70), _SHADE),
        *(box((0.34, 0.3, z), (0.62, 0.315, z + 0.18), (0.9, 0.9, 0.9)) for z in (0.04, 0.26, 0.48)),
        box((-0.66, -0.33, 0.0), (-0.62, 0.33, 0.70), _DARK),
        box((-0.35, -0.22, 0.735), (0.15, -0.19, 1.10), (0.12, 0.12, 0.13)),
        box((-0.14, -0.26, 0.735), (-0.06, -0.18, 0.80), _DARK),
    ]
    return assembled("desk", solids, [((-0.7, -0.35, 0.0), (0.7, 0.35, 0.735))])


@lru_cache(maxsize=1)
def chair() -> ObjectModel:
    """A chair that faces +y."""
    solids = [
        box((-0.22, -0.22, 0.42), (0.22, 0.22, 0.47)),
        *(box((-0.2, -0.22, z), (0.2, -0.19, z + 0.1)) for z in (0.60, 0.77)),
        *(box((x - 0.02, -0.22, 0.47), (x + 0.02, -0.18, 0.88), _SHADE) for x in (-0.2, 0.2)),
    ]
    return assembled(
        "chair", [*solids, *_legs(0.2, 0.2, 0.42, 0.04, _SHADE)], [((-0.22, -0.22, 0.0), (0.22, 0.22, 0.88))]
    )


@lru_cache(maxsize=1)
def armchair() -> ObjectModel:
    """An armchair that faces +y."""
    return assembled("armchair", _upholstered(0.8), [((-0.4, -0.4, 0.0), (0.4, 0.4, 0.82))])


@lru_cache(maxsize=1)
def sofa() -> ObjectModel:
    """A sofa for three that faces +y."""
    return assembled("sofa", _upholstered(1.9), [((-0.95, -0.4, 0.0), (0.95, 0.4, 0.82))])


def _upholstered(width: float) -> list[Solid]:
    half, seats = 0.5 * width, max(1, round((width - 0.3) / 0.6))
    edges = np.linspace(-half + 0.14, half - 0.14, seats + 1)
    solids = [
        box((-half, -0.4, 0.06), (half, -0.2, 0.82)),
        box((-half, -0.2, 0.06), (half, 0.4, 0.28)),
        *(box((x, -0.4, 0.06), (x + 0.14, 0.4, 0.60)) for x in (-half, half - 0.14)),
        *_legs(half - 0.08, 0.33, 0.06, 0.06, _DARK),
    ]
    for left, right in zip(edges[:-1], edges[1:], strict=True):
        solids.append(box((left + 0.01, -0.2, 0.28), (right - 0.01, 0.41, 0.44), (0.93, 0.93, 0.93)))
        solids.append(box((left + 0.01, -0.22, 0.44), (right - 0.01, -0.06, 0.80), (0.93, 0.93, 0.93)))
    return solids


@lru_cache(maxsize=1)
def bookshelf() -> ObjectModel:
    """A shelf with books that faces +y."""
    solids = [box((-0.45, -0.15, 0.0), (0.45, -0.13, 1.8), _SHADE)]
    solids += [box((x, -0.15, 0.0), (x + 0.025, 0.15, 1.8)) for x in (-0.45, 0.425)]
    for level, z in enumerate((0.04, 0.40, 0.76, 1.12, 1.48)):
        solids.append(box((-0.45, -0.15, z), (0.45, 0.15, z + 0.025)))
        for number in range(4):
            left = -0.41 + 0.2 * number
            if (level + 2 * number) % 5 != 4:
                height = 0.21 + 0.02 * ((level + number) % 3)
                color = _BOOKS[(level + number) % len(_BOOKS)]
                solids.append(box((left, -0.12, z + 0.025), (left + 0.17, 0.09, z + height), color))
    solids.append(box((-0.45, -0.15, 1.775), (0.45, 0.15, 1.8)))
    return assembled("shelf", solids, [((-0.45, -0.15, 0.0), (0.45, 0.15, 1.8))])


@lru_cache(maxsize=1)
def cabinet() -> ObjectModel:
    """A sideboard with two doors that faces +y."""
    solids = [
        box((-0.6, -0.2, 0.08), (0.6, 0.19, 0.85)),
        box((-0.62, -0.21, 0.85), (0.62, 0.21, 0.88), _SHADE),
        *(box((x, 0.19, 0.11), (x + 0.56, 0.205, 0.82), (0.92, 0.92, 0.92)) for x in (-0.58, 0.02)),
        *(box((x, 0.205, 0.42), (x + 0.02, 0.23, 0.56), _METAL) for x in (-0.07, 0.05)),
        *_legs(0.55, 0.15, 0.08, 0.05, _DARK),
    ]
    return assembled("cabinet", solids, [((-0.62, -0.21, 0.0), (0.62, 0.21, 0.88))])


@lru_cache(maxsize=1)
def wardrobe() -> ObjectModel:
    """A wardrobe that faces +y."""
    solids = [
        box((-0.5, -0.29, 0.0), (0.5, 0.27, 2.0)),
        *(box((x, 0.27, 0.08), (x + 0.47, 0.29, 1.96), (0.93, 0.93, 0.93)) for x in (-0.48, 0.01)),
        *(box((x, 0.29, 0.9), (x + 0.02, 0.315, 1.15), _METAL) for x in (-0.05, 0.03)),
    ]
    return assembled("wardrobe", solids, [((-0.5, -0.29, 0.0), (0.5, 0.29, 2.0))])


@lru_cache(maxsize=1)
def plant() -> ObjectModel:
    """A plant in a pot."""
    pot = turned([(0, 0), (0.13, 0), (0.17, 0.32), (0, 0.32)], (0.72, 0.42, 0.30), 12)
    leaf = turned([(0, 0), (0.16, 0.15), (0.13, 0.45), (0, 0.75)], (0.22, 0.42, 0.20), 7)
    leaves = [moved(leaf, (0.0, 0.0, 0.3))]
    for number in range(5):
        angle = 2 * np.pi * number / 5
        by = (0.14 * np.cos(angle), 0.14 * np.sin(angle), 0.34 + 0.05 * (number % 2))
        leaves.append(moved(leaf._replace(color=(0.27, 0.50, 0.24)), by, (0.6, 0.6, 0.75)))
    return assembled("plant", [pot, *leaves], piece=standing_can(0.2, 1.05))


@lru_cache(maxsize=1)
def carton() -> ObjectModel:
    """A cardboard box with a strip of tape."""
    solids = [
        box((-0.22, -0.17, 0.0), (0.22, 0.17, 0.3)),
        box((-0.22, -0.025, 0.3), (0.22, 0.025, 0.303), (0.85, 0.8, 0.7)),
    ]
    return assembled("box", solids, [((-0.22, -0.17, 0.0), (0.22, 0.17, 0.3))])


@lru_cache(maxsize=1)
def waste_bin() -> ObjectModel:
    """A round bin."""
    profile = [(0, 0), (0.13, 0), (0.17, 0.42), (0.15, 0.42), (0.12, 0.03), (0, 0.03)]
    return assembled("bin", [turned(profile, segments=14)], piece=standing_can(0.17, 0.42))


@lru_cache(maxsize=1)
def stool() -> ObjectModel:
    """A round stool."""
    seat = turned([(0, 0.42), (0.17, 0.42), (0.18, 0.45), (0.15, 0.47), (0, 0.47)], segments=14)
    return assembled("stool", [seat, *_legs(0.1, 0.1, 0.42, 0.035, _SHADE)], piece=standing_can(0.18, 0.47))
