"""Condition terms: each returns (E,) bool."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from simgen.env.terms import joint, locomotion, navigation, shape
from simgen.env.terms.place import NO_OFFSET, Place, distance, head_of, in_frame_of, tilt
from simgen.env.worlds import Worlds
from simgen.world import host


def near(
    worlds: Worlds, body: str, at: Place, within: float, axes: str = "xyz", offset: Sequence[float] = NO_OFFSET
) -> torch.Tensor:
    """The origin is at most `within` from a place plus `offset`."""
    return distance(worlds, body, at, axes, offset) <= within


def on(worlds: Worlds, body: str, on: str, tolerance: float = 0.01, level: int = 0) -> torch.Tensor:
    """It stands on a surface: the heights agree, its origin is over the outline, and the two touch."""
    surface = worlds.board_of(on, int(level)) if level else worlds.top_of(on)
    gap = (worlds.bottom_of(body) - surface).abs()
    touching = worlds.touches(body, "table" if on in ("table", "ground") else on)
    if on in ("table", "ground"):
        return (gap <= tolerance) & touching
    local = in_frame_of(worlds, on, worlds.position(body))
    half = 0.5 * worlds.extent(on)
    return (gap <= tolerance) & touching & (local[:, :2].abs() <= half[:, :2]).all(-1)


def inside_of(worlds: Worlds, body: str, **parameters: str) -> torch.Tensor:
    """It is in the other's hollow: its origin over outline and inner floor, its lowest point well below the rim."""
    other = parameters["in"]
    local = in_frame_of(worlds, other, worlds.position(body))
    half = 0.5 * worlds.extent(other)
    floor = worlds.position(other)[:, 2] + worlds.interior_of(other)
    low_enough = worlds.bottom_of(body) <= floor + 0.5 * (worlds.top_of(other) - floor).clamp(min=0.01)
    return (local[:, :2].abs() <= half[:, :2]).all(-1) & low_enough & (worlds.position(body)[:, 2] >= floor)


def grasped(worlds: Worlds, body: str) -> torch.Tensor:
    """The fingers hold it."""
    return worlds.is_grasped(body)


def released(worlds: Worlds, body: str) -> torch.Tensor:
    """No finger touches it."""
    touched = torch.zeros(worlds.num_envs, dtype=torch.bool, device=worlds.device)
    for finger in worlds.robot.finger_links:
        touched |= worlds.touches(body, finger)
    return ~touched


def robot_static(worlds: Worlds, below: float = 0.2) -> torch.Tensor:
    """No arm joint is faster than `below`."""
    return worlds.state.qvel[:, worlds.robot.arm].abs().amax(-1) <= below


def body_static(worlds: Worlds, body: str, below: float = 0.05, turning: float = 0.5) -> torch.Tensor:
    """It is slower than `below` and turns more slowly than `turning`."""
    slow = worlds.linear_velocity(body).norm(dim=-1) <= below
    return slow & (worlds.angular_velocity(body).norm(dim=-1) <= turning)


def lifted(worlds: Worlds, body: str, height: float) -> torch.Tensor:
    """Its origin is at least `height` above where it started."""
    return worlds.position(body)[:, 2] - worlds.start_position(body)[:, 2] >= height


def unmoved(worlds: Worlds, body: str, within: float = 0.03) -> torch.Tensor:
    """Its origin is at most `within` from where it started."""
    return (worlds.position(body) - worlds.start_position(body)).norm(dim=-1) <= within


def upright(worlds: Worlds, body: str, axis: str | Sequence[float] = "z", within_deg: float = 10.0) -> torch.Tensor:
    """The axis points up to within an angle."""
    return tilt(worlds, body, axis) <= math.radians(within_deg)


def inserted(worlds: Worlds, body: str, into: str, within: float = 0.015) -> torch.Tensor:
    """The head of a peg (its +x end) came from -x to at most `within` before the middle of a hole along x.

    Source: ManiSkill `PegInsertionSide-v1`, `has_peg_inserted` (Apache-2.0); the head must be inside the hole by half
    the peg's width, which is a little less than the hole's.
    """
    head = in_frame_of(worlds, into, head_of(worlds, body))
    aside = head[:, 1:].abs() <= 0.5 * worlds.extent(body)[:, 1:]
    return (head[:, 0] >= -within) & aside.all(-1)


def inside(worlds: Worlds, body: str, region: Sequence[Sequence[float]]) -> torch.Tensor:
    """Its origin is in a box in the world."""
    low, high = (host.constant(corner, like=worlds.state.qpos) for corner in region)
    where = worlds.position(body)
    return ((where >= low) & (where <= high)).all(-1)


CONDITIONS: dict[str, Callable[..., torch.Tensor]] = {
    "near": near,
    "on": on,
    "in": inside_of,
    "grasped": grasped,
    "released": released,
    "robot_static": robot_static,
    "body_static": body_static,
    "lifted": lifted,
    "unmoved": unmoved,
    "upright": upright,
    "inserted": inserted,
    "inside": inside,
    **joint.CONDITIONS,
    **locomotion.CONDITIONS,
    **navigation.CONDITIONS,
    **shape.CONDITIONS,
}
