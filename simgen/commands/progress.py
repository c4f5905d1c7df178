"""Progress bars on stderr: of the phases of `simgen generate`, and of work that consists of parts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from simgen.commands.output import console

SILENT = 60.0  # for so long a worker may do something at a stretch before the bar mentions it [s]

if TYPE_CHECKING:
    from simgen.generate.phase import PhaseCounts


@contextlib.contextmanager
def phase_progress() -> Iterator[Callable[[str, PhaseCounts], None]]:
    """Shows one bar per phase; yields what is to be called with the counts."""
    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[success]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as bars:
        tasks: dict[str, tuple[TaskID, float, int]] = {}

        def update(phase: str, counts: PhaseCounts) -> None:
            if phase not in tasks:
                added = bars.add_task(phase, total=counts.wanted, success="", rate="")
                tasks[phase] = (added, time.perf_counter(), counts.frames)
            task, started, frames = tasks[phase]
            rate = (counts.frames - frames) / max(1e-6, time.perf_counter() - started)
            success = "" if counts.success_rate is None else f"success {counts.success_rate:.0%}"
            workers = f", {counts.workers} workers" if counts.workers else ""
            if counts.silence > SILENT:
                workers += f", one silent for {counts.silence:.0f} s"
            bars.update(task, completed=counts.episodes, success=success, rate=f"{rate:,.0f} frames/s{workers}")

        yield update


@contextlib.contextmanager
def part_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Shows one bar per part; yields what is to be called with a part, what of it is done, and how much there is."""
    columns = (TextColumn("{task.description:18}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console()) as bars:
        tasks: dict[str, TaskID] = {}

        def update(part: str, done: int, total: int) -> None:
            if part not in tasks:
                tasks[part] = bars.add_task(part, total=total)
            bars.update(tasks[part], completed=done, total=total)

        yield update
