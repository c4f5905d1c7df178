"""Reads datasets: episodes by number, arrays and single frames only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from simgen.data.episode import Episode
from simgen.data.files import SHARDS
from simgen.data.lazy import ArrayView, LazyArray
from simgen.data.manifest import read_manifest, sorted_records
from simgen.data.open_files import OpenFiles
from simgen.data.shard import cached_record
from simgen.errors import BadInput, unknown
from simgen.spec.load import MIXTURE

if TYPE_CHECKING:
    from simgen.spec.sensor_input import SensorsInput
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
        )

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        outcome = "success" if self.success else "no success"
        return f"EpisodeView({self.task}, {self.phase} {self.index}, {self.length} steps, {outcome})"


class Dataset(Sequence[EpisodeView]):
    """The committed episodes of a dataset, ordered by phase and index. Keeps the index in memory, not the data."""

    def __init__(
        self,
        path: Path,
        manifest: Mapping[str, Any],
        entries: list[tuple[str, dict[str, Any]]],
        files: OpenFiles,
        sensors: Mapping[str, Mapping[str, Sensor]] | None = None,
    ) -> None:
        self.path = path
        self.manifest = manifest
        self._entries = entries
        self._files = files
        self._sensors = sensors or {}  # by task and camera

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, number: int) -> EpisodeView: ...
    @overload
    def __getitem__(self, number: slice) -> Dataset: ...
    def __getitem__(self, number: int | slice) -> EpisodeView | Dataset:
        if isinstance(number, slice):
            return Dataset(self.path, self.manifest, self._entries[number], self._files, self._sensors)
        if not -len(self) <= number < len(self):
            raise IndexError(f"episode {number} of {len(self)}")
        file, entry = self._entries[number]
        sensors = self._sensors.get(entry["task"])
        return EpisodeView(self._files, self.path / SHARDS / file, number % len(self), entry, sensors)

    def filter(
        self,
        phase: str | None = None,
        success: bool | None = None,
        task: str | None = None,
        where: Callable[[EpisodeView], bool] | None = None,
    ) -> Dataset:
        """The episodes for which all that is given holds; `where` sees each remaining EpisodeView."""
        wanted = {"phase": phase, "success": success, "task": task}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        entries = [item for item in self._entries if all(item[1][key] == value for key, value in wanted.items())]
        chosen = Dataset(self.path, self.manifest, entries, self._files, self._sensors)
        if where is not None:
            chosen._entries = [entry for entry, episode in zip(entries, chosen, strict=True) if where(episode)]
        return chosen

    def episode(self, phase: str, index: int) -> EpisodeView:
        """The episode with this index in the schedule of its phase.

        Raises:
            BadInput: if it is not in the dataset.
        """
        for number, (_file, entry) in enumerate(self._entries):
            if entry["phase"] == phase and entry["index"] == index:
                return self[number]
        raise BadInput(f"{self.path}: has no episode {index} in phase {phase!r}.")

    @property
    def spec(self) -> dict[str, Any]:
        """The resolved spec that the dataset was made from."""
        return self.manifest["spec"]

    def spec_of(self, task: str | None = None) -> dict[str, Any]:
        """Returns the resolved spec of one of its tasks, which may be one of several; None: the first episode's."""
        name = task or (self._entries[0][1]["task"] if self._entries else None)
        parts = (part["task"] for part in self.spec.get(MIXTURE, ()))
        return next((part for part in parts if part["name"] == name), self.spec)

    @property
    def features(self) -> dict[str, dict[str, Any]]:
        """Path -> {dtype, shape, time, unit, ...}; empty until the writer was closed."""
        return self.manifest["features"]

    @property
    def statistics(self) -> dict[str, dict[str, Any]]:
        """Path -> {count, mean, std, min, max} of the small arrays."""
        return self.manifest["statistics"]

    @property
    def phases(self) -> list[str]:
        return sorted({entry["phase"] for _file, entry in self._entries})

    @property
    def tasks(self) -> list[str]:
        return sorted({entry["task"] for _file, entry in self._entries})

    @property
    def cameras(self) -> list[str]:
        """Names of the cameras of the first episode."""
        return self[0].cameras if self._entries else []

    @property
    def sensors(self) -> Mapping[str, Sensor]:
        """By camera, through which the images of the first episode are seen; empty: they are as recorded."""
        return self[0].sensors if self._entries else {}

    @property
    def images(self) -> dict[str, set[str]]:
        """Outputs by camera, of the first episode of each task."""
        found: dict[str, set[str]] = {}
        seen: set[str] = set()
        for number, (_file, entry) in enumerate(self._entries):
            if entry["task"] not in seen:
                seen.add(entry["task"])
                for path in self[number].obs.below("sensor_data"):
                    camera, _, output = path.partition("/")
                    found.setdefault(camera, set()).add(output)
        return found

    def close(self) -> None:
        """Closes the files; they open again when needed."""
        self._files.close()

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}, {len(self)} episodes)"


def open_dataset(path: str | Path, sensors: SensorsInput = None) -> Dataset:
    """Opens a dataset for reading; also one that is still being written, or was cut off.

    Args:
        path: Its directory.
        sensors: Through which sensors its images are seen: True: those that each task describes; the name of a preset
            such as "realsense_d435": that for every camera; a mapping as under `sensors:` in a task. What an episode's
            camera shows then depends on the episode's seed alone. Default: images as recorded.

    Raises:
        BadInput: if there is no dataset, or the sensors do not fit it.
        SimgenError: if a record is damaged or the format is newer than this simgen.
    """
    root = Path(path)
    manifest = read_manifest(root)
    entries = []
    for _path, record in sorted_records(root):
        for entry in record["episodes"]:
            entries.append((record["shard"]["file"], {k: v for k, v in entry.items() if k != "segmentation_ids"}))
    dataset = Dataset(root, manifest, entries, OpenFiles())
    if not entries or sensors is None or sensors is False:
        return dataset
    from simgen.data.sensors import sensors_by_task  # torch, which plain reading does without

    dataset._sensors = sensors_by_task(sensors, dataset)
    return dataset
