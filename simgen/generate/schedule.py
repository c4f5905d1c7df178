"""Which episode index is tried next: what is kept must not depend on the number of worlds or on interruptions."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection


class Schedule:
    """Gives out episode indices in order, until `wanted` of them have been kept.

    An index is given out only if it is needed even when everything under way and below it succeeds. So the kept
    episodes are those of lowest index, and the number of attempts is the smallest possible, whatever the order in which
    they end.

    Args:
        wanted: How many episodes to keep.
        kept, rejected: Indices that an earlier run has finished.
        budget: Most attempts.
    """

    def __init__(self, wanted: int, kept: Collection[int], rejected: Collection[int], budget: int) -> None:
        self.wanted, self.budget = wanted, budget
        self.kept, self.rejected = set(kept), set(rejected)
        self.running: set[int] = set()
        self._ascending = sorted(self.rejected)
        self._next = 0

    @property
    def attempts(self) -> int:
        """How many indices have been finished."""
        return len(self.kept) + len(self.rejected)

    @property
    def exhausted(self) -> bool:
        """Whether the budget ends the phase before enough was kept."""
        return len(self.kept) < self.wanted and not self.running and self._first_new() >= self.budget

    def _first_new(self) -> int:
        while not self._is_new(self._next):
            self._next += 1
        return self._next

    @property
    def missing(self) -> int:
        """How many more would be kept than now, if all that is under way succeeds."""
        return max(0, self.wanted - len(self.kept) - len(self.running))

    def peek(self, allowed: Callable[[int], bool] | None = None) -> int | None:
        """Returns what `take` would return."""
        index = self._first_new()
        while self.missing and index < self.budget and self._needed(index):
            if self._is_new(index) and (allowed is None or allowed(index)):
                return index
            index += 1
        return None

    def take(self, allowed: Callable[[int], bool] | None = None) -> int | None:
        """Returns the next index to try, or None if no more is needed now.

        Args:
            allowed: Which indices may be tried; None: all.
        """
        index = self.peek(allowed)
        if index is not None:
            self.running.add(index)
        return index

    def _is_new(self, index: int) -> bool:
        return not (index in self.kept or index in self.rejected or index in self.running)

    def _needed(self, index: int) -> bool:
        """Whether there are too few indices below, even if all succeed that were not rejected."""
        return index - bisect.bisect_left(self._ascending, index) < self.wanted

    def put_back(self, index: int) -> None:
        """Tells that an attempt was lost through no fault of its own; it is tried again."""
        self.running.discard(index)
        self._next = min(self._next, index)

    def keep(self, index: int) -> None:
        """Tells that an attempt gave an episode that counts."""
        self.running.discard(index)
        self.kept.add(index)

    def reject(self, index: int) -> None:
        """Tells that an attempt gave none."""
        self.running.discard(index)
        self.rejected.add(index)
        bisect.insort(self._ascending, index)

    def forget(self, index: int) -> None:
        """Tells that what an attempt gave is lost; it is tried again."""
        self.kept.discard(index)
        if index in self.rejected:
            self.rejected.remove(index)
            self._ascending.remove(index)
        self.put_back(index)
