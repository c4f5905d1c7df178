"""What a dataset covers and how well: objects x colours x places, diversity, success by stratum, normalisation.

Everything is counted while the episodes pass by; of an episode at most a few numbers are kept.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.draws import draws
from simgen.data.episode_view import EpisodeView
from simgen.data.rates import wilson
from simgen.data.reader import Dataset, open_dataset
from simgen.data.recorded import UNLABELLED

CELLS = 8  # along x and y, of the rectangle in which an object begins
TURNS = 8  # sectors of its heading
_TO = " to "
SMALLEST = 1e-4  # m, and of other numbers in their unit; what differs by less does not differ
MOST_SAMPLED = 256  # episodes whose rows give the quantiles
_ACTORS = "env_states/actors/"
_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}


def dataset_quality(path: str | Path) -> dict[str, Any]:
    """Looks at every episode's metadata and first state, and at the small arrays of a spread sample.

    Returns:
        coverage: by object that moves or is placed: kinds and colours with their numbers of episodes; `places`, filled
            cells of an 8 x 8 grid over the rectangle of its first positions [m]; `headings`, filled sectors of 45
            degrees; `combinations`, how many of kinds x colours x filled cells occur together.
        diversity: number of distinct instructions and seeds; by what is randomised: distinct values, evenness (entropy
            over that of equal shares, numbers in 8 bins, 0 to 1), lowest and highest number.
        success: by phase and stratum (all, task, instruction, kind, colour, quarters of each random number and place):
            a list of {value, episodes, successes, rate, interval}. Attempts that were discarded are not episodes.
        normalisation: by path of an array of numbers: count, mean, std, min, max of all rows; quantiles of a sample.

    Raises:
        BadInput: if there is no dataset.
    """
    dataset = open_dataset(path)
    columns = _Columns(dataset)
    return {
        "coverage": {name: columns.coverage(name) for name in columns.starts},
        "diversity": columns.diversity(),
        "success": columns.success(),
        "normalisation": normalisation(dataset),
    }


class _Columns:
    """One value per episode of everything that tells episodes apart.

    Attributes:
        words: name -> the word that each episode has, None where it has none.
        numbers: name -> the number that each episode has, NaN where it has none. Shape: (episodes,).
        starts: object -> first x, y, z [m] and heading [rad], NaN where an episode lacks it. Shape: (episodes, 4).
    """

    def __init__(self, dataset: Dataset) -> None:
        self._rows = len(dataset)
        self.words: dict[str, list[str | None]] = {}
        self.numbers: dict[str, np.ndarray] = {}
        self.starts: dict[str, np.ndarray] = {}
        self._success = np.zeros(self._rows, bool)
        self._labelled = np.zeros(self._rows, bool)
        self._seeds: set[int] = set()
        for row, episode in enumerate(dataset):
            self._add(row, episode)

    def _add(self, row: int, episode: EpisodeView) -> None:
        self._success[row], self._labelled[row] = episode.success, UNLABELLED not in episode.flags
        self._seeds.add(episode.seed)
        words, numbers = draws([episode])
        named = {name: next(iter(counted)) for name, counted in words.items()}
        named |= {"task": episode.task, "phase": episode.phase, "instruction": episode.instruction}
        for name, word in named.items():
            self.words.setdefault(name, [None] * self._rows)[row] = word
        for name, values in numbers.items():
            self.numbers.setdefault(name, np.full(self._rows, np.nan))[row] = values[0]
        for path in episode.arrays:
            if path.startswith(_ACTORS):
                start = _start(episode.arrays[path][0])
                self.starts.setdefault(path[len(_ACTORS) :], np.full((self._rows, 4), np.nan))[row] = start

    def coverage(self, name: str) -> dict[str, Any]:
        """What an object was, where it stood and which way it faced."""
        kinds, colors = (_counted(self.words.get(f"{name}{suffix}", ())) for suffix in (" kind", ".color"))
        start = self.starts[name]
        known = np.isfinite(start).all(axis=1)
        cells, headings = _cells(start[known, :2]), _sectors(start[known, 3])
        rows = np.flatnonzero(known)
        kind_of, color_of = (self.words.get(f"{name}{suffix}") for suffix in (" kind", ".color"))
        seen = {
            (kind_of and kind_of[row], color_of and color_of[row], int(cell))
            for row, cell in zip(rows, cells, strict=True)
        }
        filled, possible = len(set(cells.tolist())), _possible_cells(start[known, :2])
        return {
            "episodes": len(rows),
            "kinds": kinds,
            "colors": colors,
            "lowest_m": start[known, :3].min(axis=0, initial=math.inf).tolist() if len(rows) else None,
            "highest_m": start[known, :3].max(axis=0, initial=-math.inf).tolist() if len(rows) else None,
            "places": {"filled": filled, "of": possible},
            "headings": {"filled": len(set(headings.tolist())), "of": TURNS},
            "combinations": {"seen": len(seen), "of": max(1, len(kinds)) * max(1, len(colors)) * possible},
        }

    def diversity(self) -> dict[str, Any]:
        """How evenly everything that is drawn is spread."""
        drawn: dict[str, Any] = {}
        for name, words in self.words.items():
            if name not in ("task", "phase", "instruction"):
                counted = _counted(words)
                drawn[name] = {"distinct": len(counted), "evenness": evenness(counted.values())}
        for name, values in self.numbers.items():
            finite = values[np.isfinite(values)]
            counts, _ = np.histogram(finite, bins=CELLS)
            limits = {"lowest": float(finite.min()), "highest": float(finite.max())}
            drawn[name] = {"distinct": len(np.unique(finite)), "evenness": evenness(counts), **limits}
        return {
            "episodes": self._rows,
            "seeds": len(self._seeds),
            "instructions": len(_counted(self.words.get("instruction", ()))),
            "drawn": drawn,
        }

    def success(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Success rates by phase and stratum, of the episodes of which it is known whether they succeeded."""
        strata: dict[str, Sequence[str | None]] = dict(self.words)
        strata |= {name: _quarters(values) for name, values in self.numbers.items()}
        for name, start in self.starts.items():
            strata |= {f"{name} {axis}": _quarters(start[:, column]) for column, axis in enumerate("xy")}
        phases = strata.pop("phase", [])
        return {
            phase: {"all": self._rates(["all" if each == phase else None for each in phases])}
            | {name: table for name, values in strata.items() if len(table := self._rates(values, phases, phase)) > 1}
            for phase in _counted(phases)
        }

    def _rates(
        self, values: Sequence[str | None], phases: Sequence[str | None] | None = None, phase: str | None = None
    ) -> list[dict[str, Any]]:
        tried: Counter[str] = Counter()
        won: Counter[str] = Counter()
        for row, value in enumerate(values):
            if value is not None and self._labelled[row] and (phases is None or phases[row] == phase):
                tried[value] += 1
                won[value] += int(self._success[row])
        return [
            {
                "value": value,
                "episodes": tried[value],
                "successes": won[value],
                "rate": won[value] / tried[value],
                "interval": list(wilson(won[value], tried[value])),
            }
            for value in sorted(tried, key=lambda value: (_lowest(value), value))
        ]


