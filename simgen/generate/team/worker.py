"""A worker: simulates the episodes that it is given, and reports what of them is safe."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
import time
import traceback
from collections import deque
from pathlib import Path

import torch

from simgen.data.encoder import EncoderSettings
from simgen.data.files import SHARDS, STAGING
from simgen.data.manifest import record_header
from simgen.data.pool import EncoderDied
from simgen.data.presence import announce, await_end, presence_path
from simgen.errors import BadInput, SimgenError
from simgen.generate.devices import device_of
from simgen.generate.part import TaskPart
from simgen.generate.phase import Phase, PhaseCounts
from simgen.generate.share import Share, Turns
from simgen.generate.team.messages import Order, Report, Setup
from simgen.generate.team.sink import TeamSink

_LATEST = 1.0  # when a worker reports at the latest [s]
_EARLIEST = 0.1  # and when at the earliest, as long as it has something to do [s]


class Assigned:
    """The indices that a worker was given and has not begun."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()

    def take(self) -> int | None:
        """Returns the next one; None if there is none."""
        return self.waiting.popleft() if self.waiting else None

    def put_back(self, index: int) -> None:
        """Takes one back that is to be tried again."""
        self.waiting.appendleft(index)

    def keep(self, index: int) -> None:
        """Does nothing: the coordinator hears of it when the episode is safe."""

    def reject(self, index: int) -> None:
        """Does nothing, as `keep`."""


class Worker:
    """Simulates for a coordinator.

    Args:
        setup: Of the run.
        name: Of this worker in it; unique.
        slot: Its place among the workers that see the same GPUs.
    """

    def __init__(self, setup: Setup, name: str, slot: int = 0) -> None:
        torch.set_num_threads(1)
        self._options = dataclasses.replace(setup.options, device=device_of(setup.options.device, slot))
        self._setup, self._turns = setup, Turns(setup.weights)
        self._own_site = None if setup.site else tempfile.mkdtemp(prefix="simgen-worker-")
        self._site = setup.site or Path(str(self._own_site))
        self._require_site()
        self._presence = announce(self._site, name)
        settings = EncoderSettings(self._site, setup.manifest["codec"], *record_header(setup.manifest))
        self._sink = TeamSink(self._site, settings, setup.options.processes, (self._presence,), setup.target)
        self._part: tuple[int, TaskPart] | None = None
        self._phase: Phase | None = None
        self._assigned = Assigned()
        self._frames = 0
        self._awaited: set[str] = set()

    def _require_site(self) -> None:
        if self._own_site:
            for folder in (SHARDS, STAGING):
                (self._site / folder).mkdir()
        elif not presence_path(self._site, self._setup.witness).exists():
            raise SimgenError(
                f"{self._site}: a worker on another machine does not see this directory; "
                "choose one on a file system that all machines share, or a URL (s3://...)."
            )

    def do(self, order: Order) -> Report:
        """Carries out an order, for about a second, and reports.

        Raises:
            SimgenError: If it cannot go on.
        """
        for name in set(order.after) - self._awaited:
            await_end(self._site, name)
            self._awaited.add(name)
        for shard in order.reopen:
            self._sink.reopen(shard)
        notes = self._enter(order.part, order.phase) if order.part is not None else None
        self._assigned.waiting.extend(order.indices)
        simulating = self._phase is not None and not order.end and self._simulate(self._phase)
        if order.end:
            self._sink.flush()
        for shard in order.seal:
            self._sink.seal(shard)
        if order.end or not (simulating or order.indices):
            self._sink.flush()
        self._sink.collect()
        return self._report(simulating, notes)

    def _enter(self, number: int, name: str) -> dict | None:
        """Turns to a part and a phase; returns notes on the arrays if the part is another one."""
        if self._phase is not None and self._part and (self._part[0], self._phase.name) == (number, name):
            return None
        notes = None
        if self._part is None or self._part[0] != number:
            # Later, or in the place of one that died, the neighbours already have the memory that they need.
            neighbours = 1 if self._part or self._awaited else self._setup.neighbours
            self._leave()
            setup = self._setup
            part = TaskPart(
                setup.tasks[number], Share(self._turns, number), setup.wanted[number], self._options, neighbours
            )
            self._part = number, part
            part.prepare()
            notes = part.notes()
        part = self._part[1]
        self._phase = part.phase(name, self._sink, self._assigned, PhaseCounts())
        self._frames = 0
        return notes

    def _leave(self) -> None:
        if self._part is not None:
            self._part[1].close()
        self._part = self._phase = None

    def _simulate(self, phase: Phase) -> bool:
        """Simulates until something is to be reported; returns whether anything is under way still."""
        started = time.monotonic()
        while phase.step():
            self._sink.collect()
            elapsed = time.monotonic() - started
            hungry = phase.may_start and not self._assigned.waiting
            if elapsed > _LATEST or (hungry and elapsed > _EARLIEST):
                return True
        return False

    def _report(self, simulating: bool, notes: dict | None) -> Report:
        frames = self._phase.counts.frames if self._phase else 0
        free = self._phase.free - len(self._assigned.waiting) if self._phase else 0
        new, self._frames = frames - self._frames, frames
        return dataclasses.replace(self._sink.news(), frames=new, free=max(0, free), simulating=simulating, notes=notes)

    def close(self) -> None:
        """Frees the worlds and ends the encoders."""
        self._leave()
        self._sink.close()
        os.close(self._presence)
        if self._own_site:
            with contextlib.suppress(OSError):
                shutil.rmtree(self._own_site)


def portable(error: Exception) -> SimgenError:
    """Returns an error as one that every process knows."""
    for kind in (BadInput, EncoderDied):
        if isinstance(error, kind):
            return kind(str(error))
    if isinstance(error, SimgenError):
        return SimgenError(str(error))
    return SimgenError(f"a worker failed: {''.join(traceback.format_exception(error))}")
