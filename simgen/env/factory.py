"""Environments from tasks: simgen's own on an engine, ManiSkill's by id, or several tasks in one batch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from gymnasium.vector import AutoresetMode

from simgen.env.base import BaseEnv
from simgen.env.mixed import MixedEnv, make_mixed
from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput
from simgen.spec import AnyTask, Mixture, RegisteredSpec, TaskSpec, load_task_or_mixture
from simgen.world.engine.make import ENGINES
from simgen.world.scene.variants import expanded, single

MANISKILL = "maniskill"


def make(
    task: str | os.PathLike[str] | Mapping[str, Any] | AnyTask | Mixture,
    num_envs: int = 1,
    device: str = "cpu",
    seed: int = 0,
    overrides: Iterable[str] = (),
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    engine: str | None = None,
) -> BaseEnv | MixedEnv:
    """Makes the environments of a task: a BaseEnv, or a MixedEnv of several tasks.

    Args:
        task: Name of a task or mixture that simgen ships, id of a ManiSkill environment ("PickCube-v1"), path of a YAML
            file, a mapping, or a task that was read before. A mixture, and a task that stands for several (robots,
            numbers of objects), gives one batch that holds them all.
        num_envs: How many worlds, of all tasks together.
        device: "cpu" or "cuda:0".
        seed: Of the sequence of episodes.
        overrides: Changes such as "episode.max_steps=50".
        images: Whether observations have the cameras' images.
        autoreset_mode: When worlds that are done start anew; gymnasium's observation wrappers want NEXT_STEP.
        engine: "newton" or "maniskill"; None: the task's own, else newton.

    Raises:
        BadInput: All that is wrong with the task; an engine that does not exist, or cannot run it.
    """
    if isinstance(overrides, str):
        raise BadInput(f"overrides must be a list of changes, not one text: [{overrides!r}].")
    changes = tuple(overrides)
    if not isinstance(task, TaskSpec | RegisteredSpec | Mixture):
        if not isinstance(task, str | os.PathLike | Mapping):
            raise BadInput(f"a task is a name, a path, a mapping or a task that was read, not {task!r}.")
        task = load_task_or_mixture(task, changes)
    elif changes:
        task = load_task_or_mixture(task.resolved(), changes)
    return make_batch(task, num_envs, device, seed, images, autoreset_mode, engine)


def make_batch(
    task: AnyTask | Mixture,
    num_envs: int,
    device: str = "cpu",
    seed: int = 0,
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    engine: str | None = None,
) -> BaseEnv | MixedEnv:
    """Makes the environments of a task or mixture that was read; see `make`."""

    def make_part(part: AnyTask, count: int) -> BaseEnv:
        return make_env(part, count, device, seed, images, autoreset_mode, engine)

    task = expanded(task)
    return make_mixed(task, make_part, num_envs) if isinstance(task, Mixture) else make_part(task, num_envs)


def make_env(
    task: AnyTask,
    num_envs: int,
    device: str = "cpu",
    seed: int = 0,
    images: bool = True,
    autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    engine: str | None = None,
) -> BaseEnv:
    """Makes the environments of one task that was read; see `make`."""
    task = single(task)
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
