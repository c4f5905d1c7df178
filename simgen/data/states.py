"""What is recorded of all worlds at one moment: what they observe, and the state from which they could go on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from simgen.env.numpy_view import to_numpy
from simgen.env.task_env import TaskEnv
from simgen.world.engine.base import WorldState


def state_rows(env: TaskEnv, obs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns the rows of "obs/..." and "env_states/..." by their path in ManiSkill's trajectory group.

    Args:
        env: The worlds.
        obs: What they observe now.

    Returns:
        Arrays with one row per world: positions [m], quaternions wxyz, velocities [m/s, rad/s], joints [rad or m].
    """
    rows = {f"obs/{path}": value for path, value in _flat(to_numpy(obs)).items()}
    return rows | {f"env_states/{path}": value for path, value in to_numpy(_env_states(env)).items()}


def _env_states(env: TaskEnv) -> dict[str, torch.Tensor]:
    state: WorldState = env.worlds.state
    rows = {}
    for index, slot in enumerate(env.layout.bodies):
        parts = (
            state.body_position,
            state.body_quaternion,
            state.body_linear_velocity,
            state.body_angular_velocity,
        )
        rows[f"actors/{slot.name}"] = torch.cat([part[:, index] for part in parts], -1)
    root = torch.cat([state.link_position[:, 0], state.link_quaternion[:, 0]], -1)
    still = torch.zeros(len(root), 6, device=root.device)
    rows[f"articulations/{env.card.name}"] = torch.cat([root, still, state.qpos, state.qvel], -1)
    return rows


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
    flat: dict[str, np.ndarray] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
