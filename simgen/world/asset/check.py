"""Has an object a size, a mass and joints that a robot's world can have? Which unit is its file likely in?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simgen.errors import BadInput
from simgen.spec.base import Bounds
from simgen.world.asset.raw import RawAsset

MASS = Bounds(0.0, 1000.0, "kg", above=True)
SMALLEST, LARGEST = 0.002, 5.0  # of the largest side [m]
UNITS = {"millimetres": 0.001, "centimetres": 0.01, "inches": 0.0254}
_LONGEST_IN_CENTIMETRES = 40.0  # a thing of more units than this is more likely written in millimetres


def likely_scale(largest: float) -> tuple[str, float] | None:
    """Returns the unit that a file without one is likely in, and the factor to metres.

    Args:
        largest: The largest side, in the file's unit.

    Returns:
        None where no usual unit gives a sensible size; ("metres", 1.0) where nothing is to be done.
    """
    if SMALLEST <= largest <= LARGEST:
        return "metres", 1.0
    if 0 < largest < SMALLEST:
        return ("metres, scaled by 0.001 twice", 1000.0) if largest * 1000.0 >= SMALLEST else None
    usual = ("centimetres", "millimetres") if largest <= _LONGEST_IN_CENTIMETRES else ("millimetres", "centimetres")
    fitting = [name for name in usual if SMALLEST <= largest * UNITS[name] <= LARGEST]
    return (fitting[0], UNITS[fitting[0]]) if fitting else None


def check_size(path: Path, points: np.ndarray, scale: float, largest_allowed: float = LARGEST) -> None:
    """Refuses what is too large or too small.

    Args:
        path: For the message.
        points: Of the object [m]. Shape: (N, 3).
        scale: The factor that they have had.
        largest_allowed: A room may be larger than a thing [m].

    Raises:
        BadInput: Names the likely unit and the scale to give.
    """
    largest = float(np.ptp(points, axis=0).max())
    if SMALLEST <= largest <= largest_allowed:
        return
    size = " x ".join(f"{side:.4g}" for side in np.ptp(points, axis=0))
    allowed = f"Allowed: a largest side of {SMALLEST:g} to {largest_allowed:g} m"
    found = likely_scale(largest)
    if found is None or found[1] == 1.0:
        raise BadInput(f"{path}: would be {size} m. {allowed}; give metres per unit of the file: --scale S.")
    unit, factor = found
    others = [
        f"--scale {scale * other:g} if it is in {name}"
        for name, other in UNITS.items()
        if name != unit and SMALLEST <= largest * other <= largest_allowed
    ]
    more = f" ({'; '.join(others)})" if others else ""
    raise BadInput(
        f"{path}: would be {size} m. {allowed}. It seems to be in {unit}: give --scale {scale * factor:g} "
        f"or --scale auto{more}."
    )


def check_physics(path: Path, raw: RawAsset, scale: float, longest_slide: float = LARGEST) -> None:
    """Refuses masses and joints that no engine moves as a real thing: losses below zero add energy at every step.

    Args:
        path: For the message.
        raw: As read.
        scale: Metres per unit of the file.
        longest_slide: Longest allowed way of a slide [m].

    Raises:
        BadInput: Names the link or the joint, the value and what is allowed.
    """
    for link in raw.links.values():
        if link.inertial is not None:
            _check(path, f"link {link.name!r}: mass", link.inertial.mass, MASS)
    for joint in raw.joints:
        where, slides = f"joint {joint.name!r}", joint.kind == "prismatic"
        limits = Bounds(-longest_slide, longest_slide, "m") if slides else Bounds(unit="rad")
        for end, value in (("lower", joint.lower), ("upper", joint.upper)):
            _check(path, f"{where}: {end} limit", value * scale if slides else value, limits)
        if slides:
            _check(path, f"{where}: travel", (joint.upper - joint.lower) * scale, Bounds(0.0, longest_slide, "m"))
        _check(path, f"{where}: friction", joint.friction, Bounds(0.0, unit="N" if slides else "N m"))
        _check(path, f"{where}: damping", joint.damping, Bounds(0.0, unit="N s/m" if slides else "N m s/rad"))


def _check(path: Path, what: str, value: float, limits: Bounds) -> None:
    try:
        limits.check(value)
    except ValueError as error:
        raise BadInput(f"{path}: {what}: {error}") from None
