"""The way-point teacher: a state machine per world that walks through the steps of the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.task_env import TaskEnv
from simgen.env.terms import bind_condition
from simgen.errors import BadInput
from simgen.policy.base import Step
from simgen.policy.waypoint.goal import goal_pose
from simgen.spec.teacher import StepSpec
from simgen.world import rotation
from simgen.world.scene.seed import stream

PATIENCE_SECONDS = 1.0  # after the last step, before it starts again or gives up
OPENINGS = {"open": 1.0, "close": 0.0}


class WaypointTeacher:
    """Moves the tool centre point on straight lines from way-point to way-point.

    Each step begins from where things are then: goals are computed when a step is entered. When a step's `check` fails,
    its stage starts again with fresh poses; when the program ends without success, all of it does, without the stages
    that are `done`; together up to `retries` times.

    Args:
        env: The worlds.
        noise: Standard deviation of the noise on the executed arm action, as a share of the action's half range; the
            label stays clean (DART: Laskey et al., CoRL 2017).
    """

    def __init__(self, env: TaskEnv, noise: float = 0.0) -> None:
        if env.task.teacher is None:
            raise BadInput(f"task {env.task.name!r} has no `teacher`; add one or generate with --teacher 0.")
        self._env, self._steps, self._noise = env, env.task.teacher.steps, noise
        self._retries = env.task.teacher.retries
        self._checks = [None if s.check is None else bind_condition(s.check, env.worlds) for s in self._steps]
        self._done = [None if s.done is None else bind_condition(s.done, env.worlds) for s in self._steps]
        starts = [index for index, step in enumerate(self._steps) if step.stage is not None]
        self._stage_ends = [
            min((s for s in starts if s > i), default=len(self._steps)) for i in range(len(self._steps))
        ]
        stage_starts = [max((s for s in starts if s <= i), default=0) for i in range(len(self._steps))]
        self._stage_starts = torch.tensor([*stage_starts, 0])
        dt = env.task.episode.control_seconds
        ticks = [max(1, round(step.duration / dt)) for step in self._steps]
        self._ticks = torch.tensor([*ticks, max(1, round(PATIENCE_SECONDS / dt))])
        # position targets are reached late by about damping / stiffness
        self._lead = env.card.damping / max(env.card.stiffness, 1e-6) / dt
        count, device = env.num_envs, env.device
        self._at = torch.zeros(count, dtype=torch.int64)  # index of the step; len(steps): waiting for success
        self._tick = torch.zeros(count, dtype=torch.int64)
        self._left = torch.zeros(count, dtype=torch.int64)
        self._entered = torch.zeros(count, dtype=torch.bool)
        self._restarted = torch.ones(count, dtype=torch.bool)  # the next way begins where the tool is
        self._gave_up = torch.zeros(count, dtype=torch.bool)
        self._from = torch.zeros(count, 7, device=device)
        self._to = torch.zeros(count, 7, device=device)
        self._opening = torch.ones(count, device=device)
        self._target = torch.zeros(count, env.card.dof, device=device)
        self._kicks: list[Any] = [None] * count
        base_yaw = torch.tensor(env.layout.robot_yaw)
        self._base = (
            torch.tensor(env.layout.robot_position, device=device).float().expand(count, 3),
            rotation.about_z(base_yaw).to(device).expand(count, 4),
        )

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Starts the program in these worlds."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64)
        self._at[ids] = self._tick[ids] = 0
        self._left[ids] = self._retries
        self._entered[ids] = self._gave_up[ids] = False
        self._restarted[ids] = True
        self._opening[ids] = 1.0
        self._target[ids] = self._env.worlds.state.qpos[ids]
        for env, seed in zip(env_ids, seeds, strict=True):
            self._kicks[env] = stream(seed, "dart")

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the actions that follow the way-points; `obs` is not looked at, the teacher sees the true state."""
        self._leave_finished_steps()
        self._leave_out_done_stages()
        self._enter_steps()
        position, quaternion = self._pose_now()
        local = rotation.compose(*rotation.invert(*self._base), position, quaternion)
        solution = self._env.kinematics.inverse(*local, self._target, attempts=1)
        self._target = solution.qpos
        label = self._env.action_mode.action_to_reach(self._env.worlds.state.qpos, self._target, self._opening)
        self._tick += 1
        return Step(self._kicked(label), label, self._gave_up.clone())

    def _leave_finished_steps(self) -> None:
        over = self._tick >= self._ticks[self._at]
        if not over.any():
            return
        for index, check in enumerate(self._checks):
            here = over & (self._at == index)
            if not here.any():
                continue
            failed = here & ~check().cpu() if check is not None else torch.zeros_like(here)
            self._restart(failed)
            passed = here & ~failed
            self._at[passed] = index + 1
            self._tick[passed] = 0
            self._entered[passed] = False
            over &= ~here
        self._restart(over)

    def _restart(self, worlds: torch.Tensor) -> None:
        again = worlds & (self._left > 0)
        self._gave_up |= worlds & ~again
        self._left[again] -= 1
        self._at[again] = self._stage_starts[self._at[again]]
        self._tick[again] = 0
        self._entered[again] = False
        self._restarted |= again

    def _leave_out_done_stages(self) -> None:
        for index, done in enumerate(self._done):
            if done is None:
                continue
            here = ~self._entered & (self._at == index)
            if here.any():
                self._at[here & done().cpu()] = self._stage_ends[index]

    def _enter_steps(self) -> None:
        new = ~self._entered
        if not new.any():
            return
        worlds = self._env.worlds
        now = torch.cat([worlds.tcp_position, worlds.tcp_quaternion], -1)
        for index in self._at[new].unique().tolist():
            here = new & (self._at == index)
            step = self._steps[index] if index < len(self._steps) else None
            # a grip or a wait holds the pose that was the goal, not the one that the arm has sagged to
            first = here & self._restarted
            self._from[first] = now[first]
            later = here & ~first
            self._from[later] = self._to[later]
            self._to[here] = self._goal(step, now)[here] if step is not None and step.move else self._from[here]
            opening = None if step is None else step.gripper if step.move else step.grip
            if opening is not None:
                self._opening[here] = OPENINGS[opening] if isinstance(opening, str) else float(opening)
        self._entered |= new
        self._restarted &= ~new

    def _goal(self, step: StepSpec, now: torch.Tensor) -> torch.Tensor:
        assert step.move is not None
        return torch.cat(goal_pose(step.move, self._env.worlds), -1)

    def _pose_now(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The pose to be at, a little ahead of time, on a straight line with smooth start and end. (E, 3), (E, 4)."""
        share = ((self._tick + 1 + self._lead) / self._ticks[self._at]).clamp(max=1.0).to(self._from.device)
        share = (share**3 * (10 - 15 * share + 6 * share**2))[:, None]  # minimum jerk
        position = self._from[:, :3] + share * (self._to[:, :3] - self._from[:, :3])
        start, end = self._from[:, 3:], self._to[:, 3:]
        turn = rotation.to_rotation_vector(rotation.multiply(end, rotation.conjugate(start)))
        return position, rotation.multiply(rotation.from_rotation_vector(share * turn), start)

    def _kicked(self, action: torch.Tensor) -> torch.Tensor:
        if self._noise == 0.0:
            return action
        low, high = self._env.action_mode.low, self._env.action_mode.high
        kicks = torch.stack([torch.as_tensor(rng.normal(size=action.shape[1] - 1)) for rng in self._kicks])
        noisy = action.clone()
        noisy[:, :-1] += (self._noise * 0.5 * (high - low)[:-1]) * kicks.float().to(action.device)
        return noisy.clamp(low, high)
