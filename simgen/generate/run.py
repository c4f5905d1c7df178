"""From a task to a dataset: opens the writer, makes the worlds, runs the phases, sums up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data import open_dataset
from simgen.data.manifest import add_run
from simgen.data.replay import GENERATION
from simgen.data.writer import DatasetWriter
from simgen.env.task_env import TaskEnv
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput, unknown
from simgen.generate.phase import Phase, PhaseCounts
from simgen.generate.schedule import Schedule
from simgen.machine import processor
from simgen.policy import POLICIES, make_policy
from simgen.spec import TaskSpec
from simgen.world.kernels import require_device

Progress = Callable[[str, PhaseCounts], None]


@dataclass(frozen=True)
class GenerateOptions:
    """What to generate.

    Args:
        random, teacher: Episodes of each phase; of the teacher's only successes count.
        num_envs: Worlds at once.
        seed: Of the dataset.
        device: "cpu" or "cuda:0".
        random_policy: uniform, pink, spline or play.
        noise: Standard deviation of the teacher's DART noise, as a share of the action's half range.
        keep_failures: Write failed teacher episodes too, flagged.
        codec: blosc2, zstd, gzip or raw.
        processes: Encoder processes.
        resume: Go on with the dataset that is there.
        max_attempts: Most attempts of the teacher phase; None for 10 per episode and 20 more.
    """

    random: int = 0
    teacher: int = 0
    num_envs: int = 64
    seed: int = 0
    device: str = "cpu"
    random_policy: str = "pink"
    noise: float = 0.0
    keep_failures: bool = False
    codec: str | None = None
    processes: int = 1
    resume: bool = False
    max_attempts: int | None = None


@dataclass(frozen=True)
class Summary:
    """What was generated, and how fast (frames and seconds of this run; building and compiling not counted)."""

    dataset: Path
    episodes: int
    frames: int
    seconds: float
    phases: dict[str, PhaseCounts] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Returns the summary with the keys that scripts rely on."""
        return {
            "dataset": str(self.dataset),
            "episodes": self.episodes,
            "frames": self.frames,
            "frames_per_second": self.frames / self.seconds if self.seconds > 0 else None,
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
    task: TaskSpec,
    out: Path,
    options: GenerateOptions,
    progress: Progress = lambda phase, counts: None,
    command: str | None = None,
) -> Summary:
    """Generates a dataset.

    Raises:
        BadInput: Wrong options, a directory that holds something else, a changed spec on resume.
        SimgenError: Too few attempts succeeded, the disk is full, an encoder died. What was finished is kept.
    """
    _check(task, options)
    resolved = task.resolved() | {GENERATION: _identity(options)}
    writer = DatasetWriter(
        out,
        resolved,
        codec=options.codec,
        processes=options.processes,
        resume=options.resume,
        phases=["random", "teacher"],
        engine="newton",
        command=command,
    )
    with writer, one_torch_thread():
        wanted = {"random": options.random, "teacher": options.teacher}
        schedules = {name: _schedule(name, wanted[name], writer, options) for name in wanted}
        phases = {name: PhaseCounts.before(name, schedules[name], writer) for name in wanted}
        missing = [name for name, schedule in schedules.items() if len(schedule.kept) < schedule.wanted]
        started = time.perf_counter()
        if missing:
            env = TaskEnv(task, min(options.num_envs, max(wanted.values())), options.device, options.seed)
            started = time.perf_counter()
            for name in missing:
                policy = make_policy("teacher" if name == "teacher" else options.random_policy, env, options.noise)
                phase = Phase(
                    name, env, policy, writer, schedules[name], options.seed,
                    only_successes=name == "teacher", keep_failures=options.keep_failures,
                    noisy=name == "teacher" and options.noise > 0, progress=progress,
                )  # fmt: skip
                phases[name] = phase.counts
                phase.run()
            env.close()
        writer.flush()
        seconds = time.perf_counter() - started
    dataset = open_dataset(out)
    frames = sum(counts.frames for counts in phases.values())
    summary = Summary(out, len(dataset), frames, seconds, phases)
    if missing:
        add_run(out, _run(summary, options))
    return summary


def _run(summary: Summary, options: GenerateOptions) -> dict[str, Any]:
    """What the dataset keeps about how it was made."""
    return {
        "frames": summary.frames,
        "seconds": round(summary.seconds, 3),
        "num_envs": options.num_envs,
        "device": options.device,
        "processor": processor(),
        "cores": os.cpu_count(),
    }


def _check(task: TaskSpec, options: GenerateOptions) -> None:
    if options.random < 0 or options.teacher < 0 or options.random + options.teacher == 0:
        raise BadInput("nothing to generate: give --random N, --teacher N or both, N at least 0.")
    if options.num_envs < 1:
        raise BadInput(f"num_envs must be at least 1, not {options.num_envs}.")
    require_device(options.device)
    policies = [name for name in POLICIES if name != "teacher"]
    if options.random_policy not in policies:
        raise unknown("policy", options.random_policy, policies)
    if not 0.0 <= options.noise <= 1.0:
        raise BadInput(f"--noise dart:{options.noise:g} is out of range; allowed: 0 to 1.")
    if options.teacher and task.teacher is None:
        raise BadInput(f"task {task.name!r} has no `teacher`; add one or leave --teacher out.")


def _identity(options: GenerateOptions) -> dict[str, Any]:
    """What decides the content of episodes, beside the task; a resumed run must not change it."""
    return {
        "seed": options.seed,
        "random_policy": options.random_policy,
        "noise": options.noise,
        "keep_failures": options.keep_failures,
    }


def _schedule(name: str, wanted: int, writer: DatasetWriter, options: GenerateOptions) -> Schedule:
    finished = {index for phase, index in writer.finished if phase == name}
    rejected = {index for phase, index in writer.discarded if phase == name}
    if name == "teacher" and options.keep_failures:
        failed = {index for index in finished if (name, index) not in writer.found_successful}
        finished, rejected = finished - failed, rejected | failed
    budget = options.max_attempts or 10 * wanted + 20
    return Schedule(wanted, finished, rejected, budget)
