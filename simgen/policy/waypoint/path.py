"""Straight ways and arcs of the tool centre point, one per world, as actions: minimum-jerk timing and batched IK."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.env.base import BaseEnv
from simgen.errors import BadInput
from simgen.policy.waypoint.operate import Arc
from simgen.world import rotation


class Path:
    """Where the tool of each world is on its way, and the action that follows it.

    Args:
        env: The worlds.

    Attributes:
        opening: Of the grippers, 0 closed .. 1 open. Shape: (E,).
    """

    def __init__(self, env: BaseEnv) -> None:
        count, device = env.num_envs, env.device
        card, kinematics = env.card, env.kinematics
        if card is None or kinematics is None:
            raise BadInput(f"{env.task.name}: way-points need the card of the robot, and {env.layout.robot} has none.")
        self._env, self._kinematics = env, kinematics
        # position targets are reached late by about damping / stiffness
        drive = card.drives[card.arm.start]
        self._lead = drive.damping / max(drive.stiffness, 1e-6) / env.control_seconds
        self._tick = torch.zeros(count, dtype=torch.int64)
        self._ticks = torch.zeros(count, dtype=torch.int64)
        self._anew = torch.ones(count, dtype=torch.bool)  # the next way begins where the tool is
        self._from = torch.zeros(count, 7, device=device)
        self._to = torch.zeros(count, 7, device=device)
        self._target = torch.zeros(count, card.dof, device=device)
        self._point = torch.zeros(count, 3, device=device)
        self._axis = torch.zeros(count, 3, device=device)
        self._angle = torch.zeros(count, device=device)
        self._turns_tool = torch.zeros(count, dtype=torch.bool, device=device)
        self.opening = torch.ones(count, device=device)

    def reset(self, env_ids: Sequence[int]) -> None:
        """Forgets the ways of worlds whose episode starts; their grippers are open."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64)
        self._tick[ids] = self._ticks[ids] = 0
        self._anew[ids] = True
        self.opening[ids] = 1.0
        self._target[ids] = self._env.worlds.state.qpos[ids]

    def over(self) -> torch.Tensor:
        """Says which worlds have come to the end of their way. Shape: (E,), bool, on the CPU."""
        return self._tick >= self._ticks

    def break_off(self, worlds: torch.Tensor) -> None:
        """Lets the next way of some worlds (E,) bool begin where the tool is, and not where the last one was to end."""
        self._anew |= worlds

    def begin(self, ids: Sequence[int], pose: torch.Tensor | None, ticks: torch.Tensor, arc: Arc | None = None) -> None:
        """Starts new ways.

        Args:
            ids: Worlds.
            pose: Where they end: position [m] and quaternion wxyz; None to stay. Shape: (len(ids), 7).
            ticks: How many control steps they take. Shape: (len(ids),), int64.
            arc: Around what they lead, for all worlds; None for straight ways.
        """
        rows = torch.as_tensor(list(ids), dtype=torch.int64)
        now = torch.cat([self._env.worlds.tcp_position, self._env.worlds.tcp_quaternion], -1)[rows]
        anew = self._anew[rows].to(now.device)[:, None]
        # what stays holds the pose that was the goal, not the one that the arm has sagged to
        self._from[rows] = torch.where(anew, now, self._to[rows])
        self._to[rows] = self._from[rows] if pose is None else pose
        self._tick[rows], self._ticks[rows] = 0, ticks
        self._anew[rows] = False
        self._angle[rows] = 0.0
        if arc is not None:
            self._point[rows], self._axis[rows] = arc.point[rows], arc.axis[rows]
            self._angle[rows], self._turns_tool[rows] = arc.angle[rows], arc.turns_tool[rows]

    def action(self) -> torch.Tensor:
        """Returns the action that follows the ways and moves on by one control step. Shape: (E, A)."""
        position, quaternion = self._pose()
        state = self._env.worlds.state
        base = state.link_position[:, 0], state.link_quaternion[:, 0]
        local = rotation.compose(*rotation.invert(*base), position, quaternion)
        self._target = self._kinematics.inverse(*local, self._target, attempts=1).qpos
        self._tick += 1
        return self._env.action_mode.action_to_reach(state.qpos, self._target, self.opening)

    def _pose(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The pose to be at, a little ahead of time, with smooth start and end. (E, 3), (E, 4)."""
        share = ((self._tick + 1 + self._lead) / self._ticks.clamp(min=1)).clamp(max=1.0).to(self._from.device)
        share = share**3 * (10 - 15 * share + 6 * share**2)  # minimum jerk
        around = self._angle != 0.0
        if around.any():
            arc = Arc(self._point, self._axis, self._angle, self._turns_tool)
            bent, straight = arc.pose_at(share, self._from[:, :3], self._from[:, 3:]), self._straight(share)
            pairs = zip(bent, straight, strict=True)
            return tuple(torch.where(around[:, None], b, s) for b, s in pairs)  # pyright: ignore[reportReturnType]
        return self._straight(share)

    def _straight(self, share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        share = share[:, None]
        position = self._from[:, :3] + share * (self._to[:, :3] - self._from[:, :3])
        start, end = self._from[:, 3:], self._to[:, 3:]
        turn = rotation.to_rotation_vector(rotation.multiply(end, rotation.conjugate(start)))
        return position, rotation.multiply(rotation.from_rotation_vector(share * turn), start)
