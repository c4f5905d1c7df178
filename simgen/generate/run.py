"""From a task or a mixture of tasks to a dataset: opens the writer, runs each task's phases, sums up."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data import open_dataset
from simgen.data.manifest import add_run
from simgen.data.replay import GENERATION, MIXED, TASKS
from simgen.data.writer import DatasetWriter
from simgen.env.threads import one_torch_thread
from simgen.errors import SimgenError
from simgen.generate.options import GenerateOptions, check_options
from simgen.generate.part import PHASES, TaskPart
from simgen.generate.phase import PhaseCounts, TooFewEpisodes
from simgen.generate.share import Share, Turns
from simgen.machine import processor
from simgen.spec import AnyTask, Mixture, Part, parts_of
from simgen.world.scene.variants import expanded

Progress = Callable[[str, PhaseCounts], None]


@dataclass(frozen=True)
class Summary:
    """What the dataset now holds, and how fast this run was (building and compiling not counted).

    Args:
        dataset: Directory.
        episodes, frames: Of the whole dataset; frames are recorded control steps, as in `simgen info`.
        simulated_frames: Control steps that this run simulated, summed over worlds; also of what was discarded.
        seconds: How long that took, with writing.
        phases: Counts of each phase, earlier runs included.
    """

    dataset: Path
    episodes: int
    frames: int
    simulated_frames: int
    seconds: float
    phases: dict[str, PhaseCounts] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Returns the summary with the keys that scripts rely on."""
        return {
            "dataset": str(self.dataset),
            "episodes": self.episodes,
            "frames": self.frames,
            "frames_per_second": self.simulated_frames / self.seconds if self.seconds > 0 else None,
            "phases": {
                name: {
                    "episodes": counts.episodes,
                    "attempts": counts.attempts,
                    "success_rate": counts.success_rate,
                    "discarded": counts.discarded,
                }
                for name, counts in self.phases.items()
            },
        }


def generate(
    task: AnyTask | Mixture,
    out: Path,
    options: GenerateOptions,
    progress: Progress = lambda phase, counts: None,
    command: str | None = None,
) -> Summary:
    """Generates a dataset.

    A task that stands for several (robots, numbers of objects) is a mixture of these, and episodes are recorded under
    their names. The tasks of a mixture are run one after the other, each with all worlds, so that the batch is full and
    one task's worlds are in memory at a time.

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
        return _Run(task, runs, options).run(out, progress, command)


class _Run:
    """A run of `generate`: counts over all tasks, and the time that simulating and writing takes."""

    def __init__(self, task: AnyTask | Mixture, parts: Sequence[TaskPart], options: GenerateOptions) -> None:
        self._task, self._parts, self._options = task, parts, options
        self._seconds = 0.0

    def run(self, out: Path, progress: Progress, command: str | None) -> Summary:
        """Fills the dataset."""
        writer = DatasetWriter(
            out,
            dataset_spec(self._task, self._parts, self._options),
            codec=self._options.codec,
            processes=self._options.processes,
            resume=self._options.resume,
            phases=list(PHASES),
            engine=_common([part.engine for part in self._parts]),
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
        dataset = open_dataset(out)
        recorded = sum(episode.length for episode in dataset)
        return Summary(out, len(dataset), recorded, self._frames, self._seconds, self._counts())

    def _run_parts(self, writer: DatasetWriter, progress: Progress) -> None:
        for part in self._parts:
            part.look_up(writer)
        failures = []
        for part in self._parts:
            if part.missing:
                part.prepare()
                writer.describe(_agreed(writer.notes, part.notes()) if writer.notes else part.notes())
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
        if self._frames == 0:
            return
        run = {
            "frames": self._frames,
            "seconds": round(self._seconds, 3),
            "num_envs": self._options.num_envs,
            "device": self._options.device,
            "processor": processor(),
            "cores": os.cpu_count(),
        }
        add_run(out, run)


def dataset_spec(task: AnyTask | Mixture, parts: Sequence[TaskPart], options: GenerateOptions) -> dict[str, Any]:
    """Returns the resolved spec with what else decides the content of episodes; a resumed run must not change it."""
    identity = {
        "seed": options.seed,
        "random_policy": _common([part.random_policy for part in parts]),
        "noise": options.noise,
        "keep_failures": options.keep_failures,
        "device": options.device.partition(":")[0],
    }
    if not isinstance(task, Mixture):
        (part,) = parts
        return part.task.resolved() | {GENERATION: identity | part.identity()}
    complete = tuple(Part(run.task, part.weight) for run, part in zip(parts, task.parts, strict=True))
    identity[TASKS] = {part.task.name: part.identity() for part in parts}
    return Mixture(task.name, task.description, complete).resolved() | {GENERATION: identity}


def _common(names: Sequence[str]) -> str:
    return names[0] if len(set(names)) == 1 else MIXED


def _agreed(notes: dict[str, dict[str, Any]], others: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the tasks' notes on each array have in common."""
    return {
        path: {key: value for key, value in note.items() if others.get(path, {}).get(key) == value}
        for path, note in notes.items()
    }
