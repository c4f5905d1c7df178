"""Terms of robots that stand, drive or turn things: their base, the command they follow, what they did before.

Rewards follow legged_gym and IsaacLab (BSD-3): exp(-error^2 / scale^2) for tracking, squares for penalties.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from simgen.env.terms.place import axis_of
from simgen.env.worlds import Worlds
from simgen.errors import unknown
from simgen.world import host, rotation


def base_pose(worlds: Worlds) -> torch.Tensor:
    """Pose of the base."""
    return torch.cat(worlds.base_pose, -1)


def base_velocity(worlds: Worlds) -> torch.Tensor:
    """Linear and angular velocity of the base in its own axes."""
    return torch.cat(worlds.base_velocity, -1)


def projected_gravity(worlds: Worlds) -> torch.Tensor:
    """Which way is down, in the axes of the base."""
    quaternion = worlds.base_pose[1]
    down = host.constant([0.0, 0.0, -1.0], like=quaternion).expand(worlds.num_envs, 3)
    return rotation.rotate(rotation.conjugate(quaternion), down)


def velocity_command(worlds: Worlds) -> torch.Tensor:
    """The velocity that is asked for."""
    return worlds.memory.command


def last_action(worlds: Worlds) -> torch.Tensor:
    """The action of the last step."""
    return worlds.memory.action


def joint_torque(worlds: Worlds) -> torch.Tensor:
    """What the drives do."""
    return worlds.memory.torque


def track_velocity(worlds: Worlds, scale: float = 0.5) -> torch.Tensor:
    """How well forward and sideways velocity are those of the command."""
    error = worlds.base_velocity[0][:, :2] - worlds.memory.command[:, :2]
    return torch.exp(-_total(error.square()) / scale**2)


def track_turn(worlds: Worlds, scale: float = 0.5) -> torch.Tensor:
    """How well the yaw rate is that of the command."""
    return torch.exp(-(worlds.base_velocity[1][:, 2] - worlds.memory.command[:, 2]).square() / scale**2)


def base_upright(worlds: Worlds, scale: float = 2.0) -> torch.Tensor:
    """How nearly the base's z axis points up."""
    return 1.0 - torch.tanh(scale * _tilt(worlds))


def base_height(worlds: Worlds, height: float, scale: float = 10.0) -> torch.Tensor:
    """How near the base is to a height over the floor."""
    return 1.0 - torch.tanh(scale * (_height(worlds) - height).abs())


def base_over(worlds: Worlds, body: str, scale: float = 5.0) -> torch.Tensor:
    """How near the base is to being straight above a body."""
    return 1.0 - torch.tanh(scale * (worlds.base_pose[0] - worlds.position(body))[:, :2].norm(dim=-1))


def alive(worlds: Worlds) -> torch.Tensor:
    """1."""
    return torch.ones(worlds.num_envs, device=worlds.device)


def joint_near(worlds: Worlds, joint: str, at: float = 0.0, scale: float = 2.0) -> torch.Tensor:
    """How near a joint is to a position."""
    return 1.0 - torch.tanh(scale * (_joint(worlds, joint) - at).abs())


def spin(worlds: Worlds, body: str, axis: str | Sequence[float] = "z", most: float = 1.0) -> torch.Tensor:
    """How fast a body turns about an axis of the world."""
    speed = _total(worlds.angular_velocity(body) * axis_of(axis, worlds.state.qpos))
    return speed.clamp(-most, most) / most


def bounce_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the square of the base's vertical velocity."""
    return -worlds.base_velocity[0][:, 2].square()


def sway_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the squares of the base's roll and pitch rates."""
    return -_total(worlds.base_velocity[1][:, :2].square())


def rest_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the squared distance of the arm's joints from rest."""
    rest = host.constant(worlds.robot.rest_qpos, like=worlds.state.qpos)
    return -_total((worlds.state.qpos - rest)[:, worlds.robot.arm].square())


def torque_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the squared torques of the arm's drives."""
    return -_total(worlds.memory.torque[:, worlds.robot.arm].square())


def action_rate_penalty(worlds: Worlds) -> torch.Tensor:
    """Minus the squared change of the action."""
    return -_total((worlds.memory.action - worlds.memory.previous_action).square())


def lasted(worlds: Worlds, seconds: float) -> torch.Tensor:
    """The episode is so old."""
    return worlds.memory.seconds >= seconds - 1e-4


def fallen(worlds: Worlds, below: float = 0.15, tilt_deg: float = 60.0) -> torch.Tensor:
    """The base is too low over the floor or leans too far."""
    return (_height(worlds) < below) | (_tilt(worlds) > math.radians(tilt_deg))


def joint_within(worlds: Worlds, joint: str, low: float, high: float) -> torch.Tensor:
    """A joint is in a range."""
    position = _joint(worlds, joint)
    return (position >= low) & (position <= high)


def follows_command(worlds: Worlds, within: float = 0.2) -> torch.Tensor:
    """Since the start, forward and sideways velocity were those of the command on average."""
    memory = worlds.memory
    return (memory.mean_velocity - memory.command)[:, :2].norm(dim=-1) <= within


def turned(worlds: Worlds, body: str, axis: str | Sequence[float] = "z", angle_deg: float = 90.0) -> torch.Tensor:
    """A body has turned about an axis of the world since the start."""
    angle = worlds.memory.turned[:, worlds.body_names().index(body)]
    return _total(angle * axis_of(axis, worlds.state.qpos)) >= math.radians(angle_deg)


def _total(values: torch.Tensor) -> torch.Tensor:
    """Sums of rows, added one after the other: torch's own depend on how many rows there are. Shape: (E, k) -> (E,)."""
    first, *others = values.unbind(-1)
    return sum(others, first)


def _tilt(worlds: Worlds) -> torch.Tensor:
    return torch.acos((-projected_gravity(worlds)[:, 2]).clamp(-1.0, 1.0))


def _height(worlds: Worlds) -> torch.Tensor:
    return worlds.base_pose[0][:, 2] - worlds.engine.layout.ground_height


def _joint(worlds: Worlds, joint: str) -> torch.Tensor:
    names = worlds.engine.joint_names
    if joint not in names:
        raise unknown("joint", joint, names)
    return worlds.state.qpos[:, names.index(joint)]


def _named(*functions: Callable[..., torch.Tensor]) -> dict[str, Callable[..., torch.Tensor]]:
    return {function.__name__: function for function in functions}


OBSERVATIONS = _named(base_pose, base_velocity, projected_gravity, velocity_command, last_action, joint_torque)
REWARDS = _named(
    track_velocity, track_turn, base_upright, base_height, base_over, alive, joint_near, spin, bounce_penalty,
    sway_penalty, rest_penalty, torque_penalty, action_rate_penalty,
)  # fmt: skip
CONDITIONS = _named(lasted, fallen, joint_within, follows_command, turned)
