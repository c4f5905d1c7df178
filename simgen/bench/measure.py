"""Measures a task: steps without images, rendering alone and whole steps, medians over repetitions, memory as peak.

As ManiSkill's script: N environments x steps / wall time with random actions, resets included, frames counted once per
world whatever the number of cameras, the device synchronised before the clock is read.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import warp as wp

from simgen.bench.memory import peak_device_bytes, peak_host_bytes
from simgen.env.base import BaseEnv
from simgen.env.factory import engine_of, make_env
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
        engine: "newton" or "maniskill"; None: the task's own, else newton.
        against: "maniskill": measure its environment of the same name in the same call, in turns.
    """

    num_envs: int = 64
    steps: int = 50
    repetitions: int = 5
    device: str = "cpu"
    reward: bool = True
    seed: int = 0
    engine: str | None = None
    against: str | None = None


@one_torch_thread()
def bench(
    task: TaskSpec, options: BenchOptions, progress: Callable[[str, int], None] = lambda part, done: None
) -> dict[str, Any]:
    """Measures a task.

    Returns:
        The keys of DESIGN's command table: physics_fps, render_fps, total_fps, build_seconds, first_frame_seconds,
        peak_host_bytes, peak_device_bytes, num_envs, engine; and the spread, the configuration and the machine; with
        `against` also peer, ratio, ratio_equal_meshes and ratios.

    Raises:
        BadInput: Options out of range.
    """
    if options.steps < 1 or options.repetitions < 1:
        raise BadInput("--steps and --repetitions must be at least 1.")
    if not options.reward:
        task = task.model_copy(update={"reward": ()})
    env_id = _peer_id(task, options)
    started = time.perf_counter()
    env = _make(task, options, images=bool(task.cameras))
    build_seconds = time.perf_counter() - started
    env.observe()
    synchronize(options.device)
    first_frame_seconds = time.perf_counter() - started
    measured = {"total": _rates(env, options, lambda actions: env.step(actions), progress, "total")}
    # the worlds stand where random actions have left them
    measured["render"] = _rates(env, options, lambda actions: env.engine.render(), progress, "render")
    compared = {} if env_id is None else _compared(task, env_id, env, options, progress)
    env.close()
    host_bytes, device_bytes = peak_host_bytes(), peak_device_bytes(options.device)
    state_env = _make(task, options, images=False)
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
    return medians | costs | {"spread": spread} | compared | _conditions(task, options)


def _make(task: TaskSpec, options: BenchOptions, images: bool) -> BaseEnv:
    return make_env(task, options.num_envs, options.device, options.seed, images, engine=options.engine)


def _peer_id(task: TaskSpec, options: BenchOptions) -> str | None:
    if options.against is None:
        return None
    from simgen.bench.peer.compare import peer_id
    from simgen.env.registered.catalogue import catalogue

    return peer_id(task, [entry.id for entry in catalogue()])


def _compared(
    task: TaskSpec, env_id: str, env: BaseEnv, options: BenchOptions, progress: Callable[[str, int], None]
) -> dict[str, Any]:
    """Ours and the peer in turns; the peer rests while we work and the reverse."""
    from simgen.bench.peer.compare import compare

    once = replace(options, repetitions=1)
    return compare(
        task, env_id, lambda: _rates(env, once, env.step, lambda part, done: None, "turn")[0], options.repetitions,
        progress,
    )  # fmt: skip


def _conditions(task: TaskSpec, options: BenchOptions) -> dict[str, Any]:
    """What was measured, and on what."""
    return {
        "num_envs": options.num_envs,
        "engine": engine_of(task, options.engine),
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
    env: BaseEnv,
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
        synchronize(options.device)
        started = time.perf_counter()
        for _ in range(steps):
            share = torch.rand(shape, generator=generator, device=options.device)
            step(low + share * (high - low))
        synchronize(options.device)
        if repetition:
            rates.append(options.num_envs * steps / (time.perf_counter() - started))
        progress(part, repetition)
    return rates


def synchronize(device: str) -> None:
    """Waits until the device has done its work, so that a clock can be read."""
    if device != "cpu":
        wp.synchronize_device(device)
        torch.cuda.synchronize(device)
