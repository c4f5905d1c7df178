"""A thin NumPy view of an environment, for wrappers and learners that expect arrays."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch

from simgen.env.base import BaseEnv
from simgen.env.mixed import MixedEnv


def to_numpy(value: Any) -> Any:
    """Returns nested tensors as NumPy arrays (no copy on the CPU)."""
    if isinstance(value, dict):
        return {name: to_numpy(inner) for name, inner in value.items()}
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


class NumpyView(gymnasium.vector.VectorWrapper):
    """The same environment with NumPy arrays in and out."""

    env: BaseEnv | MixedEnv

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See BaseEnv."""
        obs, info = self.env.reset(seed=seed, options=options)
        return to_numpy(obs), to_numpy(info)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """See BaseEnv."""
        return tuple(to_numpy(value) for value in self.env.step(torch.as_tensor(np.array(actions))))  # type: ignore[return-value]
