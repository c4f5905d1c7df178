"""Cuts: the picture changes abruptly from one frame to the next, as where imported video was edited.

PySceneDetect (BSD-3-Clause) measures how much a frame differs from the one before it; a cut is a difference that is
large and far above those around it, which fast motion and flicker are not.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field
from scenedetect import ContentDetector, FrameTimecode, StatsManager

from simgen.data.curate.section import NonNegative, Positive, Section
from simgen.data.curate.subject import RGB, Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured

_WINDOW = 3  # frames on each side that a change is compared with
_LEAST = 2  # frames that what follows a cut has
_MOVED = 0.03  # of a camera from frame to frame that explains a change [m, and of its axes]
_QUIET = 0.25  # change of a still picture; keeps the ratio to it finite


class CutSpec(Section):
    """Drops episodes whose pictures are cut."""

    times: Positive = Field(
        default=2.5, description="how many times as large as those around it a change may be from frame to frame"
    )
    change: NonNegative = Field(
        default=8.0, description="of hue, saturation and brightness that counts at all, 0..255 (mean over the pixels)"
    )


class Cut:
    """Finds the largest change that stands out."""

    def __init__(self, spec: CutSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is how much the change stands out that does so most, over all cameras."""
        cameras = subject.cameras(RGB)
        if not cameras:
            return unmeasured("has no colour images")
        worst, frame, name = 0.0, None, ""
        for camera in cameras:
            scores = changes(subject.images(camera, RGB), subject.facts.control_hz)
            times = np.where(scores >= self._spec.change, scores / _around(scores), 0.0)
            times[-_LEAST:] = 0.0
            times[_jumps(subject, camera, len(times))] = 0.0
            if times.max() > worst:
                worst, frame, name = float(times.max()), int(times.argmax()), camera
        reason = f"camera {name}: the picture changes {worst:.1f} times as much as around it"
        return at_most(worst, self._spec.times, reason, frame)


def _jumps(subject: Subject, camera: str, frames: int) -> np.ndarray:
    """In which frames a camera is so far from where it was that the picture must change, as on a robot that falls."""
    poses = subject.small.get(f"obs/sensor_param/{camera}/extrinsic_cv")
    moved = np.zeros(frames, bool)
    if poses is not None and poses.shape[1:] == (3, 4) and len(poses) == frames:
        moved[1:] = np.abs(np.diff(poses, axis=0)).max(axis=(1, 2)) > _MOVED
    return moved


def changes(images: np.ndarray, rate: float) -> np.ndarray:
    """How much each frame differs from the one before it. Shape: (F, H, W, 3), uint8 -> (F,), the first is 0."""
    if min(images.shape[1:3]) < 2:
        return np.zeros(len(images))
    stats, detector = StatsManager(), ContentDetector()
    detector.stats_manager = stats
    times = [FrameTimecode(number, fps=rate) for number in range(len(images))]
    for time, image in zip(times, images, strict=True):
        detector.process_frame(time, np.ascontiguousarray(image[..., ::-1]))  # OpenCV's order of colours
    key = ContentDetector.FRAME_SCORE_KEY
    found = [stats.get_metrics(time, [key])[0] if stats.metrics_exist(time, [key]) else 0.0 for time in times]
    return np.array([0.0 if value is None else value for value in found], float)


def _around(scores: np.ndarray) -> np.ndarray:
    """The mean change in the frames before and after each. Shape: (F,)."""
    around = np.full(len(scores), _QUIET)
    for index in range(1, len(scores)):
        near = [*scores[max(1, index - _WINDOW) : index], *scores[index + 1 : index + 1 + _WINDOW]]
        around[index] = max(_QUIET, float(np.mean(near))) if near else _QUIET
    return around
