"""Measures a mixed batch against its parts: several tasks in one environment, and each task alone in as many worlds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import torch

from simgen.bench.conditions import provenance
from simgen.bench.options import MOST_STEPS, BenchOptions, check_options
from simgen.bench.timing import synchronize
from simgen.env.base import BaseEnv
from simgen.env.factory import engine_of, make_batch, make_env
from simgen.env.mixed import MixedEnv
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput
from simgen.spec import Mixture


@one_torch_thread()
def bench_mixture(
    mixture: Mixture, options: BenchOptions, progress: Callable[[str, int], None] = lambda part, done: None
) -> dict[str, Any]:
    """Measures whole steps of a mixed batch and of its tasks alone, in turns, all with the same number of worlds.

    Args:
        mixture: Tasks with weights, variants written out.
        options: How to measure; `engine` and `device` hold for all tasks.
        progress: Called with the name of what was measured and the number of the turn.

    Returns:
        "total_fps" of the mixed batch, "harmonic_mean_fps" of its parts weighted by their share of the frames, "ratio"
        (medians over the turns), "ratios", "parts" {name: {share, fps}}, and the conditions.

    Raises:
        BadInput: Options out of range or that a mixture has no use for; see also `make_mixed`.
    """
    check_options(options)
    if options.write or not options.images or (options.workers or 1) > 1:
        raise BadInput(f"{mixture.name} is a mixture of tasks: measured with images, in one process, without writing.")
    if options.against is not None:
        raise BadInput(f"--against {options.against}: {mixture.name} is a mixture of tasks; compare one of them.")
    with ExitStack() as stack:
        mixed = make_batch(mixture, options.num_envs, options.device, options.seed, engine=options.engine)
        stack.enter_context(closing(mixed))
        assert isinstance(mixed, MixedEnv)
        alone = {}
        for part in mixture.parts:
            env = make_env(part.task, options.num_envs, options.device, options.seed, engine=options.engine)
            alone[part.task.name] = stack.enter_context(closing(env))
        rates = _in_turns({"mixed": mixed, **alone}, options, progress)
    shares = {name: env.num_envs / options.num_envs for name, env in zip(mixed.task_names, mixed.envs, strict=True)}
    means = [1.0 / sum(shares[name] / rates[name][turn] for name in alone) for turn in range(options.repetitions)]
    ratios = [rate / mean for rate, mean in zip(rates["mixed"], means, strict=True)]
    return {
        "mixture": mixture.name,
        "num_envs": options.num_envs,
        "total_fps": statistics.median(rates["mixed"]),
        "harmonic_mean_fps": statistics.median(means),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "parts": {name: {"share": shares[name], "fps": statistics.median(rates[name])} for name in alone},
        "engines": sorted({engine_of(part.task, options.engine) for part in mixture.parts}),
        "options": {"steps": _steps(options), "repetitions": options.repetitions},
        "device": options.device,
    } | provenance()


def _steps(options: BenchOptions) -> int:
    """Control steps of a turn; tasks differ in the length of their episodes."""
    return options.steps or MOST_STEPS


def _in_turns(
    envs: dict[str, BaseEnv | MixedEnv], options: BenchOptions, progress: Callable[[str, int], None]
) -> dict[str, list[float]]:
    """Env-steps per second of each, measured one after the other in each turn; the first turn only warms up."""
    rates: dict[str, list[float]] = {name: [] for name in envs}
    for turn in range(options.repetitions + 1):
        for name, env in envs.items():
            rate = _rate(env, options, _steps(options) if turn else min(5, _steps(options)))
            if turn:
                rates[name].append(rate)
            progress(name, turn)
    return rates


def _rate(env: BaseEnv | MixedEnv, options: BenchOptions, steps: int) -> float:
    generator = torch.Generator(device=options.device).manual_seed(options.seed)
    space = env.action_space
    low, high = (torch.as_tensor(bound, device=options.device) for bound in (space.low, space.high))  # type: ignore[attr-defined]
    synchronize(options.device)
    started = time.perf_counter()
    for _ in range(steps):
        env.step(low + torch.rand(low.shape, generator=generator, device=options.device) * (high - low))
    synchronize(options.device)
    return options.num_envs * steps / (time.perf_counter() - started)
