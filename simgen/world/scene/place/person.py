"""A walking person of simple solids, in clothes of several colours. Origin on the floor, facing +x."""

from __future__ import annotations

from functools import lru_cache

from simgen.world.scene.model import ObjectModel
from simgen.world.scene.place.build import Color, Solid, assembled, moved, standing_can, turned

RADIUS = 0.25  # of the cylinder that a person collides as [m]
_SKINS: tuple[Color, ...] = ((0.90, 0.72, 0.60), (0.55, 0.38, 0.28), (0.78, 0.58, 0.44), (0.36, 0.24, 0.18))
_HAIRS: tuple[Color, ...] = ((0.24, 0.16, 0.10), (0.08, 0.07, 0.07), (0.62, 0.48, 0.28), (0.10, 0.09, 0.09))
_TROUSERS: tuple[Color, ...] = ((0.16, 0.20, 0.32), (0.14, 0.14, 0.15), (0.45, 0.40, 0.32), (0.30, 0.32, 0.30))
_SHIRTS: tuple[Color, ...] = (
    (0.75, 0.20, 0.18), (0.20, 0.36, 0.62), (0.90, 0.88, 0.84), (0.24, 0.45, 0.30), (0.85, 0.62, 0.20),
    (0.35, 0.30, 0.45), (0.55, 0.57, 0.60), (0.16, 0.45, 0.48),
)  # fmt: skip
_SHOES: Color = (0.12, 0.11, 0.11)
VARIANTS = len(_SHIRTS)


def _limb(top: float, bottom: float, upper: float, lower: float, color: Color) -> Solid:
    """A tapered limb that hangs from the origin down by `top - bottom` [m]."""
    length = top - bottom
    return turned([(0, -length), (lower, -length), (upper, 0), (0, 0)], color, 7)


def _shade(color: Color, factor: float) -> Color:
    red, green, blue = (factor * value for value in color)
    return red, green, blue


@lru_cache(maxsize=VARIANTS)
def person(variant: int) -> ObjectModel:
    """A person in mid-step, 1.75 m tall."""
    shirt, skin, hair = _SHIRTS[variant], _SKINS[variant % len(_SKINS)], _HAIRS[variant % len(_HAIRS)]
    trousers, sleeves = _TROUSERS[(variant // 2) % len(_TROUSERS)], _shade(shirt, 0.92)
    torso = turned([(0, 0.86), (0.155, 0.88), (0.15, 1.10), (0.19, 1.36), (0.13, 1.45), (0, 1.47)], shirt, 10)
    solids = [moved(torso, (0, 0, 0), (0.68, 1.0, 1.0))]
    hips = turned([(0, 0.78), (0.13, 0.80), (0.158, 0.92), (0, 0.92)], trousers, 10)
    solids.append(moved(hips, (0, 0, 0), (0.72, 1.0, 1.0)))
    for side, swing in ((-1, 0.38), (1, -0.38)):
        leg = _limb(0.88, 0.06, 0.085, 0.05, trousers)
        foot = turned([(0, 0), (0.055, 0), (0.045, 0.07), (0, 0.08)], _SHOES, 7)
        solids.append(moved(leg, (0.0, 0.085 * side, 0.88), pitch=swing))
        forward = -0.80 * swing * 0.95
        lifted = 0.82 * (1 - (1 - swing * swing / 2))
        solids.append(moved(foot, (forward + 0.03, 0.085 * side, lifted * 0.5), (1.9, 0.9, 1.0)))
        sleeve = _limb(1.40, 1.12, 0.062, 0.05, sleeves)
        solids.append(moved(sleeve, (0.0, 0.215 * side, 1.40), pitch=-0.8 * swing))
        forearm = _limb(1.12, 0.80, 0.042, 0.035, skin)
        solids.append(moved(forearm, (0.28 * 0.8 * swing, 0.215 * side, 1.13), pitch=-0.8 * swing - 0.35))
    solids.append(turned([(0, 1.44), (0.055, 1.44), (0.05, 1.54), (0, 1.54)], skin, 7))
    head = turned([(0, 1.50), (0.07, 1.53), (0.095, 1.62), (0.085, 1.70), (0, 1.75)], skin, 10)
    solids.append(moved(head, (0.01, 0, 0), (1.05, 0.9, 1.0)))
    cap = turned([(0, 1.64), (0.098, 1.645), (0.092, 1.71), (0.05, 1.76), (0, 1.77)], hair, 10)
    solids.append(moved(cap, (-0.012, 0, 0), (1.08, 0.95, 1.0)))
    lowest = min(float(solid.vertices[:, 2].min()) for solid in solids)
    solids = [moved(solid, (0.0, 0.0, -lowest)) for solid in solids]
    return assembled("person", solids, piece=standing_can(RADIUS, 1.75))
