"""Positions that jump: a body or joint is somewhere that its velocity cannot have brought it to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from simgen.data.curate.motion import Track, quaternion_angle
from simgen.data.curate.section import Positive, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured


class TeleportSpec(Section):
    """Drops episodes in which something is suddenly elsewhere."""

    distance: Positive = Field(
        default=0.06, description="that a body may go in a control step beyond what its velocities explain [m]"
    )
    angle: Positive = Field(default=1.0, description="the same of its orientation [rad]")
    joint: Positive = Field(default=0.15, description="the same of a joint [rad or m]")


class Teleport:
    """Compares each step's way with the velocities before and after it."""

    def __init__(self, spec: TeleportSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the largest jump as a multiple of its limit."""
        tracks = subject.motion.tracks
        if not tracks:
            return unmeasured("has no states of bodies")
        worst, frame, reason = 0.0, None, ""
        for name, track in tracks.items():
            for what, jumps, limit, unit in self._jumps(track, subject.seconds_per_step):
                if jumps.size == 0 or not np.isfinite(jumps).any():
                    continue
                index = int(np.nanargmax(jumps))
                if jumps[index] / limit > worst:
                    worst, frame = float(jumps[index] / limit), index + 1
                    reason = f"{what} of {name} jumps by {jumps[index]:.3g} {unit} (limit {limit:g})"
        return at_most(worst, 1.0, reason, frame)

    def _jumps(self, track: Track, seconds: float) -> Iterator[tuple[str, np.ndarray, float, str]]:
        """What is left of each step's way when that of the faster of its two velocities is taken off."""
        way = np.linalg.norm(np.diff(track.position, axis=0), axis=1)
        yield "position", way - seconds * _fastest(np.linalg.norm(track.velocity, axis=1)), self._spec.distance, "m"
        turn = quaternion_angle(track.quaternion[1:], track.quaternion[:-1])
        yield "orientation", turn - seconds * _fastest(np.linalg.norm(track.spin, axis=1)), self._spec.angle, "rad"
        if track.joints.shape[1]:
            travel = np.abs(np.diff(track.joints, axis=0)) - seconds * _fastest(np.abs(track.joint_velocity))
            yield "a joint", travel.max(axis=1), self._spec.joint, "rad"


def _fastest(speeds: np.ndarray) -> np.ndarray:
    """The larger of the speeds before and after each step."""
    return np.maximum(speeds[1:], speeds[:-1])
