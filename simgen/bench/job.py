"""What a worker of the benchmark is asked, and what it answers.

This file must stay light: the process that the workers are forked from imports it, and nothing else of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from simgen.bench.options import BenchOptions
    from simgen.spec import TaskSpec

Kind = Literal["whole", "whole_without_shadows", "state", "state_without_reward"]
"""Environments: the task as it is to be measured, without shadows, without images, and without reward either."""


@dataclass(frozen=True)
class Job:
    """What all workers know.

    Args:
        task: The task, as it is to be measured.
        options: How.
        workers: How many there are.
    """

    task: TaskSpec
    options: BenchOptions
    workers: int


@dataclass(frozen=True)
class Steps:
    """Of which environment a worker is to do how many steps, or draw how often."""

    kind: Kind
    steps: int


@dataclass(frozen=True)
class Built:
    """How long it took until worlds were there, and until their first observation was [s]."""

    build_seconds: float
    first_frame_seconds: float


@dataclass(frozen=True)
class Peak:
    """The largest memory of a process and its children, and on its device [bytes]."""

    host_bytes: int
    device_bytes: int


@dataclass(frozen=True)
class Turn:
    """What was done between two looks at the clock.

    Args:
        started, ended: The monotonic clock, which all processes of a machine share [s].
        env_steps: Control steps, summed over worlds.
        resets: Episodes that ended, and were followed by others.
    """

    started: float
    ended: float
    env_steps: int
    resets: int = 0
