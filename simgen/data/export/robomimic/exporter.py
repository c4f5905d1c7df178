"""robomimic's HDF5: data/demo_0, data/demo_1, ... with observations, the ones after each action, and masks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pydantic import Field

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, Verified, require_equal
from simgen.data.export.folder import ExportFolder
from simgen.data.export.hdf5 import EpisodeParts, set_attributes
from simgen.data.export.robomimic.observations import Observation, observations_of
from simgen.data.export.selection import ExportEpisode, fps_of

FILE = "demos.hdf5"
_GYM = 2  # robomimic.envs.env_base.EnvType.GYM_TYPE
_LABELS = ("terminated", "truncated", "success", "fail", "subtask")


class Settings(ExportSettings):
    """What only robomimic's format knows."""

    valid: float = Field(0.1, ge=0.0, lt=1.0, description="share of the seeds that mask/valid gets, 0 to below 1")
    next_obs: bool = Field(True, description="write next_obs, which doubles the observations; false: obs only")


class Robomimic:
    """Writes what robomimic's `SequenceDataset` reads."""

    name = "robomimic"
    summary = "robomimic: one HDF5 file with data/demo_i, robosuite's names of observations, masks by seed"
    settings = Settings
    uniform = False
    outputs: tuple[str, ...] = ()

    def check(self, job: ExportJob) -> None:
        """Refuses episodes whose arrays differ (BadInput): robomimic stacks them."""
        job.selection.require_same_shapes()

    def begin(self, job: ExportJob, folder: ExportFolder) -> Writer:
        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads the file with h5py by robomimic's rules, and undoes names, units and scales."""
        exact: dict[str, None] = {}
        with h5py.File(out / FILE, "r", locking=False) as file:
            data: Any = file["data"]
            scale = np.array(data.attrs["action_scale"], np.float64)
            for episode in episodes:
                demo = data[f"demo_{episode.number}"]
                exact |= dict.fromkeys(_compare(demo, episode, scale, out / FILE, job))
        return Verified(f"h5py {version('h5py')}", tuple(exact), {"action": "float32 after division by action_scale"})

    def card(self, job: ExportJob, out: Path) -> CardPart:
        from simgen.data.export.robomimic.card import card_part

        with h5py.File(out / FILE, "r", locking=False) as file:
            return card_part(job, np.asarray(file["data"].attrs["action_scale"], float).tolist())


