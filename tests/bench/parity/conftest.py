"""Comparisons of Newton with itself: the same settings, and other ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest
from gymnasium.vector import AutoresetMode

from simgen.bench.parity import Parity, ParityOptions, Side, compare
from simgen.env.task_env import TaskEnv
from simgen.spec import load_task

SMALL = ("episode.max_steps=60", "cameras.base.size=[64, 64]", "randomize={}")
NEVER = "{near: {body: cube, at: goal, within: 0.000001}}"


@contextlib.contextmanager
def side_of(name: str, overrides: Sequence[str] = (), task: object = "pick_cube") -> Iterator[Side]:
    env = TaskEnv(load_task(task, overrides), 2, autoreset_mode=AutoresetMode.DISABLED)  # pyright: ignore
    try:
        yield Side.of(name, env)
    finally:
        env.close()


@pytest.fixture(scope="session")
def equal() -> Parity:
    """Two sides that are the same."""
    with side_of("newton", SMALL) as first, side_of("newton_2", SMALL) as second:
        return compare(first, second, ParityOptions(episodes=4, num_envs=2), command="simgen parity pick_cube")


@pytest.fixture(scope="session")
def unequal() -> Parity:
    """The second side has coarse meshes, a longer time step, and calls nothing a success."""
    other = ("render.triangles_per_link=20", "episode.sim_hz=60", f"success={NEVER}")
    with side_of("newton", SMALL) as first, side_of("other", (*SMALL, *other)) as second:
        return compare(first, second, ParityOptions(episodes=4, num_envs=2))
