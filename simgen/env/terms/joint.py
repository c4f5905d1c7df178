"""Terms of the moving parts of articulated objects: how far they are open and how fast they move."""

from __future__ import annotations

from collections.abc import Callable

import torch

from simgen.env.worlds import Worlds


def opening(worlds: Worlds, part: str) -> torch.Tensor:
    """How far a part is open. Shape: (E, 1)."""
    return worlds.joints.opening(part, worlds.state)[:, None]


def joint_position(worlds: Worlds, part: str) -> torch.Tensor:
    """Joint position of a part. Shape: (E, 1)."""
    return worlds.joints.position(part, worlds.state)[:, None]


def joint_velocity(worlds: Worlds, part: str) -> torch.Tensor:
    """Joint velocity of a part. Shape: (E, 1)."""
    return worlds.joints.velocity(part, worlds.state)[:, None]


def opened_share(worlds: Worlds, part: str) -> torch.Tensor:
    """How far a part is open, 0 to 1. Shape: (E,)."""
    return opening(worlds, part)[:, 0].clamp(0.0, 1.0)


def closed_share(worlds: Worlds, part: str) -> torch.Tensor:
    """How far a part is closed, 0 to 1. Shape: (E,)."""
    return 1.0 - opened_share(worlds, part)


def opened(worlds: Worlds, part: str, above: float = 0.9) -> torch.Tensor:
    """A part is open by at least this share of its range. Shape: (E,), bool."""
    return opening(worlds, part)[:, 0] >= above


def closed(worlds: Worlds, part: str, below: float = 0.05) -> torch.Tensor:
    """A part is open by at most this share of its range. Shape: (E,), bool."""
    return opening(worlds, part)[:, 0] <= below


def part_static(worlds: Worlds, part: str, below: float = 0.05) -> torch.Tensor:
    """The joint of a part is slower than this. Shape: (E,), bool."""
    return worlds.joints.velocity(part, worlds.state).abs() <= below


OBSERVATIONS: dict[str, Callable[..., torch.Tensor]] = {
    "opening": opening,
    "joint_position": joint_position,
    "joint_velocity": joint_velocity,
}
REWARDS: dict[str, Callable[..., torch.Tensor]] = {"open": opened_share, "close": closed_share}
CONDITIONS: dict[str, Callable[..., torch.Tensor]] = {"opened": opened, "closed": closed, "part_static": part_static}
