"""Chooses among commands by what they would lead to: nothing is touched, people are expected to walk straight on.

Reference: Fox, Burgard and Thrun, "The dynamic window approach to collision avoidance", 1997.
"""

from __future__ import annotations

import torch

from simgen.env.navigation import Navigation
from simgen.spec.planner import PlannerSpec
from simgen.world.scene.place import PERSON_RADIUS

HORIZON, STEPS = 2.0, 8  # how far is looked ahead [s], at so many moments
KEEP_CLEAR, SQUEEZE = 0.06, 0.02  # of what stands still, beside the discs that cover the robot; if it must move [m]
KEEP_AWAY = 0.2  # from people [m]
NOSE = 0.3  # ahead of the axis: the point whose way to the goal counts [m]
SPEEDS, TURNS = (-0.4, 0.0, 0.35, 0.7, 1.0), (-1.0, -0.6, -0.25, 0.0, 0.25, 0.6, 1.0)  # shares of the largest
SLOW = 0.1  # slower than this is standing [m/s]


class Avoidance:
    """Looks ahead in E worlds.

    Args:
        way: The maps, and the ways to the goal.
        spec: How fast the robot may drive and turn.
    """

    def __init__(self, way: Navigation, spec: PlannerSpec) -> None:
        self._way, device = way, way.pose.device
        speeds, turns = (torch.tensor(shares, device=device) for shares in (SPEEDS, TURNS))
        self._commands = torch.cartesian_prod(spec.speed * speeds, spec.turn * turns)
        self._poses = _driven(self._commands[None])[0]
        middles, self._radius = way.footprint.discs()
        self._middles = torch.as_tensor(middles, dtype=torch.float32, device=device)

    def choose(self, wanted: torch.Tensor, walking: torch.Tensor, restless: torch.Tensor) -> torch.Tensor:
        """Returns the wanted command where it is safe, else the safe one that leads nearest to the goal.

        Args:
            wanted: Forward speed [m/s] and yaw rate [rad/s]. Shape: (E, 2).
            walking: Velocities of the people [m/s]. Shape: (E, P, 2).
            restless: Worlds in which it must not stand or only turn. Shape: (E,), bool.

        Returns:
            Shape: (E, 2).
        """
        everywhere = torch.arange(len(wanted), device=wanted.device)
        unsafe = self._gap(_driven(wanted[:, None]), walking, restless, everywhere)[:, 0] < 0.0
        ids = (unsafe | restless).nonzero().flatten()
        chosen = wanted.clone()
        if len(ids):
            chosen[ids] = self._best(wanted[ids], walking[ids], restless[ids], ids)
        return chosen

    def _best(
        self, wanted: torch.Tensor, walking: torch.Tensor, restless: torch.Tensor, ids: torch.Tensor
    ) -> torch.Tensor:
        """Returns the best of all commands in some worlds. Shapes as in `choose`, one row per id."""
        poses = self._poses.expand(len(ids), -1, -1, -1)
        gap = self._gap(poses, walking, restless, ids)
        end = poses[:, :, -1]
        nose = end[..., :2] + NOSE * torch.stack([torch.cos(end[..., 2]), torch.sin(end[..., 2])], -1)
        score = torch.nan_to_num(self._way.cost_at(self._way.to_world(nose, ids), ids), posinf=1e4)
        score = score + 0.05 * (self._commands - wanted[:, None]).abs().sum(-1)
        standing = self._commands[:, 0].abs() < SLOW
        score = score.masked_fill(standing & restless[:, None], 1e5)
        score = torch.where(gap >= 0.0, score, 1e6 - 1e3 * gap)
        return self._commands[score.argmin(1)]

    def _gap(
        self, poses: torch.Tensor, walking: torch.Tensor, restless: torch.Tensor, ids: torch.Tensor
    ) -> torch.Tensor:
        """Returns the least gap on the way of each command, beyond what must be kept [m].

        Args:
            poses: In the robot's frame. Shape: (N, K, T, 3).
            walking: Velocities of the people. Shape: (N, P, 2).
            restless: Where less must be kept. Shape: (N,).
            ids: The worlds. Shape: (N,).

        Returns:
            Shape: (N, K).
        """
        count, kinds, steps = poses.shape[:3]
        heading = torch.stack([torch.cos(poses[..., 2]), torch.sin(poses[..., 2])], -1)[..., None, :]
        discs = poses[..., None, :2] + self._middles[:, None] * heading  # (N, K, T, D, 2)
        world = self._way.to_world(discs.reshape(count, -1, 2), ids)
        still = self._way.clearance_at(world, ids).reshape(count, kinds, -1).amin(-1) - self._radius
        # Where it is narrow already, what does not make it narrower is good enough.
        here = torch.stack([self._middles, torch.zeros_like(self._middles)], -1).expand(count, -1, 2)
        now = self._way.clearance_at(self._way.to_world(here, ids), ids).amin(1) - self._radius
        gap = still - torch.minimum(now, torch.where(restless, SQUEEZE, KEEP_CLEAR))[:, None]
        people = self._way.people()[ids]
        if people.shape[1] == 0:
            return gap
        times = HORIZON / STEPS * torch.arange(1, steps + 1, device=poses.device)
        where = people[:, None] + walking[:, None] * times[:, None, None]  # (N, T, P, 2)
        away = world.reshape(count, kinds, steps, -1, 1, 2) - where[:, None, :, None]
        return torch.minimum(gap, away.norm(dim=-1).flatten(2).amin(-1) - self._radius - PERSON_RADIUS - KEEP_AWAY)


def _driven(commands: torch.Tensor) -> torch.Tensor:
    """Returns x, y [m] and heading [rad] at each moment of driving with even commands. Shape: (E, K, T, 3)."""
    dt = HORIZON / STEPS
    speed, turn = commands[..., None].unbind(-2)
    number = torch.arange(1, STEPS + 1, device=commands.device)
    middle = turn * dt * (number - 0.5)
    x, y = (speed * dt * torch.cos(middle)).cumsum(-1), (speed * dt * torch.sin(middle)).cumsum(-1)
    return torch.stack([x, y, turn * dt * number], -1)
