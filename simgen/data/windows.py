"""Fixed-length pieces of episodes for training, as a torch Dataset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from simgen.data.reader import Dataset
from simgen.errors import BadInput, unknown


class Windows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Overlapping windows of `length` steps, each inside one episode; works in DataLoader workers.

    Row t of every key belongs to the same step: the observation before action t, the action, its reward. Episodes
    shorter than `length` give nothing.

    Args:
        dataset: what to cut; filter it first. Opened with `sensors`, its images are those that they give.
        length: rows of a window.
        keys: paths of arrays with T or T+1 rows, e.g. "obs/sensor_data/base/rgb", "actions".
        stride: steps between the starts of two windows.

    Raises:
        BadInput: if a key does not exist or a number is below 1.
    """

    def __init__(self, dataset: Dataset, length: int, keys: Sequence[str], stride: int = 1) -> None:
        if length < 1 or stride < 1:
            raise BadInput(f"windows need a length and a stride of at least 1, not {length} and {stride}.")
        if len(dataset):
            paths = set(dataset[0].arrays)
            for key in keys:
                if key not in paths:
                    raise unknown("array", key, paths)
        self.dataset = dataset
        self.length = length
        self.keys = tuple(keys)
        self.stride = stride
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
        return {key: torch.from_numpy(arrays[key][start : start + self.length]) for key in self.keys}
