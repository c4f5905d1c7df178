"""What an episode has seen so far that its state alone does not tell: actions, drives, time, how far things turned."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.world.engine.base import WorldState
from simgen.world.robot.card import RobotCard
from simgen.world.robot.control.mode import JointTargets
from simgen.world.scene.scene import Scene


class Memory:
    """The history of E episodes.

    Args:
        num_envs: E.
        num_actions: A.
        num_bodies: B.
        card: The robot.
        control_seconds: Length of a control step [s].
        device: Where all of it is.

    Attributes:
        action, previous_action: Of the last step and the one before. Shape: (E, A).
        command: Velocity that the robot is asked for: forward, left [m/s], yaw rate [rad/s]. Shape: (E, 3).
        seconds: Since the episode began. Shape: (E,).
        torque: Of the drives at the end of the last step, by the card's gains [N m or N]. Shape: (E, D).
        mean_velocity: Of the base since the episode began, as in `command`. Shape: (E, 3).
        turned: Angular velocity of the bodies added up since the episode began [rad]. Shape: (E, B, 3).
    """

    def __init__(
        self,
        num_envs: int,
        num_actions: int,
        num_bodies: int,
        card: RobotCard,
        control_seconds: float,
        device: torch.device,
    ) -> None:
        self._dt, drives = control_seconds, card.drives
        self.action = torch.zeros(num_envs, num_actions, device=device)
        self.previous_action = torch.zeros_like(self.action)
        self.command = torch.zeros(num_envs, 3, device=device)
        self.seconds = torch.zeros(num_envs, device=device)
        self.torque = torch.zeros(num_envs, card.dof, device=device)
        self._travelled = torch.zeros(num_envs, 3, device=device)
        self.turned = torch.zeros(num_envs, num_bodies, 3, device=device)
        self._stiffness, self._damping, self._most = (
            torch.tensor(values, device=device)
            for values in zip(*((d.stiffness, d.damping, d.force_limit) for d in drives), strict=True)
        )

    @property
    def mean_velocity(self) -> torch.Tensor:
        """Mean velocity of the base so far: forward, left [m/s], yaw rate [rad/s]. Shape: (E, 3)."""
        return self._travelled / self.seconds.clamp(min=self._dt)[:, None]

    def begin(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Forgets what was in these worlds, where episodes have begun."""
        self.command[env_ids] = torch.tensor([list(scene.robot.command) for scene in scenes]).to(self.command)
        for history in (self.action, self.previous_action, self.seconds, self.torque, self._travelled, self.turned):
            history[env_ids] = 0.0

    def step(
        self, action: torch.Tensor, told: JointTargets, state: WorldState, base: tuple[torch.Tensor, torch.Tensor]
    ) -> None:
        """Takes note of a control step.

        Args:
            action: What was done. Shape: (E, A).
            told: What the drives were told.
            state: What it led to.
            base: Linear [m/s] and angular velocity [rad/s] of the base in its own axes. Shapes: (E, 3), (E, 3).
        """
        self.previous_action, self.action = self.action, action.clone()
        self.seconds += self._dt
        lag = -state.qvel if told.velocity is None else told.velocity - state.qvel
        torque = self._stiffness * (told.position - state.qpos) + self._damping * lag
        if told.effort is not None:
            torque += told.effort
        self.torque = torque.clamp(-self._most, self._most)
        linear, angular = base
        self._travelled += self._dt * torch.cat([linear[:, :2], angular[:, 2:]], -1)
        self.turned += self._dt * state.body_angular_velocity
