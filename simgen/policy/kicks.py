"""Noise on the actions that a teacher executes; the recorded label stays clean (DART: Laskey et al., CoRL 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from simgen.env.base import BaseEnv
from simgen.world.scene.seed import stream


class Kicks:
    """Kicks to the arm, drawn from each episode's seed.

    Args:
        env: The worlds.
        noise: Standard deviation, as a share of the action's half range; 0 changes nothing.
    """

    def __init__(self, env: BaseEnv, noise: float) -> None:
        self._mode, self._noise = env.action_mode, noise
        self._streams: list[np.random.Generator] = [np.random.default_rng(0)] * env.num_envs

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Begins the noise of the episodes that start."""
        for env, seed in zip(env_ids, seeds, strict=True):
            self._streams[env] = stream(seed, "dart")

    def kicked(self, action: torch.Tensor) -> torch.Tensor:
        """Returns the action with noise on the arm's part, within its bounds. Shapes: (E, A)."""
        if self._noise == 0.0:
            return action
        low, high, arm = self._mode.low, self._mode.high, self._mode.dim - int(self._mode.has_gripper)
        kicks = torch.stack([torch.as_tensor(rng.normal(size=arm)) for rng in self._streams])
        noisy = action.clone()
        noisy[:, :arm] += (self._noise * 0.5 * (high - low)[:arm]) * kicks.float().to(action.device)
        return noisy.clamp(low, high)
