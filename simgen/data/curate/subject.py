"""An episode under judgement: each of its arrays is read once, however many filters look at it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simgen.data.curate.motion import Motion, motion_of
from simgen.data.episode_view import EpisodeView

if TYPE_CHECKING:
    from simgen.data.curate.geometry.world import Geometry, TaskGeometry

RGB, SEGMENTATION = "rgb", "segmentation"
_DEFAULT_HZ = 20.0


class TaskFacts:
    """What holds for all episodes of a task: rates, limits of the actions, shapes.

    Args:
        name: The task's.
        spec: The resolved spec, of a task of ours, of a registered environment or of imported data.
        notes: What the dataset says of its arrays.
    """

    def __init__(self, name: str, spec: Mapping[str, Any], notes: Mapping[str, Any]) -> None:
        self.name, self.spec, self._notes = name, spec, notes

    @property
    def control_hz(self) -> float:
        """Control steps per second; 20 where nobody says."""
        episode = self.spec.get("episode")
        rate = episode.get("control_hz") if isinstance(episode, Mapping) else None
        return float(rate) if isinstance(rate, int | float) and rate > 0 else _DEFAULT_HZ

    def limits(self, path: str = "actions") -> tuple[np.ndarray, np.ndarray, list[str]] | None:
        """Lowest and highest value of each dimension of the actions, and their names; None where nobody says."""
        note = self._notes.get(path) or {}
        if "low" not in note or "high" not in note:
            return None
        low, high = np.atleast_1d(np.asarray(note["low"], float)), np.atleast_1d(np.asarray(note["high"], float))
        names = note.get("names") or [f"action {index}" for index in range(len(low))]
        return low, high, [str(name) for name in names]

    @functools.cached_property
    def geometry(self) -> TaskGeometry:
        """Shapes of the task's objects; says why where there are none."""
        from simgen.data.curate.geometry.world import TaskGeometry  # the world's code, which takes seconds to import

        return TaskGeometry.of(self.spec, self.name)


class Subject:
    """One episode, with what its task says.

    Args:
        episode: As the dataset has it.
        facts: Of its task.
    """

    def __init__(self, episode: EpisodeView, facts: TaskFacts) -> None:
        self.episode, self.facts = episode, facts

    @functools.cached_property
    def small(self) -> dict[str, np.ndarray]:
        """All arrays but those of images, by path."""
        arrays = self.episode.arrays
        return {path: arrays[path][()] for path in arrays if not path.startswith("obs/sensor_data/")}

    @functools.cached_property
    def motion(self) -> Motion:
        """Of its bodies."""
        return motion_of(self.small)

    @functools.cached_property
    def geometry(self) -> Geometry:
        """Its shapes and where they are.

        Raises:
            NoGeometry: Says why there is none.
        """
        return self.facts.geometry.episode(self.episode, self.motion)

    @functools.cached_property
    def segmentation_ids(self) -> dict[int, dict[str, Any]]:
        """Instance id -> {name, class, body}."""
        return self.episode.segmentation_ids

    def cameras(self, output: str) -> list[str]:
        """Names of the cameras that have such images."""
        return [name for name in self.episode.cameras if f"sensor_data/{name}/{output}" in self.episode.obs]

    @functools.cached_property
    def _images(self) -> dict[tuple[str, str], np.ndarray]:
        return {}

    def images(self, camera: str, output: str) -> np.ndarray:
        """All images of a camera. Shape: (F, H, W, channels)."""
        key = (camera, output)
        if key not in self._images:
            self._images[key] = np.asarray(self.episode.image(camera, output)[()])
        return self._images[key]

    @property
    def seconds_per_step(self) -> float:
        """Of a control step [s]."""
        return 1.0 / self.facts.control_hz
