"""Observation terms: each returns (E, k) float32; units in `simgen list terms`."""

from __future__ import annotations

from collections.abc import Callable

import torch

from simgen.env.terms import joint, locomotion, navigation
from simgen.env.terms.place import Place, place_of
from simgen.env.worlds import Worlds


def qpos(worlds: Worlds) -> torch.Tensor:
    """Joint positions."""
    return worlds.state.qpos


def qvel(worlds: Worlds) -> torch.Tensor:
    """Joint velocities."""
    return worlds.state.qvel


def tcp_pose(worlds: Worlds) -> torch.Tensor:
    """Pose of the tool centre point."""
    return torch.cat([worlds.tcp_position, worlds.tcp_quaternion], -1)


def goal_position(worlds: Worlds) -> torch.Tensor:
    """Position of what is called goal."""
    return worlds.position("goal")


def pose(worlds: Worlds, body: str) -> torch.Tensor:
    """Pose of a body."""
    return torch.cat([worlds.position(body), worlds.quaternion(body)], -1)


def position(worlds: Worlds, body: str) -> torch.Tensor:
    """Position of a body."""
    return worlds.position(body)


def velocity(worlds: Worlds, body: str) -> torch.Tensor:
    """Linear and angular velocity of a body."""
    return torch.cat([worlds.linear_velocity(body), worlds.angular_velocity(body)], -1)


def is_grasped(worlds: Worlds, body: str | None = None) -> torch.Tensor:
    """1 while the fingers hold the body."""
    return worlds.is_grasped(body or worlds.first_movable()).float()[:, None]


def relative_position(worlds: Worlds, body: Place, to: Place) -> torch.Tensor:
    """From one place to another."""
    return place_of(worlds, to) - place_of(worlds, body)


OBSERVATIONS: dict[str, Callable[..., torch.Tensor]] = (
    {
        function.__name__: function
        for function in (qpos, qvel, tcp_pose, goal_position, pose, position, velocity, is_grasped, relative_position)
    }
    | joint.OBSERVATIONS
    | locomotion.OBSERVATIONS
    | navigation.OBSERVATIONS
)
