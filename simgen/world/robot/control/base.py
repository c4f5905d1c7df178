"""Base actions: forward velocity and yaw rate, as ManiSkill's PDBaseForwardVelController (Apache-2.0)."""

from __future__ import annotations

import torch

from simgen.world.robot.card import PlanarBase


class BaseVelocity:
    """base_velocity: forward velocity and yaw rate as shares of the card's `speed` and `turn`, both in [-1, 1].

    Args:
        base: The base.
        dof: Joints of the robot; its first three are the base's, its last the wheels'.
        device: Where actions are.
    """

    def __init__(self, base: PlanarBase, dof: int, device: torch.device) -> None:
        self._scale = torch.tensor([base.speed, base.turn], device=device)
        self.high = torch.ones(2, device=device)
        self.low = -self.high
        self._dof, self._first_wheel = dof, dof - len(base.wheels)
        self._radius = torch.tensor([wheel.radius for wheel in base.wheels], device=device)
        self._left = torch.tensor([wheel.left for wheel in base.wheels], device=device)

    def velocities(self, action: torch.Tensor, qpos: torch.Tensor) -> torch.Tensor:
        """Returns velocity targets of all joints [m/s, rad/s], 0 but for base and wheels.

        Shapes: (N, 2), (N, dof) -> (N, dof).
        """
        forward, turn = (action.clamp(-1.0, 1.0) * self._scale).unbind(1)
        heading, velocity = qpos[:, 2], torch.zeros_like(qpos)
        velocity[:, 0], velocity[:, 1] = forward * torch.cos(heading), forward * torch.sin(heading)
        velocity[:, 2] = turn
        velocity[:, self._first_wheel :] = (forward[:, None] - turn[:, None] * self._left) / self._radius
        return velocity

    def encode(self, qpos: torch.Tensor) -> torch.Tensor:
        """Returns the action that stays: which one leads to a place is for a planner to say. Shape: (N, 2)."""
        return qpos.new_zeros(len(qpos), 2)
