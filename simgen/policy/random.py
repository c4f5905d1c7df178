"""Random policies: action sequences drawn whole from the episode's seed; an episode does not depend on its batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from scipy.interpolate import CubicSpline

from simgen.env.base import BaseEnv
from simgen.policy.base import Step
from simgen.world.scene.seed import stream

Noise = Callable[[np.random.Generator, int, int], np.ndarray]
GRIPPER_HOLD = 15  # mean number of steps that the gripper stays open or closed
ABSOLUTE_RANGE = 0.4  # of the joints around rest, in the modes whose actions are absolute [rad]
SPLINE_KNOT_STEPS = 8
BROWNIAN, BROWNIAN_STEP = "brownian", 0.17  # standard deviation of a step, as a share of half the range
DRIVE = ((-0.3, -0.75), (1.0, 0.75))  # what bases that drive do then: slowest, fastest [m/s, rad/s], as MobilityGen's
ABSOLUTE_MODES = ("pd_joint_pos", "pd_ee_pose")


def uniform(rng: np.random.Generator, steps: int, channels: int) -> np.ndarray:
    """White noise. Shape: (steps, channels) in -1..1."""
    return rng.uniform(-1.0, 1.0, (steps, channels))


def pink(rng: np.random.Generator, steps: int, channels: int) -> np.ndarray:
    """1/f noise with unit deviation, clipped. Shape: (steps, channels) in -1..1.

    Reference: Eberhard et al., "Pink Noise Is All You Need", ICLR 2023.
    """
    frequencies = np.fft.rfftfreq(max(steps, 2))
    size = np.zeros_like(frequencies)
    size[1:] = frequencies[1:] ** -0.5
    phases = rng.normal(size=(len(size), channels)) + 1j * rng.normal(size=(len(size), channels))
    noise = np.fft.irfft(size[:, None] * phases, n=max(steps, 2), axis=0)[:steps]
    return np.clip(noise / max(noise.std(), 1e-9) * 0.6, -1.0, 1.0)


def spline(rng: np.random.Generator, steps: int, channels: int) -> np.ndarray:
    """Cubic splines through random knots. Shape: (steps, channels) in -1..1."""
    count = max(4, int(np.ceil(steps / SPLINE_KNOT_STEPS)) + 1)
    knots = np.arange(count) * SPLINE_KNOT_STEPS
    curve = CubicSpline(knots, rng.uniform(-1.0, 1.0, (count, channels)))
    return np.clip(curve(np.arange(steps)), -1.0, 1.0)


def brownian(rng: np.random.Generator, steps: int, channels: int) -> np.ndarray:
    """A random walk that stays at the ends of its range until it turns. Shape: (steps, channels) in -1..1.

    Reference: NVlabs MobilityGen, `RandomAccelerationScenario`, whose velocities take random steps of 5 m/s^2 (rad/s^2)
    standard deviation 200 times a second; this is about the same at 10 actions a second.
    """
    walk, now = np.empty((steps, channels)), rng.uniform(-1.0, 1.0, channels)
    for step, kick in enumerate(BROWNIAN_STEP * rng.normal(size=(steps, channels))):
        now = np.clip(now + kick, -1.0, 1.0)
        walk[step] = now
    return walk


NOISES: dict[str, Noise] = {"uniform": uniform, "pink": pink, "spline": spline, BROWNIAN: brownian}


def gripper_sequence(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Open and closed in turn, each for a random while. Shape: (steps,), -1 or 1."""
    switches = rng.random(steps) < 1.0 / GRIPPER_HOLD
    return np.where(np.cumsum(switches) % 2 == rng.integers(2), 1.0, -1.0)


class RandomPolicy:
    """Random actions over the whole range of the mode; in absolute modes, random joint targets around rest.

    Args:
        env: The worlds.
        noise: A name of `NOISES`.
    """

    def __init__(self, env: BaseEnv, noise: str = "pink") -> None:
        self._env, self._noise = env, NOISES[noise]
        mode, card = env.action_mode, env.card
        self._absolute = card is not None and mode.name in ABSOLUTE_MODES
        self._steps = env.max_steps
        self._channels = mode.dim - int(mode.has_gripper)
        if card is not None and self._absolute:
            self._channels = card.num_arm_joints
            self._rest = torch.tensor(card.rest_qpos, device=env.device)
        self._low, self._high = _range_of(env, noise)
        self._arm = torch.zeros(env.num_envs, self._steps, self._channels)
        self._gripper = torch.zeros(env.num_envs, self._steps)
        self._time = torch.zeros(env.num_envs, dtype=torch.int64)

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Draws the action sequences of the episodes that start."""
        for env, seed in zip(env_ids, seeds, strict=True):
            rng = stream(seed, "random policy")
            self._arm[env] = torch.as_tensor(self._noise(rng, self._steps, self._channels)).float()
            self._gripper[env] = torch.as_tensor(gripper_sequence(rng, self._steps)).float()
            self._time[env] = 0

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the next action of each sequence; `obs` is not looked at."""
        env, worlds = self._env, torch.arange(self._env.num_envs)
        now = self._time.clamp(max=self._steps - 1)
        arm = self._arm[worlds, now].to(env.device, non_blocking=True)
        gripper = self._gripper[worlds, now].to(env.device, non_blocking=True)
        action = self._around_rest(arm, gripper) if self._absolute else self._over_range(arm, gripper)
        self._time += 1
        return Step(action, action, torch.zeros(env.num_envs, dtype=torch.bool))

    def _around_rest(self, arm: torch.Tensor, gripper: torch.Tensor) -> torch.Tensor:
        env = self._env
        target = self._rest.expand(env.num_envs, -1).clone()
        assert env.card is not None
        target[:, env.card.arm] += ABSOLUTE_RANGE * arm
        return env.action_mode.action_to_reach(env.worlds.state.qpos, target, 0.5 * (gripper + 1.0))

    def _over_range(self, arm: torch.Tensor, gripper: torch.Tensor) -> torch.Tensor:
        action = torch.cat([arm, gripper[:, None]], 1) if self._env.action_mode.has_gripper else arm
        low, high = self._low, self._high
        return (low + 0.5 * (action + 1.0) * (high - low)).clamp(low, high)


def _range_of(env: BaseEnv, noise: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the least and the largest action; where the mode has no bounds, -1 and 1. Shape of each: (A,)."""
    mode, base = env.action_mode, None if env.card is None else env.card.planar_base
    bounded = torch.isfinite(mode.low) & torch.isfinite(mode.high)
    low = torch.where(bounded, mode.low, -torch.ones_like(mode.low))
    high = torch.where(bounded, mode.high, torch.ones_like(mode.high))
    if noise == BROWNIAN and base is not None and mode.name == "base_velocity":
        drive = low.new_tensor(DRIVE) / low.new_tensor([base.speed, base.turn])
        low[:2], high[:2] = torch.maximum(low[:2], drive[0]), torch.minimum(high[:2], drive[1])
    return low, high
