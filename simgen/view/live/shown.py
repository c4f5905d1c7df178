"""One recorded episode as it is shown: its setting, what moved, and its pictures of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simgen.data import EpisodeView
from simgen.data.replay import ACTORS, ARTICULATIONS
from simgen.errors import SimgenError
from simgen.view.live.cameras import CameraPose
from simgen.view.live.motion import Motion, Setting, motion_of
from simgen.view.live.pictures import outputs_of


class ShownEpisode:
    """Everything of an episode that is shown; states are in memory, images are read moment by moment.

    Args:
        episode: The episode.
        setting: What it happened in.
    """

    def __init__(self, episode: EpisodeView, setting: Setting) -> None:
        self.episode, self.setting = episode, setting
        self.notes = [setting.note] if setting.note else []
        try:
            self.motion = motion_of(episode, setting)
        except (SimgenError, ValueError, KeyError) as error:
            self.motion = Motion()
            self.notes.append(f"its states cannot be drawn: {error}")
        self.count = episode.length + 1
        self.ids: Mapping[int, Mapping[str, Any]] = episode.segmentation_ids
        self.outputs = {camera: outputs_of(episode.obs.below(f"sensor_data/{camera}")) for camera in episode.cameras}
        self._cameras = {camera: self._parameters(camera) for camera in episode.cameras}
        if not any(path.startswith((ACTORS, ARTICULATIONS)) for path in episode.arrays):
            self.notes.append("no states were stored, so nothing moves but the images")
        elif self.motion.links is None:
            self.notes.append("no states of a robot that simgen has a card of were stored")
        if not self.outputs:
            self.notes.append("no images were stored")

    def array(self, path: str) -> np.ndarray | None:
        """Returns an array of the steps, if it was stored."""
        return np.asarray(self.episode.arrays[path][()]) if path in self.episode.arrays else None

    def image(self, camera: str, output: str, moment: int) -> np.ndarray:
        """Returns an output of a camera, as stored. Shape: (H, W, channels)."""
        images = self.episode.image(camera, output)
        image = images[min(moment, len(images) - 1)]
        return image if image.ndim == 3 else image[..., None]

    def camera(self, name: str, moment: int) -> CameraPose | None:
        """Returns where a camera is and how it sees; None where that was not stored."""
        parameters = self._cameras.get(name)
        if parameters is None:
            return None
        intrinsic, extrinsic = parameters
        return CameraPose.of(intrinsic[min(moment, len(intrinsic) - 1)], extrinsic[min(moment, len(extrinsic) - 1)])

    def _parameters(self, camera: str) -> tuple[np.ndarray, np.ndarray] | None:
        found = self.episode.obs.below(f"sensor_param/{camera}")
        if "intrinsic_cv" not in found or "extrinsic_cv" not in found:
            return None
        return found["intrinsic_cv"][()], found["extrinsic_cv"][()]

    @property
    def root(self) -> np.ndarray:
        """Where the robot is at the start [m]. Shape: (3,)."""
        if self.motion.links is not None:
            return self.motion.links[0, 0, :3]
        first = next(iter(self.motion.frames.values()), None)
        return np.zeros(3) if first is None else first[0, :3]

    @property
    def points(self) -> np.ndarray | None:
        """Where things are that matter, at the start [m]. Shape: (N, 3)."""
        layout, bodies = self.setting.layout, self.motion.bodies
        if layout is None or bodies is None:
            return np.array([frame[0, :3] for frame in self.motion.frames.values()]).reshape(-1, 3)
        shown = [i for i, slot in enumerate(layout.bodies) if not slot.scenery and bodies[0, i, 2] > -5.0]
        return bodies[0, shown, :3]
