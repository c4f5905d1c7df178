"""The filters that look at all episodes together: near-duplicates and balance. Only what passed the others counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from simgen.data.curate.config import CurateConfig
from simgen.data.curate.journal import Journal
from simgen.data.curate.neighbours import find_duplicates
from simgen.data.curate.strata import Strata, stratum_of
from simgen.data.curate.verdict import Verdict
from simgen.data.reader import Dataset

Progress = Callable[[str, int, int], None]


@dataclass
class Passed:
    """The episodes that passed all filters which look at one at a time.

    Args:
        numbers: Their places in the dataset, in order.
        kinds, rows: Where their signatures are; -1 where there are none.
    """

    numbers: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def add(self, number: int, signature: tuple[int, int] | None) -> None:
        """Adds one."""
        kind, row = signature if signature is not None else (-1, -1)
        self.numbers.append(number)
        self.kinds.append(kind)
        self.rows.append(row)


def judge_duplicates(
    dataset: Dataset, passed: Passed, journal: Journal, config: CurateConfig, progress: Progress | None
) -> dict[int, Verdict]:
    """Returns the verdicts of those that are nearly the same as one before, by their place in the dataset."""
    verdicts: dict[int, Verdict] = {}
    kinds, rows = np.asarray(passed.kinds, np.int64), np.asarray(passed.rows, np.int64)
    numbers = np.asarray(passed.numbers, np.int64)
    done, total = 0, len(numbers)
    for number, kind in enumerate(journal.kinds()):
        own = kinds == number
        if own.any() and kind.dtype.itemsize:
            told = None if progress is None else _shifted(progress, done, total)
            found = find_duplicates(journal.table(number), rows[own], kind, config.duplicate, told)
            place = dict(zip(rows[own].tolist(), numbers[own].tolist(), strict=True))
            for row, (other, apart) in found.items():
                first = dataset[place[other]]
                reason = f"nearly the same as {first.phase} {first.index} (episode {place[other]})"
                verdicts[place[row]] = Verdict(apart, 1.0, False, reason, 0)
        done += int(own.sum())
    return verdicts


def _shifted(progress: Progress, before: int, total: int) -> Callable[[int], None]:
    return lambda done: progress("comparing", before + done, total)


def judge_balance(dataset: Dataset, numbers: Iterable[int], config: CurateConfig) -> dict[int, Verdict]:
    """Returns the verdicts of those of which there are enough, by their place in the dataset."""
    spec, strata = config.balance, {}
    robots = {task: _robot(dataset, task) for task in dataset.tasks}
    for number in numbers:
        episode = dataset[number]
        strata[number] = stratum_of(episode, spec, robots[episode.task])
    counts = Counter(strata.values())
    chosen = Strata(spec, counts)
    for number, stratum in strata.items():
        chosen.offer(stratum, number, dataset[number].sha256)
    kept = chosen.kept()
    return {
        number: Verdict(
            float(counts[stratum]), float(chosen.most), False, f"{counts[stratum]} of {stratum}, {chosen.most} are kept"
        )
        for number, stratum in strata.items()
        if number not in kept
    }


def _robot(dataset: Dataset, task: str) -> str:
    robot = dataset.spec_of(task).get("robot")
    return str(robot.get("use", "")) if isinstance(robot, dict) else ""