class Writer:
    """Writes a part for each episode, and the file out of them: a crash costs the episode it came in."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder = job, folder
        self._parts = EpisodeParts(folder)
        self._observations = observations_of(job.selection.layout)

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        arrays = dict(_arrays(episode, self._observations, self._job.settings.next_obs))
        self._parts.write(episode.number, arrays, _attributes(episode))
        return {"largest": np.abs(arrays["actions"]).max(axis=0).astype(float).tolist()}

    def finish(self) -> None:
        numbers = range(len(self._job.selection))
        largest = np.ones(self._job.selection.layout.action.shape)
        for entry in self._folder.entries():
            largest = np.maximum(largest, entry["largest"])
        self._parts.join(
            FILE, numbers, lambda number: f"data/demo_{number}", lambda file: self._complete(file, largest)
        )
        self._parts.remove(numbers)

    def _complete(self, file: h5py.File, scale: np.ndarray) -> None:
        """Scales the actions where some are beyond -1..1, and writes what belongs to all demonstrations."""
        data: Any = file["data"]
        if (scale > 1).any():
            for demo in data.values():
                demo["actions"][...] = (demo["actions"][()] / scale).astype(np.float32)
        set_attributes(data, {
            "total": self._job.selection.steps,
            "env_args": env_args(self._job),
            "action_scale": scale,
            "simgen_dataset": self._job.selection.dataset_digest,
        })  # fmt: skip
        for name, members in masks(self._job).items():
            file.create_dataset(f"mask/{name}", data=np.array([f"demo_{number}" for number in members], "S"))

    def close(self) -> None:
        """Nothing is open between episodes."""


def env_args(job: ExportJob) -> dict[str, Any]:
    """What robomimic would make an environment of: ours is a Gymnasium one."""
    tasks = job.selection.tasks
    kwargs = {
        "tasks": tasks,
        "robot": job.selection.robots(),
        "control_freq": fps_of(job.dataset, tasks[0]),
        "spec_sha256": job.dataset.manifest["spec_hash"],
        "model_file": None,  # scenes follow from the spec and the episode's seed; there is no MuJoCo XML
    }
    versions = job.dataset.manifest["versions"]
    return {
        "env_name": tasks[0],
        "type": _GYM,
        "env_version": versions.get("simgen-toolkit", "unknown"),
        "env_kwargs": kwargs,
    }


def masks(job: ExportJob) -> dict[str, list[int]]:
    """Numbers of the demonstrations by mask: train and valid share no seed; each phase, and the successful ones."""
    views = list(job.dataset)
    order = sorted({view.seed for view in views}, key=lambda seed: hashlib.sha256(str(seed).encode()).digest())
    share = job.settings.valid
    count = min(len(order) - 1, max(1, round(share * len(order)))) if share > 0 else 0
    held = set(order[:count])
    found = {
        "train": [number for number, view in enumerate(views) if view.seed not in held],
        "valid": [number for number, view in enumerate(views) if view.seed in held],
        "successful": [number for number, view in enumerate(views) if view.success],
    }
    for phase in job.dataset.phases:
        members = [number for number, view in enumerate(views) if view.phase == phase]
        found.setdefault(f"phase_{phase}", members)
    return {name: members for name, members in found.items() if members}


def _arrays(
    episode: ExportEpisode, observations: list[Observation], next_obs: bool
) -> Iterable[tuple[str, np.ndarray]]:
    yield "actions", episode.action.astype(np.float32)
    rewards = episode.step("rewards")
    yield "rewards", np.zeros(episode.length, np.float32) if rewards is None else rewards
    yield "dones", _dones(episode)
    states = [episode.array(facts.path)[:-1].reshape(episode.length, -1) for facts in episode.layout.env_states]
    if states:
        yield "states", np.concatenate(states, axis=1)
    for observation in observations:
        rows = observation.read(episode)
        yield f"obs/{observation.key}", rows[:-1]
        if next_obs:
            yield f"next_obs/{observation.key}", rows[1:]
    for facts in episode.layout.steps:
        if facts.path != "rewards":
            yield f"labels/{facts.path}", episode.array(facts.path)
    for facts in episode.layout.cameras:
        yield f"cameras/{facts.camera}/{facts.name}", episode.array(facts.path)


def _dones(episode: ExportEpisode) -> np.ndarray:
    """1 where the episode ended, as robosuite's datasets have it: the last step always."""
    dones = np.zeros(episode.length, np.int64)
    for name in ("terminated", "truncated"):
        label = episode.step(name)
        if label is not None:
            dones |= label.astype(bool)
    dones[-1] = 1
    return dones


def _attributes(episode: ExportEpisode) -> dict[str, Any]:
    view = episode.view
    return {
        "num_samples": episode.length,
        "seed": view.seed,
        "phase": view.phase,
        "task": view.task,
        "index": view.index,
        "success": bool(view.success),
        "language_instruction": episode.instruction,
        "randomisation": json.dumps(view.randomisation),
        "states_of": [facts.path for facts in episode.layout.env_states],
    }


def _compare(demo: Any, episode: ExportEpisode, scale: np.ndarray, file: Path, job: ExportJob) -> list[str]:
    """Compares a demonstration with the dataset; returns what is the same to the last bit."""
    exact = []
    require_equal(int(demo.attrs["num_samples"]) == episode.length == len(demo["dones"]), file, episode, "num_samples")
    actions = episode.action
    require_equal(np.allclose(demo["actions"][()] * scale, actions, rtol=1e-6, atol=1e-9), file, episode, "actions")
    require_equal(bool(np.abs(demo["actions"][()]).max(initial=0) <= 1.0), file, episode, "actions within -1..1")
    for observation in observations_of(episode.layout):
        rows = observation.read(episode)
        pairs = [("obs", rows[:-1])] + [("next_obs", rows[1:])] * job.settings.next_obs
        for group, expected in pairs:
            found = demo[f"{group}/{observation.key}"][()]
            require_equal(_same(found, expected), file, episode, f"{group}/{observation.key}")
        exact.append(observation.key)
    depths = [facts for facts in episode.layout.images if facts.name == "depth"]
    for facts in depths:
        back = np.rint(demo[f"obs/{facts.camera}_depth"][()] * 1000).astype(facts.dtype)
        require_equal(_same(back, episode.array(facts.path)[:-1]), file, episode, f"{facts.camera}_depth in mm")
    rewards = episode.step("rewards")
    if rewards is not None:
        require_equal(_same(demo["rewards"][()], rewards), file, episode, "rewards")
        exact.append("rewards")
    return exact


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.dtype == expected.dtype and np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")
