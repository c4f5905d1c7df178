"""Environments from tasks: simgen's own on an engine, or ManiSkill's by id."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from gymnasium.vector import AutoresetMode

from simgen.env.base import BaseEnv
from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec, load_any_task
from simgen.world.engine.make import ENGINES

MANISKILL = "maniskill"


def make(
    task: str | os.PathLike[str] | Mapping[str, Any] | AnyTask,
    num_envs: int = 1,
    device: str = "cpu",
    seed: int = 0,
    overrides: Iterable[str] = (),
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    engine: str | None = None,
) -> BaseEnv:
    """Makes the environments of a task.

    Args:
        task: Name of a task that simgen ships, id of a ManiSkill environment ("PickCube-v1"), path of a YAML file, a
            mapping, or a task that was read before.
        num_envs: How many worlds.
        device: "cpu" or "cuda:0".
        seed: Of the sequence of episodes.
        overrides: Changes such as "episode.max_steps=50".
        images: Whether observations have the cameras' images.
        autoreset_mode: When worlds that are done start anew; gymnasium's observation wrappers want NEXT_STEP.
        engine: "newton" or "maniskill"; None: the task's own, else newton.

    Raises:
        BadInput: All that is wrong with the task; an engine that does not exist, or cannot run it.
    """
    changes = tuple(overrides)
    if not isinstance(task, TaskSpec | RegisteredSpec):
        task = load_any_task(task, changes)
    elif changes:
        task = load_any_task(task.resolved(), changes)
    return make_env(task, num_envs, device, seed, images, autoreset_mode, engine)


def make_env(
    task: AnyTask,
    num_envs: int,
    device: str = "cpu",
    seed: int = 0,
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    engine: str | None = None,
) -> BaseEnv:
    """Makes the environments of a task that was read; see `make`."""
    if isinstance(task, RegisteredSpec):
        if engine not in (None, MANISKILL):
            raise BadInput(f"{task.env_id} is ManiSkill's own environment; it cannot run in {engine}.")
        from simgen.env.registered.env import RegisteredEnv  # most tasks do without

        return RegisteredEnv(task, num_envs, device, seed, images, autoreset_mode)
    return TaskEnv(task, num_envs, device, seed, images, autoreset_mode=autoreset_mode, engine=engine)


def engine_of(task: AnyTask, wanted: str | None = None) -> str:
    """Returns the name of the engine that will run a task: the wanted one, else the task's own, else the default."""
    if isinstance(task, RegisteredSpec):
        return MANISKILL
    return wanted or task.engine or ENGINES[0]
