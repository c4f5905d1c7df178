"""The view of a recording through its cameras' sensors: spoilt when it is read, the same each time."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from simgen.data.lazy import LazyArray
from simgen.data.open_files import OpenFiles
from simgen.errors import BadInput
from simgen.spec.sensor_input import SENSORS, SensorsInput, sensors_from
from simgen.world.sensor.sensor import Sensor

if TYPE_CHECKING:
    from simgen.data.reader import Dataset

logger = logging.getLogger(__name__)

_IMAGES = ("obs", "sensor_data")
# Frames that are read although nobody asked for them, rather than one by one.
_MOST_BETWEEN = 8


class SensedArray(LazyArray):
    """Images of an episode as the sensor of their camera gives them; indexed as a LazyArray.

    Row t is what is seen at control step t: where images arrive late or not at all, that is an earlier frame.

    Args:
        clean: What was recorded. Shape: (T+1, H, W, channels).
        intrinsics: Camera matrices, which depth needs; None where none were recorded. Shape: (T+1, 3, 3).
        sensor: The camera's.
        output: "rgb", "depth" or another, which then is only late.
        seed: Of the episode.
    """

    def __init__(self, clean: LazyArray, intrinsics: LazyArray | None, sensor: Sensor, output: str, seed: int) -> None:
        self._clean, self._intrinsics = clean, intrinsics
        self._sensor, self._output, self._seed = sensor, output, seed

    @property
    def shape(self) -> tuple[int, ...]:
        return self._clean.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._clean.dtype

    def __getitem__(self, selection: Any) -> np.ndarray:
        first, rest = _split(selection, self.ndim)
        steps = np.arange(len(self))[first]
        frames = [self._sensor.shown_frame(self._seed, int(step)) for step in np.ravel(steps)]
        if frames:
            needed, places = np.unique(frames, return_inverse=True)
            images = self._spoilt(needed)[places].reshape(*np.shape(steps), *self.shape[1:])
        else:
            images = np.empty((*np.shape(steps), *self.shape[1:]), self.dtype)
        return images[(*[slice(None)] * np.ndim(steps), *rest)]

    def __repr__(self) -> str:
        return f"SensedArray({self._clean!r})"

    def _spoilt(self, frames: np.ndarray) -> np.ndarray:
        images = _rows(self._clean, frames)
        if not self._sensor.spoils(self._output):
            return images
        matrices = None
        if self._output == "depth":
            if self._intrinsics is None:
                raise BadInput(f"the matrix of camera {self._sensor.camera} was not recorded, which its sensor needs.")
            matrices = torch.from_numpy(_rows(self._intrinsics, frames))
        seeds = [self._seed] * len(frames)
        return self._sensor.spoilt(
            self._output, torch.from_numpy(images), matrices, seeds, [int(frame) for frame in frames]
        ).numpy()


class SensorArrays:
    """Puts SensedArrays in the place of an episode's images.

    Args:
        sensors: By camera.
        seed: Of the episode.
    """

    def __init__(self, sensors: Mapping[str, Sensor], seed: int, files: OpenFiles) -> None:
        self._sensors, self._seed, self._files = sensors, seed, files

    def __call__(self, array: LazyArray) -> LazyArray:
        """Returns the array as it is to be seen; its name starts with the group of the episode."""
        group, *path = array.name.split("/")
        if len(path) != 4 or tuple(path[:2]) != _IMAGES or path[2] not in self._sensors:
            return array
        camera, output = path[2:]
        intrinsics, matrices = f"obs/sensor_param/{camera}/intrinsic_cv", None
        if output == "depth" and intrinsics in self._files.array_paths(array.file, group):
            matrices = LazyArray(self._files, array.file, f"{group}/{intrinsics}")
        return SensedArray(array, matrices, self._sensors[camera], output, self._seed)


def sensors_by_task(given: SensorsInput, dataset: Dataset) -> dict[str, dict[str, Sensor]]:
    """Returns the sensors of each task of a dataset, by camera.

    Args:
        given: As in `sensors_from`; True: to each task its own. Tasks that describe none are named in a warning.
        dataset: As recorded.

    Raises:
        BadInput: See `sensors_from`; none of the tasks describes sensors.
    """
    if given is not True:
        return dict.fromkeys(dataset.tasks, _sensors(given, dataset.spec, dataset.images))
    specs = {task: dataset.spec_of(task) for task in dataset.tasks}
    bare = [task for task in dataset.tasks if SENSORS not in specs[task]]
    described = [task for task in dataset.tasks if task not in bare]
    if described and bare:
        logger.warning("%s: no sensors in %s, so that their images are as recorded", dataset.path, ", ".join(bare))
    return {task: _sensors(True, specs[task], dataset.filter(task=task).images) for task in described or bare}


def _sensors(given: SensorsInput, task: Mapping[str, Any], cameras: Mapping[str, Collection[str]]) -> dict[str, Sensor]:
    return {camera: Sensor(camera, spec) for camera, spec in sensors_from(given, task, cameras).items()}


def _rows(array: LazyArray, rows: np.ndarray) -> np.ndarray:
    """Reads rows, sorted and unique, in one piece where they lie close."""
    first, last = int(rows[0]), int(rows[-1])
    if last - first < len(rows) + _MOST_BETWEEN:
        return array[first : last + 1][rows - first]
    return np.stack([array[int(row)] for row in rows])


def _split(selection: Any, ndim: int) -> tuple[Any, tuple[Any, ...]]:
    """Returns what is selected of the first axis and of the others."""
    parts = selection if isinstance(selection, tuple) else (selection,)
    for place, part in enumerate(parts):
        if part is Ellipsis:
            missing = ndim - len(parts) + 1
            parts = (*parts[:place], *[slice(None)] * missing, *parts[place + 1 :])
            break
    return (parts[0], parts[1:]) if parts else (slice(None), ())
