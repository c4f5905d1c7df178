"""Things that are turned by hand: a faucet with a lever, and a valve with a wheel."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.articulated.mechanism import articulated, hung
from simgen.world.scene.articulated.painted import METAL, PANEL, STEEL, box, painted, rod
from simgen.world.scene.model import ArticulatedModel, Part
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require

FLANGE = 0.012  # thickness of what they stand on [m]


def build_faucet(height: float, radius: float, spout: float, lever: float, opening: float) -> ArticulatedModel:
    """Builds a faucet that stands on z = 0, its spout along +x.

    The lever on top points along -y when closed and turns counter-clockwise to `opening`, seen from above; the frame of
    the part `lever` is near the lever's end.

    Args:
        height: Of the body [m].
        radius: Of the body [m].
        spout, lever: How far they reach from the middle [m].
        opening: How far the lever turns [rad].
    """
    require(lever > 2.5 * radius, "faucet: its lever is no longer than its body is wide; make it longer.")
    outlet = 0.55 * height
    tip = np.array([spout, 0.0, outlet])
    root = painted(
        "faucet",
        [
            rod((0.0, 0.0, 0.0), (0.0, 0.0, FLANGE), 1.6 * radius, STEEL),
            rod((0.0, 0.0, FLANGE), (0.0, 0.0, height), radius, STEEL),
            rod((0.9 * radius, 0.0, 0.8 * height), tuple(tip), 0.45 * radius, STEEL),
            rod(tuple(tip), tuple(tip - [0.0, 0.0, 0.35 * height]), 0.4 * radius, STEEL),
        ],
    )
    top, grip = height + 0.002, 0.8 * lever
    bar, knob = 0.4 * radius, 0.35 * radius
    at = np.array([0.0, -grip, top + knob + bar])
    hub = -at
    pieces = [
        rod((hub[0], hub[1], top + hub[2]), (hub[0], hub[1], top + hub[2] + 2 * knob), 0.9 * radius, PANEL),
        box((-bar, -(lever - grip), -bar), (bar, hub[1] - 0.5 * radius, bar), PANEL),
    ]
    joint = hung("revolute", tuple(at), (0.0, 0.0, 1.0), opening, anchor=tuple(hub), friction=0.05, damping=0.05)
    return articulated("faucet", root, {"lever": Part(painted("lever", pieces), joint)})


def build_valve(height: float, radius: float, spokes: float, turns: float) -> ArticulatedModel:
    """Builds a valve that stands on z = 0: a wheel on an upright stem, with a knob on its rim.

    The frame of the part `wheel` is in the knob, which is at -x of the stem when the valve is closed.

    Args:
        height: Of the wheel above the ground [m].
        radius: Of the wheel [m].
        spokes: How many.
        turns: How far it turns, counter-clockwise seen from above [turns].
    """
    knob, rim = 0.05, 0.01
    root = painted(
        "valve",
        [
            box((-0.06, -0.06, 0.0), (0.06, 0.06, 0.5 * height), STEEL),
            rod((0.0, 0.0, 0.5 * height), (0.0, 0.0, height - rim), 0.014, METAL),
        ],
    )
    at = np.array([-radius, 0.0, height + rim + 0.5 * knob])
    axis = -at + [0.0, 0.0, height]  # the wheel's middle in the frame of the knob
    corners = [2 * np.pi * k / 16 for k in range(16)]
    points = [axis + radius * np.array([-np.cos(a), np.sin(a), 0.0]) for a in corners]
    pieces = [rod(tuple(a), tuple(b), rim, PANEL) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    pieces.append(rod((axis[0], axis[1], axis[2] - rim), (axis[0], axis[1], axis[2] + 2 * rim), 0.025, PANEL))
    for index in range(int(spokes)):
        angle = 2 * np.pi * index / int(spokes)
        out = axis + radius * np.array([-np.cos(angle), np.sin(angle), 0.0])
        pieces.append(rod(tuple(axis), tuple(out), 0.7 * rim, PANEL))
    pieces.append(rod((0.0, 0.0, -0.5 * knob - rim), (0.0, 0.0, 0.5 * knob), 0.013, METAL))
    joint = hung(
        "revolute", tuple(at), (0.0, 0.0, 1.0), 2 * np.pi * turns, anchor=tuple(axis), friction=0.1, damping=0.1
    )
    return articulated("valve", root, {"wheel": Part(painted("wheel", pieces), joint)})


KINDS = {
    "faucet": ObjectKind(
        "faucet on z = 0 with its spout along +x; the part lever on top turns from -y to +x",
        {
            "height": Parameter(0.16, "m", 0.05, 0.5, (0.13, 0.20)),
            "radius": Parameter(0.02, "m", 0.008, 0.1, (0.017, 0.024)),
            "spout": Parameter(0.13, "m", 0.03, 0.5, (0.10, 0.16)),
            "lever": Parameter(0.11, "m", 0.03, 0.4, (0.09, 0.13)),
            "opening": Parameter(1.57, "rad", 0.2, 3.1),
        },
        build_faucet,  # pyright: ignore[reportArgumentType]
    ),
    "valve": ObjectKind(
        "valve on z = 0 with an upright stem; the part wheel has a knob on its rim, at -x when closed",
        {
            "height": Parameter(0.16, "m", 0.05, 1.5, (0.12, 0.20)),
            "radius": Parameter(0.08, "m", 0.04, 0.5, (0.07, 0.10)),
            "spokes": Parameter(4.0, "1", 2.0, 12.0),
            "turns": Parameter(0.5, "turns", 0.1, 10.0),
        },
        build_valve,  # pyright: ignore[reportArgumentType]
    ),
}
