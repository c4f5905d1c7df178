"""One episode of a dataset as it is read: metadata at once, arrays and single frames only when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simgen.data.episode import Episode
from simgen.data.lazy import ArrayView, LazyArray
from simgen.data.open_files import OpenFiles
from simgen.data.shard import cached_record
from simgen.errors import unknown

if TYPE_CHECKING:
    from simgen.world.sensor.sensor import Sensor


class EpisodeView:
    """One episode of a dataset. Metadata are attributes, arrays are read when indexed.

    Attributes:
        number: position in the dataset it was taken from.
        sensors: by camera, through which its images are seen; empty: they are as recorded.
        arrays: all arrays by their full path.
        obs: arrays below "obs", T+1 rows each.
    """

    def __init__(
        self,
        files: OpenFiles,
        file: Path,
        number: int,
        entry: Mapping[str, Any],
        sensors: Mapping[str, Sensor] | None = None,
    ) -> None:
        self._files, self._file, self._entry = files, file, entry
        self.number = number
        self.index: int = entry["index"]
        self.seed: int = entry["episode_seed"]
        self.phase: str = entry["phase"]
        self.task: str = entry["task"]
        self.instruction: str = entry["instruction"]
        self.success: bool = entry["success"]
        self.reward_sum: float = entry["reward"]
        self.length: int = entry["length"]
        self.randomisation: dict[str, Any] = entry["randomisation"]
        self.flags: list[str] = entry["flags"]
        self.subtasks: list[dict[str, str]] = entry.get("subtasks", [])
        self.origin: dict[str, Any] = entry.get("origin", {})
        self.sha256: str = entry["sha256"]
        self.sensors, seen = sensors or {}, None
        if sensors:
            from simgen.data.sensors import SensorArrays  # torch, which plain reading does without

            seen = SensorArrays(sensors, self.seed, files)
        self.arrays = ArrayView(files, file, f"traj_{self.index}", seen=seen)

    @property
    def file(self) -> Path:
        """The HDF5 file of the shard."""
        return self._file

    @property
    def obs(self) -> ArrayView:
        return self.arrays.below("obs")

    @property
    def env_states(self) -> ArrayView:
        return self.arrays.below("env_states")

    @property
    def actions(self) -> np.ndarray:
        """Shape: (T, action_dim)."""
        return self.arrays["actions"][()]

    @property
    def rewards(self) -> np.ndarray:
        """Shape: (T,)."""
        return self.arrays["rewards"][()]

    @property
    def segmentation_ids(self) -> dict[int, dict[str, Any]]:
        """Instance id -> {name, class, body}; read from the shard's record."""
        record = cached_record(self._file.with_suffix(".json"))
        entry = next(entry for entry in record["episodes"] if entry["index"] == self.index)
        return {int(key): value for key, value in entry["segmentation_ids"].items()}

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras."""
        return sorted({path.split("/")[2] for path in self.arrays if path.startswith("obs/sensor_data/")})

    def rgb(self, camera: str) -> LazyArray:
        """Shape: (T+1, H, W, 3), uint8."""
        return self.image(camera, "rgb")

    def depth(self, camera: str) -> LazyArray:
        """Shape: (T+1, H, W, 1), int16 [mm], 0 = none."""
        return self.image(camera, "depth")

    def segmentation(self, camera: str) -> LazyArray:
        """Shape: (T+1, H, W, 1), int16 instance ids, 0 = nothing."""
        return self.image(camera, "segmentation")

    def image(self, camera: str, output: str) -> LazyArray:
        """The images of a camera.

        Raises:
            BadInput: names the cameras or outputs that there are.
        """
        if camera not in self.cameras:
            raise unknown("camera", camera, self.cameras)
        outputs = self.obs.below(f"sensor_data/{camera}")
        if output not in outputs:
            raise unknown("output", output, outputs, f"camera {camera}")
        return outputs[output]

    def read(self) -> Episode:
        """Reads everything into memory."""
        return Episode(
            index=self.index,
            seed=self.seed,
            phase=self.phase,
            task=self.task,
            instruction=self.instruction,
            success=self.success,
            reward_sum=self.reward_sum,
            length=self.length,
            arrays={path: self.arrays[path][()] for path in self.arrays},
            randomisation=self.randomisation,
            segmentation_ids=self.segmentation_ids,
            flags=self.flags,
            subtasks=self.subtasks,
            origin=self.origin,
        )

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        outcome = "success" if self.success else "no success"
        return f"EpisodeView({self.task}, {self.phase} {self.index}, {self.length} steps, {outcome})"
