"""Clocks: whole steps with random actions, and what each part of a step takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import warp as wp

from simgen.bench.job import Turn
from simgen.env.base import BaseEnv

WARM_UP_STEPS = 5  # of worlds whose episodes end within a turn


def synchronize(device: str) -> None:
    """Waits until the device has done its work, so that a clock can be read."""
    if device != "cpu":
        wp.synchronize_device(device)
        torch.cuda.synchronize(device)


class RandomActions:
    """Uniform actions of an environment.

    Args:
        env: The environment.
        seed: Of the sequence.
    """

    def __init__(self, env: BaseEnv, seed: int) -> None:
        self._generator = torch.Generator(device=env.device).manual_seed(seed)
        self._low, self._span = env.action_mode.low, env.action_mode.high - env.action_mode.low
        self._shape, self._device = (env.num_envs, env.action_mode.dim), env.device

    def draw(self) -> torch.Tensor:
        """Returns the actions of a step. Shape: (E, A)."""
        return self._low + torch.rand(self._shape, generator=self._generator, device=self._device) * self._span


def warm_up(env: BaseEnv, actions: RandomActions, steps: int) -> None:
    """Steps until everything is loaded.

    All worlds begin together, and would end together: where turns are shorter than episodes, some turns would have all
    the resets and others none. So episodes of some worlds are ended early here, until each turn has its share.
    """
    groups = env.max_steps // steps
    if groups < 2:
        step_turn(env, actions, min(WARM_UP_STEPS, steps))
        return
    group_of = torch.arange(env.num_envs, device=env.device) % groups
    for group in range(groups):
        step_turn(env, actions, steps)
        env.reset(options={"reset_mask": group_of == group})


def step_turn(env: BaseEnv, actions: RandomActions, steps: int) -> Turn:
    """Does whole steps, resets included."""
    device = str(env.device)
    resets = torch.zeros((), dtype=torch.int64, device=env.device)
    synchronize(device)
    started = time.perf_counter()
    for _ in range(steps):
        _, _, terminated, truncated, _ = env.step(actions.draw())
        resets += (terminated | truncated).sum()
    synchronize(device)
    return Turn(started, time.perf_counter(), steps * env.num_envs, int(resets))


def render_turn(env: BaseEnv, steps: int) -> Turn:
    """Draws the worlds as they stand, all of them anew each time."""
    device = str(env.device)
    synchronize(device)
    started = time.perf_counter()
    for _ in range(steps):
        env.engine.render()
    synchronize(device)
    return Turn(started, time.perf_counter(), steps * env.num_envs)


class Stopwatch:
    """Adds up what functions take, each without what it calls of the others.

    Args:
        device: Is waited for before each look at the clock.

    Attributes:
        seconds: By name.
    """

    def __init__(self, device: str) -> None:
        self._device, self._inside = device, [0.0]
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a function that does the same, and whose time is added up under a name."""

        def measured(*arguments: Any, **named: Any) -> Any:
            synchronize(self._device)
            started = time.perf_counter()
            self._inside.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                synchronize(self._device)
                taken = time.perf_counter() - started
                self.seconds[name] = self.seconds.get(name, 0.0) + taken - self._inside.pop()
                self._inside[-1] += taken

        return measured

    @contextmanager
    def watching(self, parts: dict[str, tuple[object, str]]) -> Iterator[None]:
        """Times methods of objects inside the block; several may count under the first word of their names.

        Args:
            parts: Object and method by name, such as "reset draw": the part is "reset".
        """
        for name, (owner, method) in parts.items():
            setattr(owner, method, self.timed(name.partition(" ")[0], getattr(owner, method)))
        try:
            yield
        finally:
            for owner, method in parts.values():
                delattr(owner, method)  # the class's own shows again


def part_seconds(env: BaseEnv, actions: RandomActions, steps: int) -> dict[str, float]:
    """Does whole steps and returns what their parts took [s]; the clock is read more often than in `step_turn`."""
    watch = Stopwatch(str(env.device))
    parts: dict[str, tuple[object, str]] = {
        "physics": (env.engine, "step"),
        "rendering": (env.engine, "render"),
        "observation": (env, "observe"),
        "control": (env, "advance"),
        "reset": (env, "start_scenes"),
        "reset draw": (env.sampler, "sample"),
    }
    with watch.watching(parts):
        watch.timed("other", lambda: step_turn(env, actions, steps))()
    return watch.seconds
