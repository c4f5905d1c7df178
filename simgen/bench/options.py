"""How a task is to be measured, and which wishes cannot be met."""

from __future__ import annotations

from dataclasses import dataclass

from simgen.errors import BadInput
from simgen.machine import available_bytes, usable_cores
from simgen.spec import TaskSpec
from simgen.world.kernels import require_device

MOST_STEPS = 100  # of a repetition, unless told otherwise
WORKER_BYTES = 1_200_000_000  # that a process of the default number may need


@dataclass(frozen=True)
class BenchOptions:
    """How to measure.

    Args:
        num_envs: Worlds of each worker.
        steps: Control steps per repetition; None: one episode, at most 100, so that each has its share of resets.
        repetitions: How often; medians are reported.
        device: "cpu" or "cuda:0".
        reward: Whether reward and success are computed.
        seed: Of scenes and actions.
        engine: "newton" or "maniskill"; None: the task's own, else newton.
        against: "maniskill": measure its environment of the same name in the same call, in turns.
        images: Whether whole steps have the cameras' images; False: state only.
        write: Whether recording is measured, too.
        workers: Processes, each with its own worlds on its share of the cores; None: see `worker_count`.
    """

    num_envs: int = 64
    steps: int | None = None
    repetitions: int = 5
    device: str = "cpu"
    reward: bool = True
    seed: int = 0
    engine: str | None = None
    against: str | None = None
    images: bool = True
    write: bool = False
    workers: int | None = None

    def steps_of(self, task: TaskSpec) -> int:
        """Returns the control steps of a repetition."""
        return self.steps if self.steps is not None else min(MOST_STEPS, task.episode.max_steps)


def check_options(options: BenchOptions) -> None:
    """Refuses what cannot be measured.

    Raises:
        BadInput: Says what is wrong and what is allowed.
    """
    if options.num_envs < 1:
        raise BadInput(f"--num-envs must be at least 1, not {options.num_envs}.")
    if (options.steps is not None and options.steps < 1) or options.repetitions < 1:
        raise BadInput("--steps and --repetitions must be at least 1.")
    require_device(options.device)
    cores = usable_cores()
    if options.workers is not None and not 1 <= options.workers <= cores:
        raise BadInput(f"--workers {options.workers}: allowed are 1 to {cores}, the cores that can be used.")
    if options.write and not options.images:
        raise BadInput("--write measures how images are recorded; name some with --outputs, e.g. rgb+depth.")


def worker_count(options: BenchOptions, engine: str) -> int:
    """Returns how many processes to use: those asked for, else what is fastest.

    A process does physics on one core. On the CPU one process per core is fastest, as far as there is memory; a GPU
    wants one, and so does the maniskill engine, whose worlds have processes of their own.
    """
    if options.workers is not None:
        return options.workers
    if options.device != "cpu" or engine != "newton":
        return 1
    available = available_bytes()
    fitting = usable_cores() if available is None else available // WORKER_BYTES
    return max(1, min(usable_cores(), fitting))
