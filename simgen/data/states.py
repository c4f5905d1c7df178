"""What is recorded of all worlds at one moment: what they observe, and the state from which they could go on."""

from __future__ import annotations

from typing import Any

import numpy as np

from simgen.env.base import BaseEnv
from simgen.env.numpy_view import to_numpy


def state_rows(env: BaseEnv, obs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns the rows of "obs/..." and "env_states/..." by their path in ManiSkill's trajectory group.

    Args:
        env: The worlds.
        obs: What they observe now.

    Returns:
        Arrays with one row per world: positions [m], quaternions wxyz, velocities [m/s, rad/s], joints [rad or m].
    """
    rows = {f"obs/{path}": value for path, value in _flat(to_numpy(obs)).items()}
    return rows | {f"env_states/{path}": value for path, value in to_numpy(env.env_states()).items()}


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
    flat: dict[str, np.ndarray] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
