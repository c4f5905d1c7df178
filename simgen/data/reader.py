"""Reads datasets: episodes by number, by phase and index, or by what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from simgen.data.episode_view import EpisodeView
from simgen.data.files import SHARDS
from simgen.data.manifest import read_manifest, sorted_records
from simgen.data.open_files import OpenFiles
from simgen.data.target import require_path
from simgen.errors import BadInput
from simgen.spec.load import MIXTURE

if TYPE_CHECKING:
    from simgen.spec.sensor_input import SensorsInput
    from simgen.world.sensor.sensor import Sensor


NEEDS_DIRECTORY = (
    "is a URL, from which `simgen info`, `check` and `replay` read; for everything else bring the dataset into a "
    "directory: fs, there = fsspec.url_to_fs(URL); fs.get(there, DIR, recursive=True)."
)


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
    root = require_path(path, NEEDS_DIRECTORY)
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
