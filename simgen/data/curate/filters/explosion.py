"""Bodies and joints that move faster, or change their motion faster, than anything in the scene could make them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from simgen.data.curate.motion import Track
from simgen.data.curate.section import Positive, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured


class ExplosionSpec(Section):
    """Drops episodes in which the simulation blew up."""

    speed: Positive = Field(default=8.0, description="of a body [m/s]")
    spin: Positive = Field(default=150.0, description="of a body [rad/s]")
    joint_speed: Positive = Field(default=25.0, description="of a joint [rad/s or m/s]")
    acceleration: Positive = Field(default=200.0, description="of a body, over a control step [m/s^2]")
    joint_acceleration: Positive = Field(
        default=2000.0, description="of a joint, over a control step [rad/s^2 or m/s^2]"
    )


class Explosion:
    """Compares speeds and accelerations with what is possible."""

    def __init__(self, spec: ExplosionSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the largest of all as a multiple of its limit."""
        tracks = subject.motion.tracks
        if not tracks:
            return unmeasured("has no states of bodies")
        worst, frame, reason = 0.0, None, ""
        for name, track in tracks.items():
            for what, values, limit, unit in self._measured(track, subject.facts.control_hz):
                if values.size == 0:
                    continue
                index = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
                if values[index] / limit > worst:
                    worst, frame = float(values[index] / limit), index
                    reason = f"{what} of {name} is {values[index]:.3g} {unit} (limit {limit:g})"
        return at_most(worst, 1.0, reason, frame)

    def _measured(self, track: Track, rate: float) -> Iterator[tuple[str, np.ndarray, float, str]]:
        """What is measured in each frame, with its limit and unit."""
        spec = self._spec
        yield "speed", _length(track.velocity), spec.speed, "m/s"
        yield "spin", _length(track.spin), spec.spin, "rad/s"
        yield "acceleration", _length(_change(track.velocity)) * rate, spec.acceleration, "m/s^2"
        if track.joints.shape[1]:
            turning = track.joint_velocity
            yield "joint speed", np.abs(turning).max(axis=1), spec.joint_speed, "rad/s"
            change = np.abs(_change(turning)).max(axis=1) * rate
            yield "joint acceleration", change, spec.joint_acceleration, "rad/s^2"


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1)


def _change(rows: np.ndarray) -> np.ndarray:
    """What each row differs from the one before; the first not at all."""
    return np.diff(rows, axis=0, prepend=rows[:1])
