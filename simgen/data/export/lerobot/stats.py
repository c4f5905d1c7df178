"""Statistics of features: min, max, mean, std, count and the quantiles that LeRobot's normalisers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
_GRID = 64  # pixels along a side of which statistics are taken
Stats = dict[str, Any]  # statistic -> nested lists, as JSON holds them


def stats_of(values: np.ndarray) -> Stats:
    """Statistics over the first axis. Shape: (rows, *shape)."""
    rows = values.astype(np.float64)
    found: Stats = {
        "min": rows.min(axis=0).tolist(),
        "max": rows.max(axis=0).tolist(),
        "mean": rows.mean(axis=0).tolist(),
        "std": rows.std(axis=0).tolist(),
        "count": [len(rows)],
    }
    quantiles = np.quantile(rows, list(QUANTILES.values()), axis=0)
    return found | {name: value.tolist() for name, value in zip(QUANTILES, quantiles, strict=True)}


def pixel_stats(frames: np.ndarray, channels: int, scale: float = 1.0) -> Stats:
    """Statistics of value * scale per channel, of a grid of the pixels of evenly spread frames, as LeRobot takes them.

    Args:
        frames: Shape: (N, H, W, channels), or (N, H, W) with one channel.

    Returns:
        statistics of shape (channels, 1, 1), or (1, 1) for frames without an axis of channels.
    """
    rows, columns = (max(1, side // _GRID) for side in frames.shape[1:3])
    values = frames[:, ::rows, ::columns].reshape(-1, channels).astype(np.float64) * scale
    shape = (channels, 1, 1) if frames.ndim == 4 else (1, 1)
    found = {name: np.reshape(value, shape).tolist() for name, value in stats_of(values).items() if name != "count"}
    return {**found, "count": [len(frames)]}


class Totals:
    """Statistics of a dataset out of those of its episodes, joined one at a time."""

    def __init__(self) -> None:
        self._joined: dict[str, dict[str, np.ndarray]] = {}

    def add(self, stats: Mapping[str, Stats]) -> None:
        """Joins an episode: exact, but for quantiles, which become weighted means, as in LeRobot's own datasets."""
        for key, values in stats.items():
            new = {name: np.asarray(value, np.float64) for name, value in values.items()}
            old = self._joined.get(key)
            self._joined[key] = new if old is None else _joined(old, new)

    def as_json(self) -> dict[str, Stats]:
        """All statistics; counts are whole numbers."""
        return {
            key: {name: (value.astype(int) if name == "count" else value).tolist() for name, value in values.items()}
            for key, values in self._joined.items()
        }


def _joined(old: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Joins two disjoint sets (Chan et al. 1979)."""
    count = old["count"] + new["count"]
    share = (new["count"] / count).item()
    delta = new["mean"] - old["mean"]
    variance = (1 - share) * old["std"] ** 2 + share * new["std"] ** 2 + share * (1 - share) * delta**2
    joined = {
        "min": np.minimum(old["min"], new["min"]),
        "max": np.maximum(old["max"], new["max"]),
        "mean": old["mean"] + share * delta,
        "std": np.sqrt(variance),
        "count": count,
    }
    return joined | {
        name: (1 - share) * old[name] + share * new[name] for name in QUANTILES if name in old and name in new
    }
