"""Compares two engines on a task: pictures, the same joint targets, the teacher."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gymnasium.vector import AutoresetMode

from simgen.bench.parity.closed_loop import compare_closed_loop
from simgen.bench.parity.film import film
from simgen.bench.parity.first_frame import compare_first_frames
from simgen.bench.parity.open_loop import compare_open_loop
from simgen.bench.parity.result import Parity
from simgen.bench.parity.sides import Progress, Side, draw_episodes
from simgen.env.task_env import TaskEnv
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput, unknown
from simgen.machine import machine
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec, resolved, task_hash
from simgen.world.engine.make import ENGINES


@dataclass(frozen=True)
class ParityOptions:
    """How to compare.

    Args:
        episodes: Of the open loop and of the teacher.
        num_envs: Worlds of each engine.
        engines: The two; joint targets are recorded in the first.
        device: "cpu" or "cuda:0".
        seed: Of the episodes.
    """

    episodes: int = 64
    num_envs: int = 4
    engines: tuple[str, str] = ("newton", "maniskill")
    device: str = "cpu"
    seed: int = 0


def parity(
    task: AnyTask, options: ParityOptions, progress: Progress = lambda part, done, total: None, command: str = ""
) -> Parity:
    """Compares two engines on a task.

    Args:
        task: One of simgen's own.
        options: How.
        progress: Called as the work goes on.
        command: What was typed, for the record.

    Raises:
        BadInput: A registered environment, an engine that does not exist, options out of range.
    """
    if isinstance(task, RegisteredSpec):
        raise BadInput(
            f"{task.name}: {task.env_id} is ManiSkill's own environment and runs in ManiSkill only; there is nothing "
            "to compare. `simgen parity` takes tasks that both engines can simulate (`simgen list tasks`)."
        )
    if options.episodes < 1 or options.num_envs < 1:
        raise BadInput("--episodes and --num-envs must be at least 1.")
    for engine in options.engines:
        if engine not in ENGINES:
            raise unknown("engine", engine, ENGINES)
    options = replace(options, num_envs=min(options.num_envs, options.episodes))
    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(_side(task, name, options)) for name in options.engines)
        if first.name == second.name:
            second = replace(second, name=f"{second.name}_2")
        return compare(first, second, options, progress, command)


@contextlib.contextmanager
def _side(task: TaskSpec, engine: str, options: ParityOptions) -> Iterator[Side]:
    env = TaskEnv(
        task, options.num_envs, options.device, options.seed, autoreset_mode=AutoresetMode.DISABLED, engine=engine
    )
    try:
        yield Side.of(engine, env)
    finally:
        env.close()


@one_torch_thread()
def compare(
    first: Side,
    second: Side,
    options: ParityOptions,
    progress: Progress = lambda part, done, total: None,
    command: str = "",
) -> Parity:
    """Compares two sides that are ready: they have the same objects, cameras and number of worlds.

    Their tasks may differ in what an engine is told (step, friction, gains): so one finds which setting matters.
    """
    task = first.env.task
    notes = []
    episodes = draw_episodes(first.env, options.seed, options.episodes)
    frames = compare_first_frames(first, second, episodes, progress)
    if frames is None:
        notes.append("The task has no cameras: no pictures are compared.")
    else:
        notes += [f"First frames: {note}." for note in frames.notes]
    open_loop = compare_open_loop(first, second, episodes, progress)
    closed_loop = compare_closed_loop(first, second, episodes, progress)
    if closed_loop is None:
        notes.append("The task has no teacher: all open-loop episodes are random, and there is no closed loop.")
    if open_loop.broken:
        notes.append(f"{len(open_loop.broken)} open-loop episodes could not be compared; see `broken`.")
    shot = film(first, second, open_loop, progress)
    names = (first.name, second.name)
    conditions = _conditions(task, options, command)
    return Parity(task.name, names, frames, open_loop, closed_loop, shot, conditions, tuple(notes))


def _conditions(task: TaskSpec, options: ParityOptions, command: str) -> dict:
    """What was compared, and on what."""
    described = resolved(task)
    return {
        "episodes": options.episodes,
        "num_envs": options.num_envs,
        "seed": options.seed,
        "device": options.device,
        "command": command,
        "spec_hash": task_hash(task),
        "episode": described["episode"],
        "render": described["render"],
        "machine": machine(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
    }
