"""Which episodes of a dataset belong to which of its tasks: in turns, by weight, in whatever order they end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class Turns:
    """Gives each of the dataset's episode numbers to one of several tasks.

    Number n goes to the task that is furthest behind its share of the first n + 1 numbers; so every beginning of the
    sequence has the shares as exactly as whole numbers allow.

    Args:
        weights: Of the tasks, above 0.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._shares = [weight / sum(weights) for weight in weights]
        self._numbers: list[list[int]] = [[] for _ in weights]  # of each task, in order
        self._places: list[tuple[int, int]] = []  # of each number: the task, and the how many-th of it

    def _extend(self, length: int) -> None:
        while len(self._places) < length:
            number = len(self._places)
            behind = [share * (number + 1) - len(own) for share, own in zip(self._shares, self._numbers, strict=True)]
            task = behind.index(max(behind))
            self._places.append((task, len(self._numbers[task])))
            self._numbers[task].append(number)

    def counts(self, total: int) -> list[int]:
        """Returns how many of the first `total` numbers each task has."""
        self._extend(total)
        counts = [0] * len(self._shares)
        for task, _ in self._places[:total]:
            counts[task] += 1
        return counts

    def number(self, task: int, index: int) -> int:
        """Returns the number of a task's index-th episode."""
        while len(self._numbers[task]) <= index:
            self._extend(len(self._places) + 1)
        return self._numbers[task][index]

    def place(self, number: int) -> tuple[int, int]:
        """Returns the task that has a number, and the how many-th of its episodes that is."""
        self._extend(number + 1)
        return self._places[number]


@dataclass(frozen=True)
class Share:
    """One task's episodes of a dataset."""

    turns: Turns
    task: int

    def number(self, index: int) -> int:
        """Returns the dataset's number of the task's index-th episode."""
        return self.turns.number(self.task, index)

    def own(self, phase: str, found: Iterable[tuple[str, int]]) -> dict[int, int]:
        """Returns the task's own among (phase, number): index -> number."""
        numbers = [number for name, number in found if name == phase]
        places = {number: self.turns.place(number) for number in numbers}
        return {index: number for number, (task, index) in places.items() if task == self.task}
