"""One task's part of a run: its worlds, which of its episodes are missing, and its phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simgen.data.mesh_hashes import mesh_hashes
from simgen.data.writer import DatasetWriter
from simgen.env.base import BaseEnv
from simgen.env.factory import engine_of, make_env
from simgen.generate.devices import device_of
from simgen.generate.memory import require_memory, require_memory_before
from simgen.generate.notes import feature_notes
from simgen.generate.options import GenerateOptions, random_policy_of
from simgen.generate.phase import Before, Indices, Phase, PhaseCounts, Sink, TooFewEpisodes, too_few
from simgen.generate.schedule import Schedule
from simgen.generate.share import Share
from simgen.policy import make_policy
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec

PHASES = ("random", "teacher")


class TaskPart:
    """A task and its share of the episodes.

    The environment is made when it is first needed: a dataset that is complete already needs none.

    Args:
        task: The task.
        share: Its numbers among the dataset's episodes.
        wanted: Episodes of each phase.
        options: Of the run.
        neighbours: Processes on this machine that do the same.

    Attributes:
        task: The task, complete: what it leaves open the environment has decided.
        share, wanted: As given.
        schedules, counts: Which episodes of each phase are tried, and what it has done so far; filled by `look_up`.
    """

    def __init__(
        self, task: AnyTask, share: Share, wanted: dict[str, int], options: GenerateOptions, neighbours: int = 1
    ) -> None:
        self._neighbours = neighbours
        self.task, self.share, self.wanted, self._options = task, share, wanted, options
        self._env: BaseEnv | None = None
        self.counts: dict[str, PhaseCounts] = {}
        self.schedules: dict[str, Schedule] = {}
        if isinstance(task, RegisteredSpec):
            self.task = self.env.task

    @property
    def engine(self) -> str:
        """Name of the engine that runs the task."""
        return engine_of(self.task, self._options.engine)

    @property
    def random_policy(self) -> str:
        """Name of the policy of the random phase."""
        return random_policy_of(self.task, self._options)

    @property
    def env(self) -> BaseEnv:
        """The worlds."""
        if self._env is None:
            options = self._options
            self.require_memory()
            self._env = make_env(
                self.task, self.num_envs, device_of(options.device), options.seed, engine=options.engine
            )
        return self._env

    @property
    def num_envs(self) -> int:
        """How many worlds there will be."""
        return max(1, min(self._options.num_envs, max(self.wanted.values())))

    def require_memory(self) -> None:
        """Refuses more worlds than memory allows, as far as that is known before they are made.

        Raises:
            BadInput: Says how many would fit.
        """
        if isinstance(self.task, TaskSpec):
            require_memory_before(self.task, self.num_envs, self._options, self._neighbours)

    def identity(self) -> dict[str, Any]:
        """What decides the content of the task's episodes beside the task itself and what the run was told."""
        recorded = self.env.recorded if isinstance(self.task, RegisteredSpec) else {}
        meshes = mesh_hashes(self.task) if isinstance(self.task, TaskSpec) else {}
        return {"engine": self.engine} | recorded | ({"mesh_files": meshes} if meshes else {})

    def look_up(self, writer: Before) -> None:
        """Finds out what earlier runs have done."""
        for name in PHASES:
            self.schedules[name] = schedule = self._schedule(name, writer)
            self.counts[name] = PhaseCounts.before(name, schedule, writer, self.share)

    @property
    def missing(self) -> list[str]:
        """The phases that want more episodes than are kept."""
        return [name for name, schedule in self.schedules.items() if len(schedule.kept) < schedule.wanted]

    def prepare(self) -> None:
        """Makes the worlds, and refuses more of them than memory allows."""
        require_memory(self.env, self._options, self._neighbours)

    def run(self, name: str, writer: DatasetWriter, progress: Callable[[str, PhaseCounts], None]) -> None:
        """Runs a phase.

        Raises:
            TooFewEpisodes: If the budget of attempts is used up before enough episodes are kept.
        """
        schedule = self.schedules[name]
        phase = self.phase(name, writer, schedule, self.counts[name], progress)
        while phase.step():
            pass
        if schedule.exhausted:
            raise TooFewEpisodes(too_few(self.task.name, name, schedule, self.counts[name]))

    def phase(
        self,
        name: str,
        sink: Sink,
        schedule: Indices,
        counts: PhaseCounts,
        progress: Callable[[str, PhaseCounts], None] = lambda phase, counts: None,
    ) -> Phase:
        """Makes a phase, with the worlds that it needs."""
        options, teacher = self._options, name == "teacher"
        policy = make_policy(name if teacher else self.random_policy, self.env, options.noise)
        return Phase(
            name, self.env, policy, sink, schedule, self.share, counts, options.seed,
            only_successes=teacher, keep_failures=options.keep_failures, noisy=teacher and options.noise > 0,
            progress=progress,
        )  # fmt: skip

    def notes(self) -> dict[str, dict[str, Any]]:
        """What the task's data do not say themselves, by the path of the array."""
        return feature_notes(self.env)

    def close(self) -> None:
        """Frees the worlds."""
        if self._env is not None:
            self._env.close()
            self._env = None

    def _schedule(self, name: str, writer: Before) -> Schedule:
        own = self.share.own
        finished, rejected = set(own(name, writer.finished)), set(own(name, writer.discarded))
        if name == "teacher" and self._options.keep_failures:
            failed = finished - set(own(name, writer.found_successful))
            finished, rejected = finished - failed, rejected | failed
        wanted = self.wanted[name]
        return Schedule(wanted, finished, rejected, self._options.max_attempts or 10 * wanted + 20)
