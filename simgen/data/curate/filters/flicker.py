"""Brightness that goes up and down from frame to frame, as under lamps or with a camera that keeps correcting."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import Field

from simgen.data.curate.section import Section, Share
from simgen.data.curate.subject import RGB, Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured

_LUMA = np.array([0.299, 0.587, 0.114])
_PERIOD = 5  # frames: a pulse is what one frame differs from the brightness of those around it


class FlickerSpec(Section):
    """Drops episodes whose pictures flicker."""

    most: Share = Field(
        default=0.02, description="share of the brightness by which frames differ from those around them (median)"
    )


class Flicker:
    """Compares each frame's brightness with the mean of its neighbours'."""

    def __init__(self, spec: FlickerSpec) -> None:
        self._most = spec.most

    def judge(self, subject: Subject) -> Verdict:
        """The value is that of the camera which flickers most."""
        cameras = subject.cameras(RGB)
        if not cameras or subject.episode.length < _PERIOD:
            return unmeasured("has no colour images" if not cameras else f"has fewer than {_PERIOD} steps")
        worst, frame, name = -1.0, 0, ""
        for camera in cameras:
            images = subject.images(camera, RGB)
            bright = np.array([cv2.mean(frame)[:3] for frame in images]) @ _LUMA
            pulse = np.abs(bright[1:-1] - (bright[:-2] + bright[2:]) / 2) / max(float(bright.mean()), 1.0)
            if np.median(pulse) > worst:
                worst, frame, name = float(np.median(pulse)), int(pulse.argmax()) + 1, camera
        return at_most(worst, self._most, f"camera {name}: its brightness flickers by {worst:.1%}", frame)
