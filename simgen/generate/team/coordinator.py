"""The coordinator: starts workers, gives them orders, takes in reports and deaths, until the dataset is complete."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

from simgen.data.pool import EncoderDied
from simgen.errors import SimgenError
from simgen.generate.identity import agreed
from simgen.generate.options import GenerateOptions
from simgen.generate.part import PHASES
from simgen.generate.phase import PhaseCounts
from simgen.generate.summary import run_note
from simgen.generate.team.book import Book
from simgen.generate.team.dataset import SharedDataset
from simgen.generate.team.members import Member
from simgen.generate.team.messages import Death, Order, Report
from simgen.generate.team.remote import RemoteDataset

Progress = Callable[[str, PhaseCounts], None]
_MOST_FAILED_STARTS = 3  # in a row
_PATIENCE = 60.0  # with workers that finish what they do [s]


class Team(Protocol):
    """Processes, here or elsewhere, that are workers."""

    def start(self, name: str, slot: int) -> None:
        """Starts a worker in one of the places for them; it reports once it is ready for orders."""

    def send(self, name: str, order: Order) -> None:
        """Gives a worker an order; it will report once."""

    def wait(self, seconds: float) -> list[tuple[str, Report | Death]]:
        """Waits until workers report or die, but not longer."""
        ...

    def dismiss(self, name: str) -> None:
        """Makes sure that a worker ends that has reported for the last time."""

    def close(self) -> None:
        """Ends all workers at once."""


class Coordinator:
    """Has a dataset filled by a team.

    Args:
        dataset: That is filled.
        book: Of what is to be done.
        team: Who does it.
        workers: How many at a time.
        shared: Whether they stage at one site.
        options: Of the run.
        progress: Called with a phase and its counts.
    """

    def __init__(
        self,
        dataset: SharedDataset | RemoteDataset,
        book: Book,
        team: Team,
        workers: int,
        shared: bool,
        options: GenerateOptions,
        progress: Progress,
    ) -> None:
        self._dataset, self._book, self._team, self._options = dataset, book, team, options
        self._workers, self._shared, self._progress = workers, shared, progress
        self._members: dict[str, Member] = {}
        self._started = 0
        self._failed_starts = 0
        self._known_notes = dict(dataset.manifest["feature_notes"])
        self._notes: dict[int, dict[str, dict[str, Any]]] = {}
        self._began: float | None = None
        self.seconds = 0.0

    def run(self) -> None:
        """Works until the dataset is complete, or as complete as it can be.

        Raises:
            SimgenError: What a worker could not go on with, or too many deaths. What was finished is kept.
        """
        with self._closing():
            for slot in range(0 if self._book.complete else self._workers):
                self._start(slot)
            while self._members and not self._book.over:
                self._give_orders()
                self._listen(1.0)
                self._dataset.require_ours()
                self._book.finish(list(self._members.values()))
            self._take_time()

    @contextlib.contextmanager
    def _closing(self) -> Iterator[None]:
        """Ends the workers and closes the dataset, whatever happens in the block."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(SimgenError):
                self._close()
            raise
        self._close()

    def _close(self) -> None:
        try:
            self._wind_down()
        finally:
            self._team.close()
        counts = {name: self._book.counts(name) for name in PHASES}
        self._dataset.close(run_note(self._options, counts, self.seconds))

    def _start(self, slot: int) -> None:
        name = f"{self._started}"
        self._started += 1
        self._members[name] = Member(name, slot, "" if self._shared else name)
        self._team.start(name, slot)

    def _give_orders(self) -> None:
        for member in self._members.values():
            if not member.busy:
                order = self._book.order(member)
                if order is not None:
                    self._send(member, order)
        if not any(member.busy for member in self._members.values()):
            raise SimgenError("the workers have nothing to do, but the dataset is not complete; this is a fault.")

    def _send(self, member: Member, order: Order) -> None:
        member.busy, member.heard = True, time.monotonic()
        self._team.send(member.name, order)

    def _listen(self, seconds: float) -> None:
        for name, message in self._team.wait(seconds):
            member = self._members[name]
            if isinstance(message, Death):
                self._died(member, message.how)
                continue
            if isinstance(message.error, EncoderDied):  # as if the worker itself had been killed
                self._team.dismiss(name)
                self._died(member, str(message.error))
                continue
            self._failed_starts = 0
            self._take_in(member, message)
            if message.error is not None:
                del self._members[name]
                raise message.error
        self._tell()

    def _take_in(self, member: Member, report: Report) -> None:
        if report.notes is not None and member.job is not None:
            self._began = self._began or time.perf_counter()
            self._describe(member.job.part, report.notes)
        self._book.take_in(member, report)
        for shard in report.sealed:
            self._dataset.published(shard)
        self._take_time()

    def _take_time(self) -> None:
        if self._began is not None:
            self.seconds = time.perf_counter() - self._began

    def _describe(self, part: int, notes: dict[str, dict[str, Any]]) -> None:
        self._notes.setdefault(part, notes)
        known = self._known_notes
        for number in sorted(self._notes):
            known = agreed(known, self._notes[number]) if known else self._notes[number]
        if known != self._dataset.manifest["feature_notes"]:
            self._dataset.describe(known)

    def _died(self, member: Member, how: str) -> None:
        del self._members[member.name]
        self._book.lost(member, how, self._shared)
        self._failed_starts += not member.ready
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise SimgenError(f"workers end before they begin: {how}. Everything that was finished is kept.")
        self._start(member.slot)

    def _tell(self) -> None:
        alive = sum(member.ready for member in self._members.values())
        busy = [member.heard for member in self._members.values() if member.busy]
        silence = time.monotonic() - min(busy) if busy else 0.0
        for name in PHASES:
            counts = self._book.counts(name)
            if counts.frames:
                self._progress(name, replace(counts, workers=alive, silence=silence))

    def _wind_down(self) -> None:
        """Lets the workers make safe what they have, and end."""
        deadline = time.monotonic() + _PATIENCE
        waiting = {name for name, member in self._members.items() if member.ready}
        told = {name for name in waiting if not self._members[name].busy}
        for name in told:
            self._send(self._members[name], self._book.last_order(self._members[name], self._shared))
        while waiting and time.monotonic() < deadline:
            for name, message in self._team.wait(1.0):
                if isinstance(message, Report) and name in waiting:
                    self._take_in(self._members[name], message)
                    if name not in told and message.error is None:
                        told.add(name)
                        self._send(self._members[name], self._book.last_order(self._members[name], self._shared))
                        continue
                    self._team.dismiss(name)
                waiting.discard(name)
