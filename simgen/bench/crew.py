"""The workers of one measurement: fresh processes, so that their peak memory is this configuration's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from simgen.bench.job import Built, Job, Kind, Peak, Steps, Turn
from simgen.errors import SimgenError
from simgen.world.workers import WorkerPool

PROCESS_BYTES = 300_000_000  # of a process that has loaded everything


class Crew:
    """Processes that each hold worlds of the same task, on their share of the cores.

    Args:
        job: What they measure.

    Raises:
        SimgenError: If one dies; it says how.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._pool = WorkerPool(
            "simgen.bench.worker:make_worker", job, job.workers,
            process_bytes=PROCESS_BYTES, world_bytes=0, processes=job.workers,
        )  # fmt: skip
        self._run("begin", {rank: rank for rank in range(job.workers)})

    def make(self, kind: Kind) -> Built:
        """Makes an environment in each worker; returns what the slowest took."""
        built: list[Built] = self._ask("make", kind)
        seconds = max(each.build_seconds for each in built), max(each.first_frame_seconds for each in built)
        return Built(*seconds)

    def drop(self, kind: Kind) -> None:
        """Closes an environment in each worker."""
        self._ask("drop", kind)

    def warm_up(self, kind: Kind, steps: int) -> None:
        """Prepares an environment in each worker for turns of so many steps."""
        self._ask("warm_up", Steps(kind, steps))

    def step(self, kind: Kind, steps: int) -> list[Turn]:
        """Does whole steps in all workers, which start at the same moment."""
        return self._ask("step", Steps(kind, steps))

    def step_alone(self, kind: Kind, steps: int) -> list[Turn]:
        """Does whole steps in one worker, on its share of the cores, while the others rest."""
        return self._ask("step", Steps(kind, steps), only=0)

    def render(self, kind: Kind, steps: int) -> list[Turn]:
        """Draws in all workers, which start at the same moment."""
        return self._ask("render", Steps(kind, steps))

    def parts(self, kind: Kind, steps: int) -> dict[str, float]:
        """Returns what the parts of whole steps took, as means over the workers [s]."""
        found: list[dict[str, float]] = self._ask("parts", Steps(kind, steps))
        return {name: sum(seconds.get(name, 0.0) for seconds in found) / len(found) for name in found[0]}

    def record(self) -> float:
        """Records episodes in each world; returns the sum of the workers' frames per second."""
        with tempfile.TemporaryDirectory(prefix="simgen-bench-") as folder:
            return sum(self._ask("record", Path(folder)))

    def memory(self) -> Peak:
        """Returns the peak memory of all workers, added up."""
        peaks: list[Peak] = self._ask("memory")
        return Peak(sum(peak.host_bytes for peak in peaks), sum(peak.device_bytes for peak in peaks))

    def rate(self, kind: Kind, steps: int) -> float:
        """Returns env-steps per second of all workers together."""
        return rate_of(self.step(kind, steps))

    def _ask(self, command: str, payload: Any = None, only: int | None = None) -> list[Any]:
        ranks = range(self.job.workers) if only is None else (only,)
        return self._run(command, dict.fromkeys(ranks, payload))

    def _run(self, command: str, payloads: dict[int, Any]) -> list[Any]:
        answers = self._pool.run(command, list(payloads), payloads)
        for death in self._pool.deaths.values():
            raise SimgenError(f"{self.job.task.name}, {self.job.options.num_envs} worlds: {death}")
        return [answers[rank] for rank in payloads]

    def close(self) -> None:
        """Ends the processes."""
        self._pool.close()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def rate_of(turns: list[Turn]) -> float:
    """Returns env-steps per second of processes side by side: all that they did, over the time that all took."""
    first, last = min(turn.started for turn in turns), max(turn.ended for turn in turns)
    return sum(turn.env_steps for turn in turns) / (last - first)
