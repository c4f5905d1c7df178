"""What is recorded of all worlds at one moment: what they observe, and the state from which they could go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from simgen.env.base import BaseEnv
from simgen.env.numpy_view import to_numpy
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import CameraSlot

_CHANNELS = {"optical_flow": ("x", "y"), "scene_flow": ("x", "y", "z"), "pointcloud": ("x", "y", "z", "hit")}


def state_rows(env: BaseEnv, obs: dict[str, Any]) -> dict[str, np.ndarray]:
    """Returns what `state_tensors` does, on the host."""
    return to_numpy(state_tensors(env, obs))


def state_tensors(env: BaseEnv, obs: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Returns the rows of "obs/..." and "env_states/..." by their path in ManiSkill's trajectory group.

    Args:
        env: The worlds.
        obs: What they observe now.

    Returns:
        One row per world: positions [m], quaternions wxyz, velocities [m/s, rad/s], joints [rad or m].
    """
    rows = {f"obs/{path}": value for path, value in _flat(obs).items()}
    return rows | {f"env_states/{path}": value for path, value in env.env_states().items()}


def image_notes(cameras: Sequence[CameraSlot]) -> dict[str, dict[str, Any]]:
    """Returns what the channels of derived images are, by the path of the array."""
    return {
        f"obs/sensor_data/{camera.name}/{output}": {"names": list(_CHANNELS[output])}
        for camera in cameras
        for output in camera.derived
    }


def map_arrays(scene: Scene) -> dict[str, np.ndarray]:
    """Returns the map that belongs to an episode, by the path of its arrays; nothing where the scene has no place.

    Returns:
        map/occupancy: 1 where something stands, row 0 at the lowest y, column 0 at the lowest x. Shape: (H, W), uint8.
        map/origin: Corner of cell (0, 0) with the lowest x and y [m]. Shape: (2,).
        map/resolution: Side of a cell [m]. Shape: (1,).
    """
    if scene.place is None:
        return {}
    grid = scene.place.occupancy
    return {
        "map/occupancy": grid.occupied.astype(np.uint8),
        "map/origin": grid.origin.astype(np.float32),
        "map/resolution": np.array([grid.resolution], np.float32),
    }


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, torch.Tensor]:
    flat: dict[str, torch.Tensor] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
