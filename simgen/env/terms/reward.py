"""Reward terms: each returns (E,) float32. Shaped as ManiSkill's dense rewards (Apache-2.0): 1 - tanh(s * error)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

import torch

from simgen.env.terms import condition, joint, locomotion, navigation, shape
from simgen.env.terms.place import NO_OFFSET, Place, distance, head_of, in_frame_of, place_of, tilt
from simgen.env.worlds import Worlds
from simgen.world import host

CONDITIONS_AS_REWARDS = (
    "grasped",
    "near",
    "robot_static",
    "lifted",
    "body_static",
    "on",
    "in",
    "released",
    "opened",
    "closed",
)
PUSH_DISTANCE = 0.03  # of the push point behind the object's side [m]


def reach(worlds: Worlds, body: str, scale: float = 5.0) -> torch.Tensor:
    """How near the tool centre point is to the object."""
    return 1.0 - torch.tanh(scale * (worlds.tcp_position - worlds.position(body)).norm(dim=-1))


def place(
    worlds: Worlds, body: str, at: Place, scale: float = 5.0, axes: str = "xyz", offset: Sequence[float] = NO_OFFSET
) -> torch.Tensor:
    """How near the object is to its place."""
    return 1.0 - torch.tanh(scale * distance(worlds, body, at, axes, offset))


def push(worlds: Worlds, body: str, at: Place, scale: float = 5.0) -> torch.Tensor:
    """How near the tool centre point is to the point behind the object, as seen from its place."""
    way = worlds.position(body) - place_of(worlds, at)
    way = torch.nn.functional.normalize(way * host.constant([1.0, 1.0, 0.0], like=way), dim=-1)
    reach_of_body = 0.5 * worlds.extent(body)[:, :2].amin(-1, keepdim=True)
    point = worlds.position(body) + way * (reach_of_body + PUSH_DISTANCE)
    return 1.0 - torch.tanh(scale * (worlds.tcp_position - point).norm(dim=-1))


def upright(worlds: Worlds, body: str, axis: str | Sequence[float] = "z", scale: float = 2.0) -> torch.Tensor:
    """How nearly an axis points up."""
    return 1.0 - torch.tanh(scale * tilt(worlds, body, axis))


def align(worlds: Worlds, body: str, into: str, scale: float = 5.0) -> torch.Tensor:
    """How near head and middle of a peg are to the axis of a hole, by the farther of the two."""
    points = (head_of(worlds, body), worlds.position(body))
    aside = torch.stack([in_frame_of(worlds, into, point)[:, 1:].norm(dim=-1) for point in points])
    return 1.0 - torch.tanh(scale * aside.amax(0))


def insert(worlds: Worlds, body: str, into: str, scale: float = 5.0) -> torch.Tensor:
    """How near the head of a peg is to the middle of a hole."""
    return 1.0 - torch.tanh(scale * in_frame_of(worlds, into, head_of(worlds, body)).norm(dim=-1))


def joint_velocity_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the squared length of the arm's joint velocity."""
    return -worlds.state.qvel[:, worlds.robot.arm].square().sum(-1)


def _as_reward(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    @wraps(function)
    def reward(worlds: Worlds, **parameters: object) -> torch.Tensor:
        return function(worlds, **parameters).float()

    return reward


# `action_penalty`, `stages_done` and `success` are not functions of the worlds; `bind_rewards` provides them.
REWARDS: dict[str, Callable[..., torch.Tensor]] = {
    "reach": reach,
    "place": place,
    "push": push,
    "upright": upright,
    "align": align,
    "insert": insert,
    "joint_velocity_penalty": joint_velocity_penalty,
    **joint.REWARDS,
    **locomotion.REWARDS,
    **navigation.REWARDS,
    **shape.REWARDS,
    **{name: _as_reward(condition.CONDITIONS[name]) for name in CONDITIONS_AS_REWARDS},
}
