"""Terms about driving through a place to a goal: observations (E, ...), rewards (E,) and conditions (E,) bool."""

from __future__ import annotations

from collections.abc import Callable

import torch

from simgen.env.worlds import Worlds
from simgen.errors import BadInput
from simgen.world import host

ROUTE_POINTS, ROUTE_SPACING = 20, 0.5  # the way to the goal, up to 10 m ahead [m]
PATH_POINTS, PATH_SPACING = 5, 0.4  # where the robot is to go next [m]


def route(worlds: Worlds, to: str = "goal") -> torch.Tensor:
    """The way to the goal as a polyline in the robot's frame."""
    return worlds.way_to(to).route(ROUTE_SPACING, ROUTE_POINTS)


def path(worlds: Worlds, to: str = "goal") -> torch.Tensor:
    """The next points on it."""
    return worlds.way_to(to).route(PATH_SPACING, PATH_POINTS)


def ego_speed(worlds: Worlds) -> torch.Tensor:
    """Forward speed and yaw rate."""
    linear, angular = worlds.base_velocity
    return torch.stack([linear[:, 0], angular[:, 2]], -1)


def command(worlds: Worlds) -> torch.Tensor:
    """Forward speed and yaw rate that were commanded last."""
    base = worlds.robot.planar_base
    if base is None:
        raise BadInput(f"observe: 'command' needs a robot that drives, not {worlds.robot.name}.")
    share = worlds.memory.action[:, :2].clamp(-1.0, 1.0)
    return share * host.constant([base.speed, base.turn], like=share)


def way_left(worlds: Worlds, to: str = "goal") -> torch.Tensor:
    """What is left of the way to the goal."""
    return worlds.way_to(to).cost[:, None]


def progress(worlds: Worlds, to: str = "goal") -> torch.Tensor:
    """By how much the last step has shortened the way to the goal."""
    return worlds.way_to(to).progress


def collision(worlds: Worlds, within: float = 0.03, to: str = "goal") -> torch.Tensor:
    """The robot's outline is as near to an obstacle of the map, or to a person."""
    return worlds.way_to(to).gap() <= within


def collision_penalty(worlds: Worlds, within: float = 0.03, to: str = "goal") -> torch.Tensor:
    """-1 while it touches something."""
    return -collision(worlds, within, to).float()


def arrived(worlds: Worlds, at: str = "goal", within: float = 0.5, below: float = 0.1) -> torch.Tensor:
    """The base is near, and slow."""
    away = (worlds.base_pose[0] - worlds.position(at))[:, :2].norm(dim=-1)
    return (away <= within) & (ego_speed(worlds)[:, 0].abs() <= below)


OBSERVATIONS: dict[str, Callable[..., torch.Tensor]] = {
    function.__name__: function for function in (route, path, ego_speed, command, way_left)
}
REWARDS: dict[str, Callable[..., torch.Tensor]] = {
    function.__name__: function for function in (progress, collision_penalty)
}
CONDITIONS: dict[str, Callable[..., torch.Tensor]] = {"collision": collision, "arrived": arrived}
