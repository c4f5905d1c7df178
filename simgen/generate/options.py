"""What to generate, and which wishes cannot be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simgen.errors import BadInput, unknown
from simgen.generate.devices import device_of
from simgen.policy import POLICIES
from simgen.spec import AnyTask, TaskSpec
from simgen.world.kernels import require_device


@dataclass(frozen=True)
class GenerateOptions:
    """What to generate.

    Args:
        random, teacher: Episodes of each phase; of the teacher's only successes count.
        num_envs: Worlds at once, of each worker.
        seed: Of the dataset.
        engine: "newton" or "maniskill"; None: the task's own, else newton.
        device: "cpu", "cuda:0", or "cuda": the first GPU, and of several workers each the next one.
        random_policy: uniform, pink, spline, brownian or play; None: brownian for robots that drive, else pink.
        noise: Standard deviation of the teacher's DART noise, as a share of the action's half range.
        keep_failures: Write failed teacher episodes too, flagged.
        codec: blosc2, zstd, gzip or raw.
        processes: Encoder processes, of each worker.
        resume: Go on with the dataset that is there.
        max_attempts: Most attempts of the teacher phase; None for 10 per episode and 20 more.
        workers: Processes that share the work; None: this process alone, or with `ray` what the cluster has room for.
        ray: Address of a Ray cluster whose actors are the workers; "auto": the running one, else one on this machine.
    """

    random: int = 0
    teacher: int = 0
    num_envs: int = 64
    seed: int = 0
    engine: str | None = None
    device: str = "cpu"
    random_policy: str | None = None
    noise: float = 0.0
    keep_failures: bool = False
    codec: str | None = None
    processes: int = 1
    resume: bool = False
    max_attempts: int | None = None
    workers: int | None = None
    ray: str | None = None

    @property
    def in_team(self) -> bool:
        """Whether other processes do the work."""
        return self.workers is not None or self.ray is not None


def random_policy_of(task: AnyTask, options: GenerateOptions) -> str:
    """Returns the policy of a task's random phase."""
    if options.random_policy is not None:
        return options.random_policy
    return "brownian" if isinstance(task, TaskSpec) and task.robot.control == "base_velocity" else "pink"


def check_options(tasks: Sequence[AnyTask], options: GenerateOptions) -> None:
    """Refuses wishes that these tasks cannot meet.

    Raises:
        BadInput: Says what is wrong and what is allowed.
    """
    if options.random < 0 or options.teacher < 0 or options.random + options.teacher == 0:
        raise BadInput("nothing to generate: give --random N, --teacher N or both, N at least 0.")
    if options.num_envs < 1:
        raise BadInput(f"num_envs must be at least 1, not {options.num_envs}.")
    if options.workers is not None and options.workers < 1:
        raise BadInput(f"workers must be at least 1, not {options.workers}.")
    if options.processes < 1:
        raise BadInput(f"processes must be at least 1, not {options.processes}.")
    if options.ray is None:  # else other machines have it
        require_device(device_of(options.device))
    policies = [name for name in POLICIES if name != "teacher"]
    if options.random_policy is not None and options.random_policy not in policies:
        raise unknown("policy", options.random_policy, policies)
    if not 0.0 <= options.noise <= 1.0:
        raise BadInput(f"--noise dart:{options.noise:g} is out of range; allowed: 0 to 1.")
    for task in tasks:
        if options.teacher and task.teacher is None:
            raise BadInput(f"task {task.name!r} has no `teacher`; add one or leave --teacher out.")
