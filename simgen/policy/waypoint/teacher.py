"""The way-point teacher: a state machine per world that walks through the steps of the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.base import BaseEnv
from simgen.env.terms import bind_condition
from simgen.errors import BadInput
from simgen.policy.base import Step
from simgen.policy.kicks import Kicks
from simgen.policy.waypoint.goal import goal_pose
from simgen.policy.waypoint.operate import way_of
from simgen.policy.waypoint.path import Path
from simgen.spec import AnyTask, RegisteredSpec
from simgen.spec.teacher import StepSpec
from simgen.spec.terms import Condition

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

    def __init__(self, env: BaseEnv, noise: float = 0.0) -> None:
        if env.task.teacher is None or env.task.teacher.steps is None:
            raise BadInput(f"task {env.task.name!r} has no way-points in `teacher`.")
        if env.card is not None and env.card.tcp_link is None:
            raise BadInput(f"teacher.steps: the robot {env.card.name} has no tool centre point that they could move.")
        self._env, self._steps = env, env.task.teacher.steps
        self._retries = env.task.teacher.retries
        self._checks = [self._bound(step.check) for step in self._steps]
        self._done = [self._bound(_done(step, env.task)) for step in self._steps]
        starts = [index for index, step in enumerate(self._steps) if step.stage is not None]
        count = len(self._steps)
        self._stage_ends = [min((start for start in starts if start > i), default=count) for i in range(count)]
        stage_starts = [max((start for start in starts if start <= i), default=0) for i in range(count)]
        self._stage_starts = torch.tensor([*stage_starts, 0])
        seconds = torch.tensor([*(step.duration for step in self._steps), PATIENCE_SECONDS])
        self._ticks = (seconds / env.control_seconds).round().long().clamp(min=1)
        self._path = Path(env)
        self._at = torch.zeros(env.num_envs, dtype=torch.int64)  # index of the step; len(steps): waiting for success
        self._left = torch.zeros(env.num_envs, dtype=torch.int64)
        self._entered = torch.zeros(env.num_envs, dtype=torch.bool)
        self._gave_up = torch.zeros(env.num_envs, dtype=torch.bool)
        self._kicks = Kicks(env, noise)

    def _bound(self, condition: Condition | None) -> Any:
        return None if condition is None else bind_condition(condition, self._env.worlds)

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Starts the program in these worlds."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64)
        self._path.reset(env_ids)
        self._at[ids] = 0
        self._left[ids] = self._retries
        self._entered[ids] = self._gave_up[ids] = False
        self._kicks.reset(env_ids, seeds)

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the actions that follow the way-points; `obs` is not looked at, the teacher sees the true state."""
        self._leave_finished_steps()
        self._leave_out_done_stages()
        self._enter_steps()
        label = self._path.action()
        return Step(self._kicks.kicked(label), label, self._gave_up.clone())

    def _leave_finished_steps(self) -> None:
        over = self._path.over() & self._entered
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
            self._entered[passed] = False
            over &= ~here
        self._restart(over)

    def _restart(self, worlds: torch.Tensor) -> None:
        again = worlds & (self._left > 0)
        self._gave_up |= worlds & ~again
        self._left[again] -= 1
        self._at[again] = self._stage_starts[self._at[again]]
        self._entered[again] = False
        self._path.break_off(again)

    def _leave_out_done_stages(self) -> None:
        for index, done in enumerate(self._done):
            if done is None:
                continue
            here = ~self._entered & (self._at == index)
            if here.any():
                self._at[here & done().cpu()] = self._stage_ends[index]

    def _enter_steps(self) -> None:
        new = ~self._entered
        for index in self._at[new].unique().tolist():
            here = new & (self._at == index)
            step = self._steps[index] if index < len(self._steps) else None
            pose, arc = None, None
            if step is not None and step.move is not None:
                pose = torch.cat(goal_pose(step.move, self._env.worlds), -1)[here]
            elif step is not None and step.operate is not None:
                end, arc = way_of(step.operate, self._env.worlds)
                pose = torch.cat(end, -1)[here]
                self._path.break_off(here)  # a line along the joint begins where the hand is, not where it was to be
            self._path.begin(here.nonzero().flatten().tolist(), pose, self._ticks[self._at[here]], arc)
            opening = _opening(step)
            if opening is not None:
                self._path.opening[here] = opening
        self._entered |= new


def _done(step: StepSpec, task: AnyTask) -> Condition | None:
    """What leaves out a stage: its own `done`, else that of the task's stage of this name."""
    if step.done is not None or isinstance(task, RegisteredSpec):
        return step.done
    return next((stage.done for stage in task.stages if stage.name == step.stage), None)


def _opening(step: StepSpec | None) -> float | None:
    """How far a step opens the gripper, 0 closed .. 1 open; None leaves it as it is."""
    wanted = None if step is None else step.gripper if step.move is not None else step.grip
    return OPENINGS[wanted] if isinstance(wanted, str) else wanted
