"""Which episodes of a dataset belong to which of its tasks: in turns, by weight, in whatever order they end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simgen.env.turns import Turns


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
