"""ManiSkill's trajectories: a gzip HDF5 file with a JSON file of the same name beside it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pydantic import Field

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, Verified, require_equal
from simgen.data.export.folder import ExportFolder
from simgen.data.export.hdf5 import EpisodeParts
from simgen.data.export.layout import Layout
from simgen.data.export.selection import ExportEpisode
from simgen.data.manifest import record_header
from simgen.data.shard import cached_record

_RECORDED = "recorded_actions"  # the joint actions, where others were chosen


class Settings(ExportSettings):
    episodes_per_file: int = Field(1000, ge=1, le=100_000, description="episodes in one .h5 file, 1 to 100000")


class ManiSkill:
    """Writes what ManiSkill's `ManiSkillTrajectoryDataset` and `replay_trajectory` read; loses nothing."""

    name = "maniskill"
    summary = "ManiSkill trajectories: gzip HDF5 with JSON beside it, one pair a task and 1,000 episodes"
    settings = Settings
    uniform = False
    outputs: tuple[str, ...] = ()

    def check(self, job: ExportJob) -> None:
        """Everything can be held."""

    def begin(self, job: ExportJob, folder: ExportFolder) -> Writer:
        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads the files with h5py as ManiSkill's loader does: what the JSON lists is `traj_<episode_id>` there."""
        files = Files(job)
        for episode in episodes:
            path = out / files.name_of(episode.number)
            _compare(path, episode, files)
        exact = dict.fromkeys(name for layout in job.selection.layouts.values() for name in _names(layout))
        return Verified(f"h5py {version('h5py')}", exact=tuple(exact))

    def card(self, job: ExportJob, out: Path) -> CardPart:
        files = Files(job)
        rows = {
            name: (name, f"{array.dtype} {list(array.shape)}", array.unit or "")
            for layout in job.selection.layouts.values()
            for name, array in _names(layout).items()
        }
        first = next(iter(files.blocks))
        load = (
            "from mani_skill.trajectory.dataset import ManiSkillTrajectoryDataset\n\n"
            f'trajectories = ManiSkillTrajectoryDataset("{first}")\n'
            'print(len(trajectories), trajectories[0]["action"].shape)'
        )
        return CardPart(
            title="ManiSkill trajectories (HDF5 + JSON)",
            features=tuple(rows.values()),
            load=load,
            requires=("mani_skill>=3.0.1",),
            notes=(
                "Arrays below obs/ and env_states/ have T+1 rows, all else T. ManiSkill's loader leaves out the last "
                "observation of each episode.",
                "depth is int16 in millimetres (0 = none), poses are x, y, z, qw, qx, qy, qz.",
                "The JSON lists the episodes: seed, instruction, phase, success, what was randomised, and the names "
                "of the segmentation's ids.",
            ),
            tags=("maniskill",),
        )


class Files:
    """Which episode is in which file, and what it is called there: a file holds one task, as ManiSkill wants it.

    Attributes:
        blocks: file -> numbers of its episodes, in order.
    """

    def __init__(self, job: ExportJob) -> None:
        by_task: dict[str, list[int]] = {}
        for number, view in enumerate(job.dataset):
            by_task.setdefault(view.task, []).append(number)
        size = job.settings.episodes_per_file
        self.blocks: dict[str, list[int]] = {}
        for task, numbers in by_task.items():
            for first in range(0, len(numbers), size):
                parts = ["trajectory"] + [task] * (len(by_task) > 1) + [f"{first // size:05d}"] * (len(numbers) > size)
                self.blocks[f"{'.'.join(parts)}.h5"] = numbers[first : first + size]
        self._places = {
            number: (name, place) for name, numbers in self.blocks.items() for place, number in enumerate(numbers)
        }

    def name_of(self, number: int) -> str:
        """The file of an episode."""
        return self._places[number][0]

    def id_of(self, number: int) -> int:
        """The episode's number in its file, which the group `traj_<id>` carries."""
        return self._places[number][1]


class Writer:
    """Writes a file as soon as its last episode is there, so that parts take the room of one file at most."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder = job, folder
        self._parts, self._files = EpisodeParts(folder), Files(job)

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        name = self._files.name_of(episode.number)
        numbers = self._files.blocks[name]
        if not (self._folder.out / name).exists():  # a crash may have come between the file and the journal
            self._parts.write(episode.number, dict(_arrays(episode)))
            if episode.number == numbers[-1]:
                self._parts.join(name, numbers, lambda number: f"traj_{self._files.id_of(number)}")
        if episode.number == numbers[-1]:
            self._parts.remove(numbers)
        return {}

    def finish(self) -> None:
        for name, numbers in self._files.blocks.items():
            with self._folder.new(f"{name.removesuffix('.h5')}.json") as draft, open(draft, "wb") as file:
                file.writelines(self._json(numbers))

    def _json(self, numbers: list[int]) -> Iterator[bytes]:
        """The text of a JSON file, an episode at a time."""
        view = self._job.dataset[numbers[0]]
        spec = self._job.dataset.spec_of(view.task)
        _, _, header = record_header({**self._job.dataset.manifest, "spec": spec})
        yield json.dumps({**header, "simgen_dataset": self._job.selection.dataset_digest})[:-1].encode()
        yield b', "episodes": ['
        for place, number in enumerate(numbers):
            entry = {**_entry(self._job, number), "episode_id": place}
            yield (b",\n" if place else b"\n") + json.dumps(entry, allow_nan=False).encode()
        yield b"\n]}\n"

    def close(self) -> None:
        """Nothing is open between episodes."""


def _entry(job: ExportJob, number: int) -> dict[str, Any]:
    """What the record of its shard says of an episode."""
    view = job.dataset[number]
    record = cached_record(view.file.with_suffix(".json"))
    return next(entry for entry in record["episodes"] if entry["index"] == view.index)


@functools.lru_cache(maxsize=1)
def _listed(path: Path, modified: int) -> list[dict[str, Any]]:
    """The episodes that a JSON file lists."""
    return json.loads(path.read_bytes())["episodes"]


def _names(layout: Layout) -> dict[str, Any]:
    """Name in the file -> array of ours."""
    names = {array.path: array for array in layout.arrays()}
    if layout.action.path != "actions":
        names[_RECORDED] = names.pop("actions")
        names["actions"] = layout.action
    return names


def _arrays(episode: ExportEpisode) -> Iterator[tuple[str, np.ndarray]]:
    for name, facts in _names(episode.layout).items():
        yield name, episode.array(facts.path)


def _compare(path: Path, episode: ExportEpisode, files: Files) -> None:
    listed = _listed(path.with_suffix(".json"), path.with_suffix(".json").stat().st_mtime_ns)
    entry = listed[files.id_of(episode.number)]
    require_equal(entry["episode_seed"] == episode.view.seed, path, episode, "episode_seed")
    with h5py.File(path, "r", locking=False) as file:
        group: Any = file[f"traj_{entry['episode_id']}"]
        for name, expected in _arrays(episode):
            found = group[name][()]
            require_equal(
                found.dtype == expected.dtype and np.array_equal(found, expected, equal_nan=True), path, episode, name
            )
