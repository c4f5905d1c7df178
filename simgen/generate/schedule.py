"""Which episode index is tried next: what is kept must not depend on the number of worlds or on interruptions."""

from __future__ import annotations

from collections.abc import Collection


class Schedule:
    """Gives out episode indices in order, until `wanted` of them have been kept.

    An index is given out only if it is needed even when everything under way succeeds. So the kept episodes are those
    of lowest index, and the number of attempts is the smallest possible, whatever the order in which they end.

    Args:
        wanted: How many episodes to keep.
        kept, rejected: Indices that an earlier run has finished.
        budget: Most attempts.
    """

    def __init__(self, wanted: int, kept: Collection[int], rejected: Collection[int], budget: int) -> None:
        self.wanted, self.budget = wanted, budget
        self.kept, self.rejected = set(kept), set(rejected)
        self.running: set[int] = set()
        self._next = 0

    @property
    def attempts(self) -> int:
        """How many indices have been finished."""
        return len(self.kept) + len(self.rejected)

    @property
    def exhausted(self) -> bool:
        """Whether the budget ends the phase before enough was kept."""
        return len(self.kept) < self.wanted and not self.running and self._peek() >= self.budget

    def _peek(self) -> int:
        while self._next in self.kept or self._next in self.rejected or self._next in self.running:
            self._next += 1
        return self._next

    def take(self) -> int | None:
        """Returns the next index to try, or None if no more is needed now."""
        if len(self.kept) + len(self.running) >= self.wanted or self._peek() >= self.budget:
            return None
        index = self._next
        self.running.add(index)
        return index

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
