"""What the report needs of a dataset: metadata of all episodes, small arrays of an evenly spread sample of them.

Images are not read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simgen.data import Dataset, EpisodeView
from simgen.data.draws import draws
from simgen.data.manifest import sorted_records
from simgen.data.recorded import UNLABELLED

MOST_SAMPLED = 512
MOST_SHOWN = 6
MOST_ROWS = 256
MOST_TIMES = 400
DEFAULT_CONTROL_HZ = 20.0


@dataclass(eq=False)
class PhaseSample:
    """The episodes of one phase.

    Attributes:
        number: of the phase in the dataset, for its colour.
        lengths, success: of all episodes. Shape: (episodes,).
        unlabelled: episodes of which nobody knows whether they succeeded, as in recordings of others.
        discarded: reason -> attempts that gave no episode.
        sampled: episodes that the arrays below were read from.
        sampled_success: Shape: (sampled,).
        starts: actor -> first position [m], NaN where an episode lacks it. Shape: (sampled, 3).
        actions: Shape: (rows, action_dim).
        rewards: NaN after an episode's end. Shape: (sampled, times).
        reward_stride: steps between two columns of `rewards`.
        words, values: name -> what was drawn for the sampled episodes, by randomisation and as kinds of objects.
        shown: episodes whose videos are shown.
    """

    name: str
    number: int
    lengths: np.ndarray
    success: np.ndarray
    unlabelled: int = 0
    discarded: Mapping[str, int] = field(default_factory=dict)
    sampled: int = 0
    sampled_success: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    starts: dict[str, np.ndarray] = field(default_factory=dict)
    actions: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    rewards: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    reward_stride: int = 1
    words: dict[str, Counter[str]] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict)
    shown: list[EpisodeView] = field(default_factory=list)

    @property
    def episodes(self) -> int:
        return len(self.lengths)

    @property
    def attempts(self) -> int:
        return self.episodes + sum(self.discarded.values())

    @property
    def judged(self) -> int:
        """Attempts of which it is known whether they succeeded; none if no episode is labelled."""
        return 0 if self.unlabelled and self.unlabelled == self.episodes else self.attempts - self.unlabelled

    @property
    def successes(self) -> int:
        return int(self.success.sum())

    @property
    def steps(self) -> int:
        return int(self.lengths.sum())


def spread(number: int, most: int) -> list[int]:
    """At most `most` evenly spread indices below `number`, the first and the last among them."""
    if most < 1:
        return []
    return sorted({int(index) for index in np.linspace(0, number - 1, min(number, most)).round()}) if number else []


def control_hz(dataset: Dataset) -> float:
    """Control steps per second [Hz]."""
    episode = dataset.spec_of().get("episode")
    value = episode.get("control_hz") if isinstance(episode, dict) else None
    return float(value) if isinstance(value, int | float) and value > 0 else DEFAULT_CONTROL_HZ


def phase_names(dataset: Dataset) -> list[str]:
    """The dataset's phases in the order of its manifest, also those without episodes."""
    return list(dict.fromkeys([*dataset.manifest["phases"], *dataset.phases]))


def gather_phases(dataset: Dataset) -> list[PhaseSample]:
    """Reads the sample of every phase that has episodes or attempts, the most successful phase first."""
    reasons = _discard_reasons(dataset)
    names = phase_names(dataset)
    phases = [_gather(dataset.filter(phase=name), name, names.index(name), reasons.get(name, {})) for name in names]
    tried = [phase for phase in phases if phase.attempts]
    return sorted(tried, key=lambda phase: -phase.successes / phase.attempts)


def _discard_reasons(dataset: Dataset) -> dict[str, Counter[str]]:
    reasons: dict[str, Counter[str]] = {}
    for _path, record in sorted_records(dataset.path):
        for attempt in record["shard"]["discarded"]:
            reasons.setdefault(attempt["phase"], Counter())[str(attempt["reason"])] += 1
    return reasons


def _gather(episodes: Dataset, name: str, number: int, discarded: Mapping[str, int]) -> PhaseSample:
    facts = [(episode.length, episode.success, UNLABELLED in episode.flags) for episode in episodes]
    phase = PhaseSample(
        name,
        number,
        lengths=np.array([length for length, _, _ in facts], int),
        success=np.array([success for _, success, _ in facts], bool),
        unlabelled=sum(unknown for _, _, unknown in facts),
        discarded=discarded,
    )
    sample = [episodes[index] for index in spread(len(episodes), MOST_SAMPLED)]
    if not sample:
        return phase
    phase.sampled = len(sample)
    phase.shown = [episodes[index] for index in spread(len(episodes), MOST_SHOWN)]
    phase.words, phase.values = draws(sample)
    phase.sampled_success = np.array([episode.success for episode in sample], bool)
    phase.reward_stride = -(-max(episode.length for episode in sample) // MOST_TIMES)
    actions, rewards = [], []
    for row, episode in enumerate(sample):
        paths = dict.fromkeys(episode.arrays)
        actions.append(_rows(episode, "actions", -(-episode.length // MOST_ROWS)))
        if "rewards" in paths:
            rewards.append(_rows(episode, "rewards", phase.reward_stride))
        _add_starts(phase.starts, episode, paths, row, len(sample))
    phase.actions = _stack_actions(actions)
    phase.rewards = _pad(rewards)
    return phase


def _rows(episode: EpisodeView, path: str, stride: int) -> np.ndarray:
    return episode.arrays[path][:: max(stride, 1)].astype(np.float32)


def _stack_actions(actions: list[np.ndarray]) -> np.ndarray:
    """The rows of all episodes whose actions are as wide as the first's."""
    flat = [array.reshape(len(array), -1) for array in actions]
    rows = np.concatenate([array for array in flat if array.shape[1] == flat[0].shape[1]])
    return rows[np.isfinite(rows).all(axis=1)]


def _pad(rewards: list[np.ndarray]) -> np.ndarray:
    padded = np.full((len(rewards), max(map(len, rewards), default=0)), np.nan, np.float32)
    for row, values in zip(padded, rewards, strict=True):
        row[: len(values)] = np.where(np.isfinite(values), values, np.nan)
    return padded


def _add_starts(
    starts: dict[str, np.ndarray], episode: EpisodeView, paths: Mapping[str, Any], row: int, rows: int
) -> None:
    for path in paths:
        if path.startswith("env_states/actors/"):
            name = path.split("/")[2]
            starts.setdefault(name, np.full((rows, 3), np.nan))[row] = episode.arrays[path][0][:3]
