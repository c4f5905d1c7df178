"""Spaces of observations, derived from an observation: images in their ranges, all else unbounded floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces


def space_like(obs: dict[str, Any]) -> spaces.Dict:
    """Returns the space of one world's observation, from a batch of observations."""
    return spaces.Dict({name: _space(value) for name, value in obs.items()})


def _space(value: Any) -> spaces.Space[Any]:
    if isinstance(value, dict):
        return space_like(value)
    assert isinstance(value, torch.Tensor)
    shape = tuple(value.shape[1:])
    dtype = value.cpu().numpy().dtype
    if dtype == np.bool_:
        return spaces.MultiBinary(shape)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return spaces.Box(max(0, limits.min), limits.max, shape, dtype.type)
    return spaces.Box(-np.inf, np.inf, shape, np.float32)
