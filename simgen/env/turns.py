"""Who is next where several tasks share something by weight: a dataset's episodes, a batch's worlds."""

from __future__ import annotations

from collections.abc import Sequence


class Turns:
    """Gives each of a sequence of numbers to one of several tasks.

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
        """Returns the number of a task's index-th turn."""
        while len(self._numbers[task]) <= index:
            self._extend(len(self._places) + 1)
        return self._numbers[task][index]

    def place(self, number: int) -> tuple[int, int]:
        """Returns the task that has a number, and the how many-th of its turns that is."""
        self._extend(number + 1)
        return self._places[number]
