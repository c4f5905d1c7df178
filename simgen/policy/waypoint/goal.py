"""Where a move shall end: the pose of the tool centre point for a step of the teacher, from the state now."""

from __future__ import annotations

import math

import torch

from simgen.env.terms.place import place_of
from simgen.env.worlds import Worlds
from simgen.spec.teacher import MoveSpec
from simgen.world import rotation

# Objects that look the same from all sides: the gripper keeps its heading.
ROUND = frozenset({"cylinder", "sphere", "capsule", "bottle", "frustum", "bowl", "plate", "ring"})
UPRIGHT = 0.7  # cosine of the largest tilt at which a hand counts as pointing down
SQUARE_TOLERANCE = 0.002  # [m]


def goal_pose(move: MoveSpec, worlds: Worlds) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the pose of the tool centre point at the end of a move: (E, 3) [m] and wxyz (E, 4)."""
    place = place_of(worlds, move.to)
    if move.height is not None:
        place = torch.cat([place[:, :2], torch.full_like(place[:, 2:], move.height)], -1)
    heading = _frame_heading(move, worlds, place)
    if move.frame == "body":
        assert isinstance(move.to, str)
        offset = rotation.rotate(worlds.quaternion(move.to), place.new_tensor(move.offset).expand_as(place))
    else:
        turn = rotation.about_z(torch.zeros_like(place[:, 0]) if heading is None else heading)
        offset = rotation.rotate(turn, place.new_tensor(move.offset).expand_as(place))
    position = place + offset
    if move.carry is not None:
        return _carrying(move, worlds, position, heading)
    return position, _gripper_quaternion(move, worlds, heading)


def _frame_heading(move: MoveSpec, worlds: Worlds, place: torch.Tensor) -> torch.Tensor | None:
    if move.towards is not None:
        way = worlds.position(move.towards) - place
        return torch.atan2(way[:, 1], way[:, 0])
    if move.frame == "body":
        assert isinstance(move.to, str)
        return rotation.yaw_of(worlds.quaternion(move.to))
    return None


def _gripper_quaternion(move: MoveSpec, worlds: Worlds, heading: torch.Tensor | None) -> torch.Tensor:
    now = tool_heading(worlds)
    base = torch.zeros_like(now) if heading is None else heading
    tilt = rotation.from_euler_fixed_xyz(worlds.tcp_position.new_tensor(move.rpy or (0.0, 0.0, 0.0)))
    if float(rotation.rotate(tilt, tilt.new_tensor([0.0, 0.0, 1.0]))[2]) < UPRIGHT:
        yaw = base + (move.yaw or 0.0)  # half a turn would take a hand that points aside to the other side
    elif move.yaw is not None:
        yaw = nearest_turn(base + move.yaw, now, math.pi)
    elif heading is not None:
        yaw = nearest_turn(base, now, math.pi)
    elif isinstance(move.to, str) and worlds.is_body(move.to):
        yaw = _grasp_heading(move.to, worlds, now)
    else:
        yaw = now
    down = rotation.from_rotation_vector(worlds.tcp_position.new_tensor([math.pi, 0.0, 0.0]))
    return rotation.multiply(rotation.about_z(yaw), rotation.multiply(tilt, down).expand(worlds.num_envs, 4))


def tool_heading(worlds: Worlds) -> torch.Tensor:
    """Returns the heading [rad] of the tool's x axis. Shape: (E,)."""
    return rotation.yaw_of(worlds.tcp_quaternion)


def nearest_turn(yaw: torch.Tensor, now: torch.Tensor, period: float | torch.Tensor) -> torch.Tensor:
    """Returns the heading equal to `yaw` up to multiples of `period` that is nearest to `now` [rad]."""
    return yaw + torch.round((now - yaw) / period) * period


def _grasp_heading(body: str, worlds: Worlds, now: torch.Tensor) -> torch.Tensor:
    """Fingers close along the object's y; two-finger grippers may be turned by 180 degrees, square things by 90."""
    yaw = rotation.yaw_of(worlds.quaternion(body))
    extent = worlds.extent(body)
    square = (extent[:, 0] - extent[:, 1]).abs() < SQUARE_TOLERANCE
    period = torch.where(square, torch.full_like(yaw, math.pi / 2), torch.full_like(yaw, math.pi))
    turned = nearest_turn(yaw, now, period)
    is_round = torch.tensor([worlds.kind(body, env) in ROUND for env in range(worlds.num_envs)], device=yaw.device)
    return torch.where(is_round, now, turned)


def _carrying(
    move: MoveSpec, worlds: Worlds, position: torch.Tensor, heading: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pose of the tool at which the held body is at `position`, the way it lies in the hand now."""
    assert move.carry is not None
    body_position, body_quaternion = worlds.position(move.carry), worlds.quaternion(move.carry)
    wanted = body_quaternion
    if move.rpy is not None or move.yaw is not None or heading is not None:
        base = rotation.yaw_of(body_quaternion) if heading is None and move.yaw is None else heading
        base = torch.zeros_like(position[:, 0]) if base is None else base
        tilt = rotation.from_euler_fixed_xyz(position.new_tensor(move.rpy or (0.0, 0.0, 0.0))).expand(
            worlds.num_envs, 4
        )
        yaw = base + (move.yaw or 0.0)
        if move.symmetry > 1:
            held = tool_heading(worlds) - rotation.yaw_of(body_quaternion)
            yaw = nearest_turn(yaw, worlds.start_heading - held, 2.0 * math.pi / move.symmetry)
        wanted = rotation.multiply(rotation.about_z(yaw), tilt)
    inverse = rotation.invert(body_position, body_quaternion)
    grasp = rotation.compose(*inverse, worlds.tcp_position, worlds.tcp_quaternion)  # T_body_tcp
    return rotation.compose(position, wanted, *grasp)
