"""How the tool moves a part of an articulated object: with it along its joint, on a line or on an arc."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from simgen.env.worlds import Worlds
from simgen.spec.teacher import OperateSpec
from simgen.world import rotation


@dataclass(frozen=True, eq=False)
class Arc:
    """A way around axes in the world, one per world.

    Args:
        point, axis: Of each axis: a point [m] and the direction. Shape: (E, 3).
        angle: How far to go [rad]. Shape: (E,).
        turns_tool: Whether the tool turns along; else it keeps its orientation. Shape: (E,), bool.
    """

    point: torch.Tensor
    axis: torch.Tensor
    angle: torch.Tensor
    turns_tool: torch.Tensor

    def pose_at(
        self, share: torch.Tensor, position: torch.Tensor, quaternion: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the pose at a share (E,) of the way from a pose: (E, 3) [m] and wxyz (E, 4)."""
        turn = rotation.from_rotation_vector(self.axis * (share * self.angle)[:, None])
        turned = torch.where(self.turns_tool[:, None], rotation.multiply(turn, quaternion), quaternion)
        return self.point + rotation.rotate(turn, position - self.point), turned


def way_of(operate: OperateSpec, worlds: Worlds) -> tuple[tuple[torch.Tensor, torch.Tensor], Arc | None]:
    """Returns the pose of the tool at the end of a way, (E, 3) [m] and wxyz (E, 4), and the arc it is, if it is one."""
    joints, state = worlds.joints, worlds.state
    way = joints.way_to(operate.part, operate.opening, state)
    point, axis = joints.axis(operate.part, state)
    position, quaternion = worlds.tcp_position, worlds.tcp_quaternion
    if joints.slides(operate.part):
        return (position + way[:, None] * axis, quaternion), None
    arc = Arc(point, axis, way, torch.full_like(way, operate.turn_hand, dtype=torch.bool))
    return arc.pose_at(torch.ones_like(way), position, quaternion), arc
