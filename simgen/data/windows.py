"""Fixed-length pieces of episodes for training, as a torch Dataset; README.md beside this shows a training loop."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from simgen.data.episode_view import EpisodeView
from simgen.data.reader import Dataset
from simgen.errors import BadInput, unknown

_LEAST_STD = 1e-6  # what hardly varies is not blown up


class Windows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Overlapping windows of L = `length` steps, each inside one episode; for any torch training loop.

    An item is a dict of tensors, and a DataLoader stacks B of them:

    | key | item | batch |
    |---|---|---|
    | obs/sensor_data/<camera>/rgb | (L, H, W, 3) uint8 | (B, L, H, W, 3) |
    | obs/sensor_data/<camera>/depth, .../segmentation | (L, H, W, 1) int16 [mm], ids | (B, L, H, W, 1) |
    | obs/agent/qpos, obs/extra/<term>, env_states/... | (L, numbers) float32 | (B, L, numbers) |
    | actions | (L, action numbers) float32 | (B, L, action numbers) |
    | rewards, success, terminated | (L,) float32, bool | (B, L) |

    Row t of every key belongs to the same step: the observation before action t, the action, what it was rewarded. The
    observation after the last action of an episode is in no window. Episodes shorter than `length` give nothing. Only
    the frames of a window are read from disk. Works with shuffling and in DataLoader workers, forked or spawned.

    Args:
        dataset: what to cut; filter it first. Opened with `sensors`, its images are those that they give.
        length: rows of a window.
        keys: paths of arrays with T or T+1 rows, e.g. "obs/sensor_data/base/rgb", "actions"; with * they choose all
            that match: "obs/sensor_data/*/rgb".
        stride: steps between the starts of two windows.
        normalize: those of the keys (or patterns) that are returned as float32 with mean 0 and standard deviation 1
            over the whole dataset that `dataset` is a part of, see `normalization`.

    Attributes:
        keys: the paths, patterns written out.

    Raises:
        BadInput: a key that does not exist or has no row for each step; a number below 1; tasks that differ in the
            shape of a key, so that their windows do not stack; a key without statistics that is to be normalized.
    """

    def __init__(
        self,
        dataset: Dataset,
        length: int,
        keys: Sequence[str],
        stride: int = 1,
        normalize: Sequence[str] = (),
    ) -> None:
        if length < 1 or stride < 1:
            raise BadInput(f"windows need a length and a stride of at least 1, not {length} and {stride}.")
        if isinstance(keys, str) or isinstance(normalize, str):
            raise BadInput("keys are a list of paths, such as ['actions'], not one text.")
        self.dataset = dataset
        self.length = length
        self.stride = stride
        self.keys = _written_out(keys, set(dataset[0].arrays)) if len(dataset) else tuple(keys)
        _require_same_shapes(dataset, self.keys)
        chosen = _written_out(normalize, set(self.keys)) if len(dataset) else ()
        self._normal = {key: self.normalization(key) for key in chosen}
        counts = [max(0, (episode.length - length) // stride + 1) for episode in dataset]
        self._ends = np.cumsum(counts, dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def locate(self, number: int) -> tuple[int, int]:
        """The episode (its number in the dataset) and the first step of a window."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"window {number} of {len(self)}")
        number %= len(self)
        episode = int(np.searchsorted(self._ends, number, side="right"))
        before = int(self._ends[episode - 1]) if episode else 0
        return episode, (number - before) * self.stride

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Key -> tensor of shape (length, ...)."""
        episode, start = self.locate(number)
        arrays = self.dataset[episode].arrays
        rows = {key: torch.from_numpy(arrays[key][start : start + self.length]) for key in self.keys}
        for key, (mean, std) in self._normal.items():
            rows[key] = (rows[key].float() - mean) / std
        return rows

    def normalization(self, key: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation of an array's columns, from dataset.json; of all episodes of the dataset.

        Where a column hardly varies the standard deviation is 1, so that it is only shifted.

        Returns:
            Shape of each: (numbers,), float32.

        Raises:
            BadInput: no statistics are kept of it; they are of small arrays, not of images.
        """
        statistics: dict[str, Any] = self.dataset.statistics
        if key not in statistics:
            raise unknown("array with statistics", key, statistics, where=str(self.dataset.path))
        mean, std = (torch.as_tensor(statistics[key][name], dtype=torch.float32) for name in ("mean", "std"))
        return mean, torch.where(std < _LEAST_STD, 1.0, std)

    def denormalize(self, key: str, values: torch.Tensor) -> torch.Tensor:
        """The inverse of what `normalize` does, e.g. for the actions that a policy gives. Shape: (..., numbers)."""
        mean, std = self.normalization(key)
        return values * std.to(values) + mean.to(values)


def _written_out(patterns: Sequence[str], paths: set[str]) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    for pattern in patterns:
        found = sorted(fnmatch.filter(paths, pattern)) if "*" in pattern else [pattern] * (pattern in paths)
        if not found:
            raise unknown("array", pattern, paths)
        keys |= dict.fromkeys(found)
    return tuple(keys)


def _require_same_shapes(dataset: Dataset, keys: Sequence[str]) -> None:
    """Compares one episode of each task with the first: within a task all are alike."""
    first: dict[str, tuple[str, tuple[int, ...]]] = {}
    for episode in _one_of_each_task(dataset):
        for key in keys:
            if key not in episode.arrays:
                raise BadInput(f"episodes of {episode.task} have no {key}, those of {dataset[0].task} have. {_ADVICE}")
            shape = episode.arrays[key].shape
            if not shape or shape[0] not in (episode.length, episode.length + 1):
                raise BadInput(f"{key}: has not one row for each step, so that windows cannot be cut from it.")
            task, other = first.setdefault(key, (episode.task, shape[1:]))
            if other != shape[1:]:
                raise BadInput(
                    f"{key}: has rows of shape {list(other)} in {task} and {list(shape[1:])} in {episode.task}, which "
                    f"do not stack. {_ADVICE}"
                )


_ADVICE = "Allowed: windows of one task at a time, dataset.filter(task=...), joined by torch.utils.data.ConcatDataset"


def _one_of_each_task(dataset: Dataset) -> Iterator[EpisodeView]:
    seen: set[str] = set()
    for episode in dataset:
        if episode.task not in seen:
            seen.add(episode.task)
            yield episode
