"""Tasks as batches of worlds: `make("pick_cube", num_envs=64)` gives a gymnasium.vector.VectorEnv on torch tensors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from gymnasium.vector import AutoresetMode

from simgen.env.numpy_view import NumpyView
from simgen.env.task_env import Outcome, TaskEnv
from simgen.spec import TaskSpec, load_task

__all__ = ["NumpyView", "Outcome", "TaskEnv", "make"]


def make(
    task: str | os.PathLike[str] | Mapping[str, Any] | TaskSpec,
    num_envs: int = 1,
    device: str = "cpu",
    seed: int = 0,
    overrides: Iterable[str] = (),
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
) -> TaskEnv:
    """Makes the environments of a task.

    Args:
        task: Name of a task that simgen ships, path of a YAML file, a mapping, or a TaskSpec.
        num_envs: How many worlds.
        device: "cpu" or "cuda:0".
        seed: Of the sequence of episodes.
        overrides: Changes such as "episode.max_steps=50".
        images: Whether observations have the cameras' images.
        autoreset_mode: When worlds that are done start anew; gymnasium's observation wrappers want NEXT_STEP.

    Raises:
        BadInput: All that is wrong with the task.
    """
    changes = tuple(overrides)
    if not isinstance(task, TaskSpec):
        task = load_task(task, changes)
    elif changes:
        task = load_task(task.resolved(), changes)
    return TaskEnv(task, num_envs, device, seed, images, autoreset_mode=autoreset_mode)
