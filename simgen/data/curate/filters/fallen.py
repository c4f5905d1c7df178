"""Things that have left the world: below the floor, or far away from where they were."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from simgen.data.curate.geometry.errors import NoGeometry
from simgen.data.curate.section import Positive, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured
from simgen.spec.base import Bounds


class FallenSpec(Section):
    """Drops episodes of which something fell out of the world."""

    below: Positive = Field(default=0.25, description="how far below the floor a body's origin may be [m]")
    away: Positive = Field(default=10.0, description="how far sideways of its start an object may get [m]")
    floor: Annotated[float, Bounds()] | None = Field(
        default=None, description="height of the floor [m]; null: the task's, else -1"
    )


class Fallen:
    """Looks for the lowest and the farthest body."""

    def __init__(self, spec: FallenSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the larger of both as a multiple of its limit."""
        motion = subject.motion
        if not motion.tracks:
            return unmeasured("has no states of bodies")
        floor, worst, frame, reason = self._floor(subject), 0.0, None, ""
        for name, track in motion.tracks.items():
            depth = floor - track.position[:, 2]
            measured = [(depth, self._spec.below, f"{name} is {{:.3g}} m below the floor")]
            if name in motion.actors:
                away = np.linalg.norm(track.position[:, :2] - track.position[0, :2], axis=1)
                measured.append((away, self._spec.away, f"{name} is {{:.3g}} m from where it was"))
            for values, limit, text in measured:
                index = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
                if values[index] / limit > worst:
                    worst, frame, reason = float(values[index] / limit), index, text.format(values[index])
        return at_most(worst, 1.0, reason, frame)

    def _floor(self, subject: Subject) -> float:
        if self._spec.floor is not None:
            return float(self._spec.floor)
        try:
            return subject.geometry.layout.ground_height
        except NoGeometry:
            return -1.0
