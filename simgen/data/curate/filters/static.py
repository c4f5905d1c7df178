"""Pictures that stand still: a camera that froze, or an episode in which nothing happens."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import Field

from simgen.data.curate.section import NonNegative, Section, Share
from simgen.data.curate.subject import RGB, Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured


class StaticSpec(Section):
    """Drops episodes in which a camera sees nothing move."""

    most: Share = Field(
        default=0.6, description="share of the frames, at a stretch, in which the picture may stand still"
    )
    levels: NonNegative = Field(default=8.0, description="a pixel has changed that differs by more, 0..255")
    pixels: Share = Field(default=0.001, description="share of the pixels that must have changed for a picture to move")


class Static:
    """Finds the longest stretch in which the picture of a camera stays what it was."""

    def __init__(self, spec: StaticSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the longest still stretch as a share of the episode, of the camera where it is longest."""
        cameras = subject.cameras(RGB)
        if not cameras:
            return unmeasured("has no colour images")
        worst, frame, name = -1.0, 0, ""
        for camera in cameras:
            start, length = self._still(subject.images(camera, RGB))
            share = length / max(1, subject.episode.length)
            if share > worst:
                worst, frame, name = share, start, camera
        return at_most(worst, self._spec.most, f"camera {name}: stands still for {worst:.0%} of the episode", frame)

    def _still(self, images: np.ndarray) -> tuple[int, int]:
        """Where the longest still stretch begins, and how many steps it has."""
        best, start, length = 0, 0, 0
        for frame in range(1, len(images)):
            apart = cv2.absdiff(images[frame], images[start]) > self._spec.levels
            moved = np.count_nonzero(apart[..., 0] | apart[..., 1] | apart[..., 2])
            if moved > self._spec.pixels * apart[..., 0].size:
                start = frame
            elif frame - start > length:
                best, length = start, frame - start
        return best, length
