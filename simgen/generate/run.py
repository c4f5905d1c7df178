"""From a task to a dataset: opens the writer, makes the worlds, runs the phases, sums up."""

from __future__ import annotations

import contextlib
import hashlib
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
from simgen.env.base import BaseEnv
from simgen.env.factory import engine_of, make_env
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput, SimgenError, unknown
from simgen.generate.memory import require_memory
from simgen.generate.notes import feature_notes
from simgen.generate.phase import Phase, PhaseCounts
from simgen.generate.schedule import Schedule
from simgen.machine import processor
from simgen.policy import POLICIES, make_policy
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec
from simgen.world.kernels import require_device
from simgen.world.scene.layout import layout_of

Progress = Callable[[str, PhaseCounts], None]


@dataclass(frozen=True)
class GenerateOptions:
    """What to generate.

    Args:
        random, teacher: Episodes of each phase; of the teacher's only successes count.
        num_envs: Worlds at once.
        seed: Of the dataset.
        engine: "newton" or "maniskill"; None: the task's own, else newton.
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
    engine: str | None = None
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
    task: AnyTask,
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
    with _Worlds(task, options) as worlds:
        return _generate(worlds, out, options, progress, command)


class _Worlds:
    """The environment of a run, made when it is first needed: a dataset that is complete already needs none."""

    def __init__(self, task: AnyTask, options: GenerateOptions) -> None:
        self.task, self._options, self._env = task, options, None
        if isinstance(task, RegisteredSpec):  # the environment itself decides what the task leaves open
            self.task = self.env.task

    @property
    def env(self) -> BaseEnv:
        if self._env is None:
            options = self._options
            num_envs = min(options.num_envs, max(options.random, options.teacher))
            self._env = make_env(self.task, num_envs, options.device, options.seed, engine=options.engine)
        return self._env

    @property
    def recorded(self) -> dict[str, Any]:
        """What the dataset says of the environment beside the task."""
        return self.env.recorded if isinstance(self.task, RegisteredSpec) else {}

    def __enter__(self) -> _Worlds:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._env is not None:
            self._env.close()


def _generate(worlds: _Worlds, out: Path, options: GenerateOptions, progress: Progress, command: str | None) -> Summary:
    writer = DatasetWriter(
        out,
        worlds.task.resolved() | {GENERATION: _identity(worlds.task, options) | worlds.recorded},
        codec=options.codec,
        processes=options.processes,
        resume=options.resume,
        phases=["random", "teacher"],
        engine=engine_of(worlds.task, options.engine),
        command=command,
    )
    run = _Run(options)
    try:
        with writer, one_torch_thread():
            _run_phases(worlds, writer, run, progress)
            writer.flush()
            run.stop()
    except BaseException:
        with contextlib.suppress(SimgenError):
            run.note(out)
        raise
    run.note(out)
    dataset = open_dataset(out)
    frames = sum(episode.length for episode in dataset)
    return Summary(out, len(dataset), frames, run.frames, run.seconds, run.phases)


@dataclass
class _Run:
    """The phases of this run, and the time they take [s]."""

    options: GenerateOptions
    phases: dict[str, PhaseCounts] = field(default_factory=dict)
    seconds: float = 0.0
    _started: float | None = None

    @property
    def frames(self) -> int:
        """Control steps simulated, summed over worlds."""
        return sum(counts.frames for counts in self.phases.values())

    def start(self) -> None:
        self._started = time.perf_counter()

    def stop(self) -> None:
        if self._started is not None:
            self.seconds, self._started = time.perf_counter() - self._started, None

    def note(self, out: Path) -> None:
        """Writes into the dataset how the run went, if it simulated anything."""
        self.stop()
        if self.frames == 0:
            return
        run = {
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "num_envs": self.options.num_envs,
            "device": self.options.device,
            "processor": processor(),
            "cores": os.cpu_count(),
        }
        add_run(out, run)


def _run_phases(worlds: _Worlds, writer: DatasetWriter, run: _Run, progress: Progress) -> None:
    options = run.options
    wanted = {"random": options.random, "teacher": options.teacher}
    schedules = {name: _schedule(name, wanted[name], writer, options) for name in wanted}
    run.phases = {name: PhaseCounts.before(name, schedules[name], writer) for name in wanted}
    missing = [name for name, schedule in schedules.items() if len(schedule.kept) < schedule.wanted]
    if not missing:
        return
    env = worlds.env
    require_memory(env)
    kinds = {"random": options.random_policy, "teacher": "teacher"}
    policies = {name: make_policy(kinds[name], env, options.noise) for name in missing}
    writer.describe(feature_notes(env))
    run.start()
    for name in missing:
        phase = Phase(
            name, env, policies[name], writer, schedules[name], options.seed,
            only_successes=name == "teacher", keep_failures=options.keep_failures,
            noisy=name == "teacher" and options.noise > 0, progress=progress,
        )  # fmt: skip
        run.phases[name] = phase.counts
        phase.run()


def _check(task: AnyTask, options: GenerateOptions) -> None:
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


def _identity(task: AnyTask, options: GenerateOptions) -> dict[str, Any]:
    """What decides the content of episodes, beside the task; a resumed run must not change it."""
    identity = {
        "seed": options.seed,
        "engine": engine_of(task, options.engine),
        "random_policy": options.random_policy,
        "noise": options.noise,
        "keep_failures": options.keep_failures,
        "device": options.device.partition(":")[0],
    }
    meshes = _mesh_hashes(task) if isinstance(task, TaskSpec) else {}
    return identity | {"mesh_files": meshes} if meshes else identity


def _mesh_hashes(task: TaskSpec) -> dict[str, str]:
    """Returns a hash of the candidate models of each object that is read from mesh files."""
    from_files = [
        name for name, spec in task.scene.objects.items() if any(shape.kind == "mesh" for shape in spec.shapes)
    ]
    if not from_files:
        return {}
    slots = {slot.name: slot for slot in layout_of(task).bodies}
    keys = {name: " ".join(model.key for model in slots[name].candidates) for name in from_files}
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in keys.items()}


def _schedule(name: str, wanted: int, writer: DatasetWriter, options: GenerateOptions) -> Schedule:
    finished = {index for phase, index in writer.finished if phase == name}
    rejected = {index for phase, index in writer.discarded if phase == name}
    if name == "teacher" and options.keep_failures:
        failed = {index for index in finished if (name, index) not in writer.found_successful}
        finished, rejected = finished - failed, rejected | failed
    budget = options.max_attempts or 10 * wanted + 20
    return Schedule(wanted, finished, rejected, budget)
