"""Measures a task: steps without images, rendering alone and whole steps, medians over repetitions, memory as peak.

As ManiSkill's script: N environments x steps / wall time with random actions, resets included, frames counted once per
world whatever the number of cameras, the device synchronised before the clock is read.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import warp as wp

from simgen.bench.memory import peak_device_bytes, peak_host_bytes
from simgen.env.task_env import TaskEnv
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput
from simgen.machine import machine
from simgen.spec import TaskSpec, resolved


@dataclass(frozen=True)
class BenchOptions:
    """How to measure.

    Args:
        num_envs: Worlds.
        steps: Control steps per repetition.
        repetitions: How often; medians are reported.
        device: "cpu" or "cuda:0".
        reward: Whether reward and success are computed.
        seed: Of scenes and actions.
    """

    num_envs: int = 64
    steps: int = 50
    repetitions: int = 5
    device: str = "cpu"
    reward: bool = True
    seed: int = 0


@one_torch_thread()
def bench(
    task: TaskSpec, options: BenchOptions, progress: Callable[[str, int], None] = lambda part, done: None
) -> dict[str, Any]:
    """Measures a task.

    Returns:
        The keys of DESIGN's command table: physics_fps, render_fps, total_fps, build_seconds, first_frame_seconds,
        peak_host_bytes, peak_device_bytes, num_envs, engine; and the spread, the configuration and the machine.

    Raises:
        BadInput: Options out of range.
    """
    if options.steps < 1 or options.repetitions < 1:
        raise BadInput("--steps and --repetitions must be at least 1.")
    if not options.reward:
        task = task.model_copy(update={"reward": ()})
    started = time.perf_counter()
    env = TaskEnv(task, options.num_envs, options.device, options.seed, images=bool(task.cameras))
    build_seconds = time.perf_counter() - started
    env.observe()
    _synchronize(options.device)
    first_frame_seconds = time.perf_counter() - started
    measured = {"total": _rates(env, options, lambda actions: env.step(actions), progress, "total")}
    # the worlds stand where random actions have left them
    measured["render"] = _rates(env, options, lambda actions: env.engine.render(), progress, "render")
    env.close()
    host_bytes, device_bytes = peak_host_bytes(), peak_device_bytes(options.device)
    state_env = TaskEnv(task, options.num_envs, options.device, options.seed, images=False)
    measured["physics"] = _rates(state_env, options, lambda actions: state_env.step(actions), progress, "physics")
    state_env.close()
    medians: dict[str, Any] = {f"{part}_fps": statistics.median(rates) for part, rates in measured.items()}
    if not task.cameras:
        medians["render_fps"] = None
    costs = {
        "build_seconds": build_seconds,
        "first_frame_seconds": first_frame_seconds,
        "peak_host_bytes": host_bytes,
        "peak_device_bytes": device_bytes,
    }
    spread = {part: [min(rates), max(rates)] for part, rates in measured.items()}
    return medians | costs | {"spread": spread} | _conditions(task, options)


def _conditions(task: TaskSpec, options: BenchOptions) -> dict[str, Any]:
    """What was measured, and on what."""
    return {
        "num_envs": options.num_envs,
        "engine": "newton",
        "options": {"steps": options.steps, "repetitions": options.repetitions, "reward": options.reward},
        "device": options.device,
        "task": task.name,
        "cameras": {name: _camera(camera) for name, camera in task.cameras.items()},
        "render": resolved(task)["render"],
        "episode": resolved(task)["episode"],
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
    }


def _camera(camera: Any) -> dict[str, Any]:
    return {"size": list(camera.size), "outputs": list(camera.outputs)}


def _rates(
    env: TaskEnv,
    options: BenchOptions,
    step: Callable[[torch.Tensor], object],
    progress: Callable[[str, int], None],
    part: str,
) -> list[float]:
    """Env-steps per second of each repetition; one uncounted warm-up before."""
    generator = torch.Generator(device=options.device).manual_seed(options.seed)
    low, high = env.action_mode.low, env.action_mode.high
    shape = (options.num_envs, env.action_mode.dim)
    rates = []
    for repetition in range(options.repetitions + 1):
        steps = options.steps if repetition else min(5, options.steps)
        _synchronize(options.device)
        started = time.perf_counter()
        for _ in range(steps):
            share = torch.rand(shape, generator=generator, device=options.device)
            step(low + share * (high - low))
        _synchronize(options.device)
        if repetition:
            rates.append(options.num_envs * steps / (time.perf_counter() - started))
        progress(part, repetition)
    return rates


def _synchronize(device: str) -> None:
    if device != "cpu":
        wp.synchronize_device(device)
        torch.cuda.synchronize(device)