def normalisation(dataset: Dataset) -> dict[str, dict[str, Any]]:
    """What a trainer scales with, by path: the statistics of all rows, and quantiles of evenly spread episodes."""
    places = (
        np.linspace(0, len(dataset) - 1, min(len(dataset), MOST_SAMPLED)).round().astype(int) if len(dataset) else []
    )
    rows: defaultdict[str, list[np.ndarray]] = defaultdict(list)
    for place in dict.fromkeys(int(each) for each in places):
        episode = dataset[place]
        for path in set(dataset.statistics) & set(episode.arrays):
            array = episode.arrays[path][()]
            rows[path].append(array.reshape(len(array), -1).astype(np.float64))
    result = {}
    for path, statistics in dataset.statistics.items():
        result[path] = dict(statistics)
        widths = {part.shape[1] for part in rows[path]}
        if len(widths) == 1:
            levels = np.nanquantile(np.concatenate(rows[path]), list(_QUANTILES.values()), axis=0)
            result[path] |= dict(zip(_QUANTILES, levels.tolist(), strict=True))
    return result


def evenness(counts: Iterable[float]) -> float:
    """Entropy over that of equal shares: 1 if all occur equally often, 0 if there is only one."""
    numbers = np.array([*counts], float)
    shares = numbers[numbers > 0] / max(numbers.sum(), 1.0)
    return float(-(shares * np.log(shares)).sum() / math.log(len(numbers))) if len(shares) > 1 else 0.0


def _counted(words: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(word for word in words if word is not None).items()))


def _start(state: np.ndarray) -> np.ndarray:
    """x, y, z [m] and heading [rad] of a state that begins with a position and a quaternion wxyz."""
    w, x, y, z = state[3:7].astype(float)
    heading = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return np.array([*state[:3], heading])


def _cells(xy: np.ndarray) -> np.ndarray:
    """Number of the cell of each place in the grid over all of them. Shape: (rows,)."""
    numbers = np.zeros(len(xy), int)
    for column in range(2):
        low, high = xy[:, column].min(initial=math.inf), xy[:, column].max(initial=-math.inf)
        if high - low > SMALLEST:
            place = ((xy[:, column] - low) / (high - low) * CELLS).astype(int).clip(0, CELLS - 1)
            numbers += place * CELLS**column
    return numbers


def _possible_cells(xy: np.ndarray) -> int:
    """Cells of the grid: 1 for what always stands in the same place."""
    return math.prod(CELLS if len(xy) and np.ptp(xy[:, column]) > SMALLEST else 1 for column in range(2))


def _sectors(headings: np.ndarray) -> np.ndarray:
    return ((headings + math.pi) / (2 * math.pi) * TURNS).astype(int) % TURNS


def _quarters(values: np.ndarray) -> list[str | None]:
    """Which quarter of the values each is in, such as "0.1 to 0.25"; all None where they do not differ."""
    finite = values[np.isfinite(values)]
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, 5))) if len(finite) else np.zeros(0)
    if len(edges) < 5 or np.ptp(finite) <= SMALLEST:
        return [None] * len(values)
    names = [f"{low:.3g}{_TO}{high:.3g}" for low, high in itertools.pairwise(edges)]
    return [names[int(np.searchsorted(edges[1:-1], value))] if math.isfinite(value) else None for value in values]


def _lowest(value: str) -> float:
    """The lower end of a quarter, to sort by; 0 of words."""
    low, _, high = value.partition(_TO)
    try:
        return float(low) if high else 0.0
    except ValueError:
        return 0.0
