"""What stands in a warehouse. Origin on the floor, in the middle; fronts are towards +y, forks towards +x."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.place.build import TINT, Color, Solid, assembled, box, turned

RACK = (2.7, 1.0)  # length and depth of a rack [m]
_CARDBOARD: tuple[Color, ...] = ((0.72, 0.57, 0.40), (0.66, 0.50, 0.34), (0.78, 0.64, 0.47), (0.85, 0.84, 0.80))
_TIMBER: Color = (0.72, 0.58, 0.42)
_BEAMS: tuple[Color, ...] = ((0.95, 0.42, 0.10), (0.85, 0.65, 0.10))
_BLUE: Color = (0.16, 0.28, 0.52)
_BLACK: Color = (0.10, 0.10, 0.11)
_WHITE: Color = (0.95, 0.95, 0.95)


def _pallet(x: float, y: float, z: float, color: Color = _TIMBER) -> list[Solid]:
    """A pallet of 1.2 by 0.8 m with its lower side at z."""
    boards = [
        box((x - 0.6, y + b - 0.06, z + 0.122), (x + 0.6, y + b + 0.06, z + 0.144), color)
        for b in (-0.34, -0.17, 0.0, 0.17, 0.34)
    ]
    blocks = [box((x - 0.6, y + b - 0.05, z), (x + 0.6, y + b + 0.05, z + 0.122), color) for b in (-0.35, 0.0, 0.35)]
    return boards + blocks


def _load(x: float, y: float, z: float, layers: int, first: int = 0) -> list[Solid]:
    """Boxes on a pallet, in layers of four."""
    solids = []
    for layer in range(layers):
        for number, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
            low = (x - 0.57 + 0.575 * i, y - 0.38 + 0.385 * j, z + 0.34 * layer)
            high = (low[0] + 0.56, low[1] + 0.37, low[2] + 0.335)
            solids.append(box(low, high, _CARDBOARD[(first + number + layer) % len(_CARDBOARD)]))
    return solids


@lru_cache(maxsize=4)
def rack(variant: int) -> ObjectModel:
    """A rack with three levels of goods."""
    length, depth = RACK
    x, y = 0.5 * length - 0.04, 0.5 * depth - 0.04
    solids = [
        box((i * x - 0.04, j * y - 0.04, 0.0), (i * x + 0.04, j * y + 0.04, 3.2), _BLUE)
        for i in (-1, 1)
        for j in (-1, 1)
    ]
    for level, z in enumerate((0.0, 1.25, 2.35)):
        if level:
            beam = _BEAMS[variant % len(_BEAMS)]
            solids += [box((-x, j * y - 0.03, z - 0.11), (x, j * y + 0.03, z), beam) for j in (-1, 1)]
        for side in (-0.63, 0.63):
            if (variant + level + (side > 0)) % 4 == 3:
                continue
            solids += _pallet(side, 0.0, z)
            solids += _load(side, 0.0, z + 0.144, 2 + (level + variant) % 2 if level < 2 else 1, variant + level)
    return assembled("rack", solids, [((-0.5 * length, -0.5 * depth, 0.0), (0.5 * length, 0.5 * depth, 3.2))])


@lru_cache(maxsize=4)
def pallet(layers: int) -> ObjectModel:
    """A pallet with so many layers of boxes."""
    top = 0.144 + 0.34 * layers
    return assembled(
        "pallet", _pallet(0, 0, 0) + _load(0, 0, 0.144, layers, layers), [((-0.6, -0.4, 0.0), (0.6, 0.4, top))]
    )


@lru_cache(maxsize=1)
def forklift() -> ObjectModel:
    """A counterbalance truck, forks towards +x."""
    solids = [
        box((-0.85, -0.5, 0.18), (0.35, 0.5, 0.75)),
        box((-0.95, -0.48, 0.25), (-0.45, 0.48, 1.05)),
        box((-0.42, -0.25, 0.75), (0.0, 0.25, 0.90), _BLACK),
        box((-0.48, -0.25, 0.85), (-0.38, 0.25, 1.35), _BLACK),
        box((0.12, -0.06, 0.75), (0.2, 0.06, 1.15), _BLACK),
        box((-0.6, -0.48, 2.0), (0.35, 0.48, 2.06), _BLACK),
        *(box((i, j - 0.03, 0.75), (i + 0.06, j + 0.03, 2.0), _BLACK) for i in (-0.58, 0.27) for j in (-0.44, 0.44)),
        *(box((0.42, j - 0.05, 0.05), (0.54, j + 0.05, 2.1), (0.25, 0.25, 0.27)) for j in (-0.3, 0.3)),
        box((0.42, -0.35, 1.0), (0.5, 0.35, 1.1), (0.25, 0.25, 0.27)),
        *(box((0.54, j - 0.06, 0.05), (1.6, j + 0.06, 0.1), (0.35, 0.35, 0.37)) for j in (-0.22, 0.22)),
        box((0.54, -0.4, 0.05), (0.58, 0.4, 0.5), (0.35, 0.35, 0.37)),
        *(_wheel(i, j) for i in (-0.6, 0.2) for j in (-0.5, 0.5)),
    ]
    # The forks are low, but nobody drives over them.
    return assembled(
        "forklift", solids, [((-0.95, -0.5, 0.0), (0.58, 0.5, 2.1)), ((0.58, -0.28, 0.0), (1.6, 0.28, 0.15))]
    )


def _wheel(x: float, y: float) -> Solid:
    disc = turned([(0, -0.09), (0.22, -0.09), (0.22, 0.09), (0, 0.09)], _BLACK, 14)
    upright = disc.vertices[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    return disc._replace(vertices=upright + [x, y, 0.22])


@lru_cache(maxsize=1)
def cone() -> ObjectModel:
    """A traffic cone with two white bands."""

    def radius(z: float) -> float:
        return 0.135 - 0.155 * (z - 0.03)

    solids = [box((-0.18, -0.18, 0.0), (0.18, 0.18, 0.03), (0.15, 0.15, 0.15))]
    for low, high, color in (
        (0.03, 0.24, TINT),
        (0.24, 0.36, _WHITE),
        (0.36, 0.46, TINT),
        (0.46, 0.55, _WHITE),
        (0.55, 0.70, TINT),
    ):
        solids.append(turned([(0, low), (radius(low), low), (radius(high), high), (0, high)], color, 12))
    return assembled("cone", solids, [((-0.18, -0.18, 0.0), (0.18, 0.18, 0.7))])


@lru_cache(maxsize=1)
def sign() -> ObjectModel:
    """A warning sign that stands on the floor like a tent, facing +y and -y."""
    solids: list[Solid] = []
    for side in (-1.0, 1.0):
        panel = box((-0.15, -0.012, 0.0), (0.15, 0.012, 0.62))
        stripe = box((-0.11, -0.014, 0.40), (0.11, 0.014, 0.50), _BLACK)
        mark = box((-0.02, -0.014, 0.12), (0.02, 0.014, 0.34), _BLACK)
        for part in (panel, stripe, mark):
            x, y, z = part.vertices.T
            leaned = np.stack((x, y + side * (0.15 - 0.22 * z), z), axis=-1)
            solids.append(part._replace(vertices=leaned))
    return assembled("sign", solids, [((-0.15, -0.17, 0.0), (0.15, 0.17, 0.62))])


@lru_cache(maxsize=1)
def fence() -> ObjectModel:
    """A piece of fence of 1.5 m along x: posts, rails and bars."""
    solids = [box((x - 0.03, -0.03, 0.0), (x + 0.03, 0.03, 1.2), (0.2, 0.2, 0.22)) for x in (-0.72, 0.72)]
    solids += [box((x - 0.1, -0.15, 0.0), (x + 0.1, 0.15, 0.02), (0.2, 0.2, 0.22)) for x in (-0.65, 0.65)]
    solids += [box((-0.7, -0.02, z), (0.7, 0.02, z + 0.05)) for z in (0.1, 0.6, 1.1)]
    solids += [box((x - 0.012, -0.012, 0.15), (x + 0.012, 0.012, 1.1)) for x in np.linspace(-0.58, 0.58, 7)]
    return assembled("fence", solids, [((-0.75, -0.15, 0.0), (0.75, 0.15, 1.2))])
