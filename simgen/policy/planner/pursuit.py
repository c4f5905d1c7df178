"""Pure pursuit: the forward speed and yaw rate that lead to a point ahead on the way."""

from __future__ import annotations

import math

import torch

from simgen.spec.planner import PlannerSpec

TURN_IN_PLACE = math.pi / 4  # a point farther to the side is turned to first [rad]
BEHIND = 0.75 * math.pi  # beyond this the side may change from step to step [rad]
GAIN = 2.0  # yaw rate per angle while it turns in place [1/s]
SLOWEST = 0.15  # near the goal [m/s]


def turning_side(ahead: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Returns to which side it turns in place, 1 left or -1 right; to a point behind as `before`. Shape: (E,)."""
    angle = torch.atan2(ahead[:, 1], ahead[:, 0])
    return torch.where(angle.abs() > BEHIND, before, torch.where(angle < 0.0, -1.0, 1.0))


def pursue(ahead: torch.Tensor, to_goal: torch.Tensor, side: torch.Tensor, spec: PlannerSpec) -> torch.Tensor:
    """Returns forward speed [m/s] and yaw rate [rad/s].

    Args:
        ahead: Point on the way, x forward and y left of the robot [m]. Shape: (E, 2).
        to_goal: Straight distance from the goal [m]. Shape: (E,).
        side: To which side it turns in place, 1 left or -1 right. Shape: (E,).
        spec: How fast it may drive and turn, and where it stops.

    Returns:
        Shape: (E, 2).
    """
    angle = torch.atan2(ahead[:, 1], ahead[:, 0])
    speed = (spec.speed * torch.cos(angle)).clamp(max=spec.speed)
    speed = torch.minimum(speed, (to_goal - spec.stop + SLOWEST).clamp(min=SLOWEST))
    turn = 2.0 * speed * ahead[:, 1] / ahead.square().sum(-1).clamp(min=0.01)
    in_place = angle.abs() > TURN_IN_PLACE
    speed = torch.where(in_place, 0.0, speed)
    turn = torch.where(in_place, GAIN * side * angle.abs(), turn).clamp(-spec.turn, spec.turn)
    here = to_goal <= spec.stop
    return torch.stack([speed.masked_fill(here, 0.0), turn.masked_fill(here, 0.0)], -1)
