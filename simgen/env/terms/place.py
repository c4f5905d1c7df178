"""What terms take as a place, as axes and as an axis."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.env.worlds import Worlds
from simgen.world import host, rotation

Place = str | Sequence[float]
_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


def place_of(worlds: Worlds, place: Place) -> torch.Tensor:
    """Returns the position [m] of a body, of "tcp", or of a point that is given. Shape: (E, 3)."""
    if isinstance(place, str):
        return worlds.position(place)
    return host.constant(place, like=worlds.state.qpos).expand(worlds.num_envs, 3)


NO_OFFSET = (0.0, 0.0, 0.0)


def distance(
    worlds: Worlds, body: str, at: Place, axes: str = "xyz", offset: Sequence[float] = NO_OFFSET
) -> torch.Tensor:
    """Returns how far a body is from a place plus `offset` [m], counting only some of the axes. Shape: (E,)."""
    kept = host.indices(["xyz".index(axis) for axis in axes], worlds.device)
    way = worlds.position(body) - place_of(worlds, at) - host.constant(offset, like=worlds.state.qpos)
    return way[:, kept].norm(dim=-1)


def in_frame_of(worlds: Worlds, body: str, point: torch.Tensor) -> torch.Tensor:
    """Returns points of the world in the frame of a body [m]. Shapes: (E, 3)."""
    return rotation.rotate(rotation.conjugate(worlds.quaternion(body)), point - worlds.position(body))


def head_of(worlds: Worlds, body: str) -> torch.Tensor:
    """Returns the middle of the +x end of a body's box [m]. Shape: (E, 3)."""
    tip = torch.zeros_like(worlds.position(body))
    tip[:, 0] = 0.5 * worlds.extent(body)[:, 0]
    return worlds.position(body) + rotation.rotate(worlds.quaternion(body), tip)


def axis_of(axis: str | Sequence[float], like: torch.Tensor) -> torch.Tensor:
    """Returns the unit vector that an axis means. Shape: (3,)."""
    if isinstance(axis, str):
        sign = -1.0 if axis.startswith("-") else 1.0
        axis = [sign * value for value in _AXES[axis[-1]]]
    return torch.nn.functional.normalize(host.constant(axis, like), dim=-1)


def tilt(worlds: Worlds, body: str, axis: str | Sequence[float]) -> torch.Tensor:
    """Returns the angle [rad] between an axis of a body and up. Shape: (E,)."""
    up = rotation.rotate(worlds.quaternion(body), axis_of(axis, worlds.state.qpos))[:, 2]
    return torch.acos(up.clamp(-1.0, 1.0))
