"""Cameras that show nothing: frames that are black or of one colour."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import Field

from simgen.data.curate.section import NonNegative, Section, Share
from simgen.data.curate.subject import RGB, Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured


class BlankSpec(Section):
    """Drops episodes in which a camera shows black or constant frames."""

    most: Share = Field(default=0.02, description="share of the frames of a camera that may be blank")
    contrast: NonNegative = Field(
        default=2.0, description="a frame is blank whose colours differ by less, 0..255 (standard deviation)"
    )


class Blank:
    """Measures the contrast of each frame."""

    def __init__(self, spec: BlankSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the share of blank frames, of the camera with most of them."""
        cameras = subject.cameras(RGB)
        if not cameras:
            return unmeasured("has no colour images")
        worst, frame, name = -1.0, None, ""
        for camera in cameras:
            blank = contrasts(subject.images(camera, RGB)) < self._spec.contrast
            if blank.mean() > worst:
                worst, name = float(blank.mean()), camera
                frame = int(np.argmax(blank)) if blank.any() else None
        return at_most(worst, self._spec.most, f"camera {name}: {worst:.0%} of its frames are blank", frame)


def contrasts(images: np.ndarray) -> np.ndarray:
    """How much the pixels of each frame differ. Shape: (F, H, W, 3) -> (F,)."""
    return np.array([cv2.meanStdDev(np.ascontiguousarray(frame))[1].max() for frame in images])
