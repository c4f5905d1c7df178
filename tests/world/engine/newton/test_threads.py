"""Engines of one process stepped at the same time from several threads, as a mixed batch does, do not disturb each
other: on the CPU Warp keeps the memory of a kernel's tiles in a static variable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from small_tasks import Bench, standing, task_of

pytestmark = pytest.mark.slow

WORLDS, STEPS = 24, 12
CUBES = {f"cube_{index}": standing({"box": [0.04, 0.04, 0.04]}, y=0.1 * index - 0.2) for index in range(5)}


def play(bench: Bench) -> torch.Tensor:
    """Drops the cubes from where they stand; returns the joints and the bodies at the end. Shape: (WORLDS, ...)."""
    bench.reset(range(WORLDS))
    state = bench.engine.state()
    state.body_position[..., 2] += torch.linspace(0.0, 0.05, WORLDS)[:, None]
    bench.engine.set_state(torch.arange(WORLDS), state)
    for _ in range(STEPS):
        bench.engine.step()
    after = bench.engine.state()
    return torch.cat([after.qpos, after.body_position.flatten(1), after.body_quaternion.flatten(1)], 1)


def test_threads_get_what_each_gets_alone() -> None:
    benches = [Bench(task_of(CUBES, robot={"use": robot}), WORLDS) for robot in ("panda", "xarm7", "so100")]
    alone = [play(bench) for bench in benches]
    with ThreadPoolExecutor(len(benches)) as threads:
        for _ in range(2):
            together = list(threads.map(play, benches))
            assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
    for bench in benches:
        bench.engine.close()
