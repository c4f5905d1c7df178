"""From a task or a mixture of tasks to a dataset: opens the writer, runs each task's phases, sums up."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from simgen.data import dataset_info
from simgen.data.manifest import add_run
from simgen.data.target import require_path
from simgen.data.writer import DatasetWriter
from simgen.env.threads import one_torch_thread
from simgen.errors import SimgenError
from simgen.generate.identity import agreed, common, dataset_spec
from simgen.generate.options import GenerateOptions, check_options
from simgen.generate.part import PHASES, TaskPart
from simgen.generate.phase import PhaseCounts, TooFewEpisodes
from simgen.generate.share import Share, Turns
from simgen.generate.summary import Summary, run_note
from simgen.generate.team.run import run_team
from simgen.spec import AnyTask, Mixture, parts_of
from simgen.world.scene.variants import expanded

Progress = Callable[[str, PhaseCounts], None]
_NEEDS_WORKERS = "only workers write to a URL; add --workers N or --ray, or give a directory."


def generate(
    task: AnyTask | Mixture,
    out: Path | str,
    options: GenerateOptions,
    progress: Progress = lambda phase, counts: None,
    command: str | None = None,
) -> Summary:
    """Generates a dataset.

    A task that stands for several (robots, numbers of objects) is a mixture of these, and episodes are recorded under
    their names. The tasks of a mixture are run one after the other, each with all worlds, so that the batch is full and
    one task's worlds are in memory at a time.

    Args:
        task: What to simulate.
        out: Directory of the dataset; with workers also a URL that fsspec knows.
        options: How much of it, and how.
        progress: Called with a phase and its counts, again and again.
        command: To be recorded.

    Raises:
        BadInput: Wrong options, a directory that holds something else, a changed spec on resume.
        SimgenError: Too few attempts succeeded, the disk is full, an encoder died. What was finished is kept.
    """
    task = expanded(task)
    parts = parts_of(task)
    check_options([part.task for part in parts], options)
    turns = Turns([part.weight for part in parts])
    shares = zip(turns.counts(options.random), turns.counts(options.teacher), strict=True)
    with contextlib.ExitStack() as stack:
        runs: list[TaskPart] = []
        for number, (part, wanted) in enumerate(zip(parts, shares, strict=True)):
            runs.append(TaskPart(part.task, Share(turns, number), dict(zip(PHASES, wanted, strict=True)), options))
            stack.callback(runs[-1].close)
        if options.in_team:
            return run_team(task, runs, options, str(out), progress, command)
        return _Run(task, runs, options).run(require_path(out, _NEEDS_WORKERS), progress, command)


class _Run:
    """A run of `generate`: counts over all tasks, and the time that simulating and writing takes."""

    def __init__(self, task: AnyTask | Mixture, parts: Sequence[TaskPart], options: GenerateOptions) -> None:
        self._task, self._parts, self._options = task, parts, options
        self._seconds = 0.0

    def run(self, out: Path, progress: Progress, command: str | None) -> Summary:
        """Fills the dataset."""
        if not self._options.resume:  # then there is nothing yet, and shall be nothing if it does not fit
            for part in self._parts:
                part.require_memory()
        writer = DatasetWriter(
            out,
            dataset_spec(self._task, self._parts, self._options),
            codec=self._options.codec,
            processes=self._options.processes,
            resume=self._options.resume,
            phases=list(PHASES),
            engine=common([part.engine for part in self._parts]),
            command=command,
        )
        try:
            with writer, one_torch_thread():
                self._run_parts(writer, progress)
        except BaseException:
            with contextlib.suppress(SimgenError):
                self._note(out)
            raise
        self._note(out)
        info = dataset_info(out)
        return Summary(out, info["episodes"], info["frames"], self._frames, self._seconds, self._counts())

    def _run_parts(self, writer: DatasetWriter, progress: Progress) -> None:
        for part in self._parts:
            part.look_up(writer)
        failures = []
        for part in self._parts:
            if part.missing:
                part.prepare()
                writer.describe(agreed(writer.notes, part.notes()) if writer.notes else part.notes())
                failures += self._run_phases(part, writer, progress)
            part.close()
        if failures:
            raise SimgenError("\n".join(failures))

    def _run_phases(self, part: TaskPart, writer: DatasetWriter, progress: Progress) -> list[str]:
        """Runs what a task misses; returns why there are too few episodes, if there are."""
        failures = []
        started = time.perf_counter()
        try:
            for name in part.missing:
                try:
                    part.run(name, writer, lambda phase, _: progress(phase, self._total(phase)))
                except TooFewEpisodes as error:
                    failures.append(str(error))
            writer.flush()
        finally:
            self._seconds += time.perf_counter() - started
        return failures

    def _counts(self) -> dict[str, PhaseCounts]:
        """The counts of each phase, over all tasks."""
        return {name: self._total(name) for name in PHASES}

    def _total(self, phase: str) -> PhaseCounts:
        return PhaseCounts.total(part.counts[phase] for part in self._parts if part.counts)

    @property
    def _frames(self) -> int:
        """Control steps simulated, summed over worlds."""
        return sum(counts.frames for counts in self._counts().values())

    def _note(self, out: Path) -> None:
        """Writes into the dataset how the run went, if it simulated anything."""
        note = run_note(self._options, self._counts(), self._seconds)
        if note is not None:
            add_run(out, note)
