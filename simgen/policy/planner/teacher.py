"""The planner as a teacher: the best way on the map, pure pursuit, and avoidance of what it would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.base import BaseEnv
from simgen.errors import BadInput
from simgen.policy.base import Step
from simgen.policy.kicks import Kicks
from simgen.policy.planner.avoid import Avoidance
from simgen.policy.planner.pursuit import pursue, turning_side
from simgen.spec.planner import PlannerSpec

PATIENCE = 4.0  # so long it may come no nearer to the goal before it must move [s]
RESTLESS = 1.5  # and so long it then does [s]
NEARER = 0.2  # less than this is no nearer [m]


class PlannerTeacher:
    """Drives to the goal.

    Args:
        env: The worlds.
        spec: Where to drive and how.
        noise: See `Kicks`.
    """

    def __init__(self, env: BaseEnv, spec: PlannerSpec, noise: float = 0.0) -> None:
        base = None if env.card is None else env.card.planar_base
        if base is None or env.action_mode.name != "base_velocity":
            raise BadInput("teacher.planner: needs a robot that drives, with `control: base_velocity`.")
        self._env, self._spec, self._kicks = env, spec, Kicks(env, noise)
        self._way = env.worlds.way_to(spec.to)
        self._avoidance = Avoidance(self._way, spec)
        self._scale = torch.tensor([base.speed, base.turn], device=env.device)
        self._people = self._way.people()
        self._side = torch.ones(env.num_envs, device=env.device)
        self._least = self._way.cost.clone()
        self._waited = torch.zeros(env.num_envs, device=env.device)

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Forgets what was in these worlds, where episodes have started."""
        ids = list(env_ids)
        self._kicks.reset(env_ids, seeds)
        self._people[ids] = self._way.people()[ids]
        self._least[ids] = self._way.cost[ids]
        self._waited[ids] = 0.0

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the actions that lead on; `obs` is not looked at, the teacher sees the true state."""
        way, spec = self._way, self._spec
        goal = self._env.worlds.position(spec.to)[:, :2]
        to_goal = (goal - way.pose[:, :2]).norm(dim=-1)
        ahead = way.route(spec.look_ahead, 1)[:, 0]
        self._side = turning_side(ahead, self._side)
        wanted = pursue(ahead, to_goal, self._side, spec)
        people = way.people()
        walking = (people - self._people) / self._env.control_seconds
        self._people = people
        command = self._avoidance.choose(wanted, walking, self._restless(to_goal > spec.stop))
        label = (command / self._scale).clamp(-1.0, 1.0)
        return Step(self._kicks.kicked(label), label, torch.zeros(self._env.num_envs, dtype=torch.bool))

    def _restless(self, under_way: torch.Tensor) -> torch.Tensor:
        """Says which worlds' robots have come no nearer for so long that they must move. Shape: (E,)."""
        cost = self._way.cost
        begin = (cost < self._least - NEARER) & (self._waited < PATIENCE) | (self._waited > PATIENCE + RESTLESS)
        self._least = torch.where(begin, cost, self._least)
        self._waited = torch.where(begin, 0.0, self._waited + self._env.control_seconds)
        return under_way & (self._waited >= PATIENCE)
