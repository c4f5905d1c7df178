"""The pushing teacher: comes down beside the block, pushes a little, looks again, and goes elsewhere when it must."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.base import BaseEnv
from simgen.policy.base import Step
from simgen.policy.kicks import Kicks
from simgen.policy.push.plan import ROOM, Block, best_push, block_of, nearest_contact, push_on, turned
from simgen.policy.waypoint.path import Path
from simgen.spec.push import PushSpec
from simgen.world import rotation

UP, OVER, DOWN, PUSH = range(4)  # what a world does, in this order and round again
PORTION = 0.03  # the longest push before it looks again [m]
SHORTEST = 0.003  # a push that is worth going on with [m]
BACK = 0.01  # away from the block while the tool goes up [m]
HASTE = 3.0  # speed on the way to a contact, over that of a push
LEAST_SECONDS = 0.15  # of a way


class PushTeacher:
    """Pushes a flat block onto a target by choosing contact and length of the next push again and again.

    Args:
        env: The worlds.
        spec: What is pushed where.
        noise: See `Kicks`.
    """

    def __init__(self, env: BaseEnv, spec: PushSpec, noise: float = 0.0) -> None:
        self._env, self._spec = env, spec
        self._path, self._kicks = Path(env), Kicks(env, noise)
        count, device = env.num_envs, env.device
        self._phase = torch.full((count,), PUSH)
        self._touched = torch.zeros(count, dtype=torch.bool, device=device)  # has pushed in this episode
        self._block: Block | None = None
        self._touch = torch.zeros(count, 2, device=device)  # where the tool shall touch the block
        self._way = torch.zeros(count, 2, device=device)  # of the push
        self._back = torch.zeros(count, 2, device=device)  # of the push before
        self._length = torch.zeros(count, device=device)

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Starts anew in these worlds."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64)
        self._path.reset(env_ids)
        self._kicks.reset(env_ids, seeds)
        self._phase[ids], self._touched[ids] = PUSH, False
        self._way[ids] = 0.0
        self._block = None  # may have another shape now

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the actions that follow the plan; `obs` is not looked at, the teacher sees the true state."""
        over = self._path.over()
        if over.any():
            self._next(over)
        label = self._path.action()
        return Step(self._kicks.kicked(label), label, torch.zeros(self._env.num_envs, dtype=torch.bool))

    def _next(self, over: torch.Tensor) -> None:
        """Begins the next way in worlds whose last one is over (E,) bool."""
        pushed = (over & (self._phase == PUSH)).nonzero().flatten()
        self._phase[over] = (self._phase[over] + 1) % 4
        if len(pushed):
            self._decide(pushed)
        for phase in (UP, OVER, DOWN, PUSH):
            ids = (over & (self._phase == phase)).nonzero().flatten()
            if len(ids):
                self._go(ids, phase)

    def _decide(self, ids: torch.Tensor) -> None:
        """After a push: goes on at the same contact in those worlds where that helps, else chooses a new one."""
        if self._block is None:
            self._block = block_of(self._env.worlds.pieces_of(self._spec.body), self._spec.radius)
        block, pose, goal = self._block.of(ids), self._pose(self._spec.body)[ids], self._pose(self._spec.target)[ids]
        tool = self._env.worlds.tcp_position[ids, :2]
        here, beside = nearest_contact(block, pose, tool, self._spec.radius)
        further, anew = push_on(block, pose, goal, here), best_push(block, pose, goal)
        same = self._touched[ids] & beside & (further.length >= SHORTEST)
        contact = torch.where(same, here, anew.contact)
        rows = torch.arange(len(ids), device=contact.device)
        point = pose[:, :2] + turned(block.points[rows, contact], pose[:, 2])
        way = turned(block.normals[rows, contact], pose[:, 2])
        self._back[ids] = self._way[ids]
        self._way[ids] = way
        self._touch[ids] = torch.where(same[:, None], tool + way * self._spec.radius, point)
        self._length[ids] = torch.where(same, further.length, anew.length)
        self._touched[ids] = True
        self._phase[ids[same.cpu()]] = PUSH

    def _pose(self, name: str) -> torch.Tensor:
        """Returns x, y [m] and yaw [rad] of a body. Shape: (E, 3)."""
        worlds = self._env.worlds
        return torch.cat([worlds.position(name)[:, :2], rotation.yaw_of(worlds.quaternion(name))[:, None]], -1)

    def _go(self, ids: torch.Tensor, phase: int) -> None:
        """Begins a way of the tool in some worlds."""
        spec, worlds = self._spec, self._env.worlds
        touch, way = self._touch[ids], self._way[ids]
        now = worlds.tcp_position[ids]
        beside = touch - way * (spec.radius + ROOM)
        height, speed = spec.above, HASTE * spec.speed
        if phase == UP:
            place = now[:, :2] - BACK * self._back[ids]
        elif phase == PUSH:
            portion = self._length[ids].clamp(max=PORTION)[:, None]
            place, height, speed = touch + way * (portion - spec.radius), spec.height, spec.speed
        else:
            place, height = beside, spec.height if phase == DOWN else spec.above
        goal = torch.cat([place, torch.full_like(place[:, :1], height)], -1)
        seconds = ((goal - now).norm(dim=-1) / speed).clamp(min=LEAST_SECONDS)
        ticks = (seconds / self._env.control_seconds).ceil().long().cpu()
        down = rotation.from_rotation_vector(now.new_tensor([math.pi, 0.0, 0.0]))
        pose = torch.cat([goal, down.expand(len(ids), 4)], -1)
        self._path.begin(ids.tolist(), pose, ticks)
