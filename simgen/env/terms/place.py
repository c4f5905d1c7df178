"""What terms take as a place, as axes and as an axis."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.env.worlds import Worlds
from simgen.world import rotation

Place = str | Sequence[float]
_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def place_of(worlds: Worlds, place: Place) -> torch.Tensor:
    """Returns the position [m] of a body, of "tcp", or of a point that is given. Shape: (E, 3)."""
    if isinstance(place, str):
        return worlds.position(place)
    return worlds.tcp_position.new_tensor(place).expand(worlds.num_envs, 3)


def distance(worlds: Worlds, body: str, at: Place, axes: str = "xyz") -> torch.Tensor:
    """Returns how far a body is from a place [m], counting only some of the axes. Shape: (E,)."""
    kept = ["xyz".index(axis) for axis in axes]
    return (worlds.position(body) - place_of(worlds, at))[:, kept].norm(dim=-1)


def tilt(worlds: Worlds, body: str, axis: str | Sequence[float]) -> torch.Tensor:
    """Returns the angle [rad] between an axis of a body and up. Shape: (E,)."""
    if isinstance(axis, str):
        sign = -1.0 if axis.startswith("-") else 1.0
        axis = [sign * value for value in _AXES[axis[-1]]]
    local = torch.nn.functional.normalize(worlds.tcp_position.new_tensor(list(axis)), dim=-1)
    up = rotation.rotate(worlds.quaternion(body), local)[:, 2]
    return torch.acos(up.clamp(-1.0, 1.0))
