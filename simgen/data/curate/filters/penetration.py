"""Bodies that are deep inside each other, the table or the floor, beyond what soft contacts explain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from simgen.data.curate.geometry.errors import NoGeometry
from simgen.data.curate.motion import Track
from simgen.data.curate.section import NonNegative, Positive, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured

if TYPE_CHECKING:
    from simgen.data.curate.geometry.world import Solid

_RESTING = ("fixed", "surface")


class PenetrationSpec(Section):
    """Drops episodes with bodies inside each other."""

    depth: Positive = Field(default=0.008, description="of an object in another, in the table or in the floor [m]")
    robot_depth: Positive = Field(
        default=0.015, description="of a link of the robot in anything [m]; a strong arm presses deeper"
    )
    seconds: NonNegative = Field(default=0.12, description="that it lasts; an impact is over sooner [s]")
    impact: NonNegative = Field(
        default=0.04,
        description="what is half as deep again need not last, unless it is an impact: depth per speed [s]",
    )


class Penetration:
    """Measures how deep the shapes of the episode's scene are in each other as they were recorded."""

    def __init__(self, spec: PenetrationSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the largest depth as a multiple of its limit."""
        tracks = subject.motion.tracks
        if not all(track.is_finite for track in tracks.values()):
            return unmeasured("its states are no numbers")
        try:
            geometry = subject.geometry
        except NoGeometry as problem:
            return unmeasured(str(problem))
        frames = max(1, math.ceil(self._spec.seconds * subject.facts.control_hz))
        speeds = {name: _recent_speed(track) for name, track in tracks.items()}
        worst, frame, reason = 0.0, None, ""
        for first, second in _pairs(list(geometry.solids.values())):
            depths = geometry.depths(first, second)
            if not depths.any():
                continue
            limit = self._spec.robot_depth if "link" in (first.role, second.role) else self._spec.depth
            excess = _lasting(depths, frames) / limit
            if {first.role, second.role} <= {"object", *_RESTING}:
                speed = np.maximum(speeds.get(first.name, 0.0), speeds.get(second.name, 0.0))
                excess = np.maximum(excess, depths / (1.5 * limit + self._spec.impact * speed))
            index = int(excess.argmax())
            if excess[index] > worst:
                worst, frame = float(excess[index]), index
                reason = f"{second.name} is {1000 * depths[index]:.1f} mm deep in {first.name} (limit {1000 * limit:g})"
        return at_most(worst, 1.0, reason, frame)


def _pairs(solids: list[Solid]) -> Iterator[tuple[Solid, Solid]]:
    """Pairs of which one can move, and which are not parts of one thing."""
    for first, second in itertools.combinations(solids, 2):
        joined = bool(first.owner) and first.owner == second.owner
        held = {first.role, second.role} <= {"part", *_RESTING}  # parts only go where their joints let them
        if not joined and not held:
            yield first, second


def _lasting(depths: np.ndarray, frames: int) -> np.ndarray:
    """The depth that holds from each frame on for so many frames; 0 where the episode ends sooner. Shape: (F,)."""
    lasting = np.zeros(len(depths))
    if len(depths) >= frames:
        windows = np.lib.stride_tricks.sliding_window_view(depths, frames)
        lasting[: len(windows)] = windows.min(axis=1)
    return lasting


def _recent_speed(track: Track) -> np.ndarray:
    """The highest speed of a body in each frame and the two before it. Shape: (F,), [m/s]."""
    speed = np.linalg.norm(track.velocity, axis=1)
    padded = np.concatenate([speed[:1], speed[:1], speed])
    return np.lib.stride_tricks.sliding_window_view(padded, 3).max(axis=1)
