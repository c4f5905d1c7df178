"""What runs in a process of the benchmark: the environments of a task, which are stepped and timed as asked.

The process that the workers are forked from imports this file, so it must stay light and start no thread: what
simulates is imported by each worker, after it knows its cores.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simgen.bench.job import Built, Job, Kind, Peak, Steps, Turn

if TYPE_CHECKING:
    import numpy as np

    from simgen.bench.timing import RandomActions
    from simgen.env.base import BaseEnv
    from simgen.spec import TaskSpec

EPISODES = 8  # that are recorded in each world in a turn: the first pays for memory that the others find

Answer = Built | Peak | Turn | dict[str, float] | float | None


class BenchWorker:
    """The environments of one worker; see `simgen.world.workers.World`.

    Args:
        job: What all workers know.
    """

    def __init__(self, job: Job) -> None:
        self._job, self._rank = job, 0
        self._envs: dict[Kind, tuple[BaseEnv, RandomActions]] = {}

    def describe(self) -> None:
        """Has nothing to say."""

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        """Shares nothing: images stay where they are made."""

    def call(self, command: str, payload: Any = None) -> Answer:
        """Does what it is asked: "begin" with its number comes first."""
        match command:
            case "begin":
                return self._begin(payload)
            case "make":
                return self._make(payload)
            case "drop":
                return self._envs.pop(payload)[0].close()
            case "record":
                return self._record(payload)
            case "memory":
                return self._memory()
        return self._run(command, payload)

    def _run(self, command: str, request: Steps) -> Answer:
        """Does steps of an environment."""
        from simgen.bench import timing

        env, actions = self._envs[request.kind]
        match command:
            case "step":
                return timing.step_turn(env, actions, request.steps)
            case "render":
                return timing.render_turn(env, request.steps)
            case "parts":
                return timing.part_seconds(env, actions, request.steps)
            case "warm_up":
                return timing.warm_up(env, actions, request.steps)
        raise ValueError(command)

    def _begin(self, rank: int) -> None:
        """Takes its share of the cores and loads what simulates."""
        self._rank = rank
        os.sched_setaffinity(0, share_of_cores(sorted(os.sched_getaffinity(0)), rank, self._job.workers))
        import torch

        import simgen.env.factory  # noqa: F401  (here, so that loading is not taken for building)

        torch.set_num_threads(1)

    def _make(self, kind: Kind) -> Built:
        from simgen.bench.timing import RandomActions, synchronize
        from simgen.env.factory import make_env

        options = self._job.options
        task, seed = task_of(self._job.task, kind), options.seed + self._rank
        started = time.perf_counter()
        env = make_env(
            task, options.num_envs, options.device, seed, kind.startswith("whole") and options.images,
            engine=options.engine,
        )  # fmt: skip
        self._envs[kind] = env, RandomActions(env, seed)
        built = time.perf_counter()
        env.observe()
        synchronize(options.device)
        return Built(built - started, time.perf_counter() - started)

    def _record(self, folder: Path) -> float:
        from simgen.generate import GenerateOptions, generate

        options = self._job.options
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            wishes = GenerateOptions(
                random=EPISODES * options.num_envs, num_envs=options.num_envs, seed=options.seed + self._rank,
                engine=options.engine, device=options.device,
            )  # fmt: skip
            summary = generate(self._job.task, Path(scratch) / "dataset", wishes)
        return summary.simulated_frames / summary.seconds

    def _memory(self) -> Peak:
        from simgen.bench.memory import peak_device_bytes, peak_host_bytes

        return Peak(peak_host_bytes(), peak_device_bytes(self._job.options.device))

    def close(self) -> None:
        """Frees the environments."""
        for env, _ in self._envs.values():
            env.close()


def task_of(task: TaskSpec, kind: Kind) -> TaskSpec:
    """Returns the task of an environment of a kind."""
    if kind == "whole_without_shadows":
        return task.model_copy(update={"render": task.render.model_copy(update={"shadows": False})})
    return task.model_copy(update={"reward": ()}) if kind == "state_without_reward" else task


def share_of_cores(cores: list[int], rank: int, workers: int) -> list[int]:
    """Returns the cores of one of so many workers: neighbours; all, if there are fewer."""
    return cores[rank * len(cores) // workers : (rank + 1) * len(cores) // workers] or cores


def make_worker(job: Job) -> BenchWorker:
    """Makes a worker in its process."""
    return BenchWorker(job)
