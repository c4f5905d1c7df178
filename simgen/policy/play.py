"""Play: way-points to random objects with random gripper commands, drawn from the episode's seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from simgen.env.base import BaseEnv
from simgen.policy.base import Step
from simgen.policy.waypoint.path import Path
from simgen.world import rotation
from simgen.world.scene.seed import stream

SECONDS = (0.5, 1.5)  # of a way
TOUCH_SHARE = 0.5  # of the way-points are at an object, the others above the table near one
SPREAD = 0.02  # of way-points at an object [m], standard deviation
WANDER = 0.10  # of the others, sideways [m], standard deviation
HEIGHTS = (0.03, 0.25)  # of the others over the object [m]
LOWEST = 0.01  # of the tool over the table [m]
TILT = 0.15  # from pointing down [rad], standard deviation
SWITCH_SHARE = 0.5  # of the way-points open or close the gripper


@dataclass(frozen=True)
class Waypoint:
    """What to do next.

    Args:
        target: Index in the list of objects.
        offset: From the object [m]. Shape: (3,).
        turn: Roll and pitch from pointing down, then the heading [rad]. Shape: (3,).
        opening: Of the gripper, 0 closed .. 1 open.
        seconds: How long it takes.
    """

    target: int
    offset: np.ndarray
    turn: np.ndarray
    opening: float
    seconds: float


def draw_waypoint(rng: np.random.Generator, targets: int, opening: float) -> Waypoint:
    """Draws a way-point; `opening` is how far the gripper is open before."""
    target = int(rng.integers(targets))
    if rng.random() < TOUCH_SHARE:
        offset = rng.normal(0.0, SPREAD, 3)
    else:
        offset = np.append(rng.normal(0.0, WANDER, 2), rng.uniform(*HEIGHTS))
    turn = np.append(rng.normal(0.0, TILT, 2), rng.uniform(-np.pi / 2, np.pi / 2))
    switched = rng.random() < SWITCH_SHARE
    return Waypoint(target, offset, turn, 1.0 - opening if switched else opening, float(rng.uniform(*SECONDS)))


class PlayPolicy:
    """Goes to where objects are, presses, grasps, carries and drops them, without an aim.

    Where a way-point is depends on where its object is when the way begins.

    Args:
        env: The worlds.
    """

    def __init__(self, env: BaseEnv) -> None:
        self._env, self._path = env, Path(env)
        self._targets = env.worlds.body_names() or ["tcp"]
        self._rngs: list[np.random.Generator] = [np.random.default_rng(0)] * env.num_envs

    def reset(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Begins the sequence of way-points of the episodes that start."""
        self._path.reset(env_ids)
        for env, seed in zip(env_ids, seeds, strict=True):
            self._rngs[env] = stream(seed, "play")

    def act(self, obs: dict[str, Any]) -> Step:
        """Returns the actions that follow the way-points; `obs` is not looked at."""
        over = self._path.over()
        if over.any():
            self._begin(over)
        action = self._path.action()
        return Step(action, action, torch.zeros(self._env.num_envs, dtype=torch.bool))

    def _begin(self, worlds_over: torch.Tensor) -> None:
        env, worlds = self._env, self._env.worlds
        ids = worlds_over.nonzero().flatten().tolist()
        openings = self._path.opening.tolist()
        points = [draw_waypoint(self._rngs[world], len(self._targets), openings[world]) for world in ids]
        places = torch.stack([worlds.position(name) for name in self._targets])  # (targets, E, 3)
        where = places[[point.target for point in points], ids]
        position = where + where.new_tensor(np.stack([point.offset for point in points]))
        position[:, 2].clamp_(min=LOWEST)
        turn = where.new_tensor(np.stack([point.turn for point in points]))
        pose = torch.cat([position, _pointing_down(turn)], -1)
        seconds = torch.tensor([point.seconds for point in points])
        ticks = (seconds / env.control_seconds).round().long().clamp(min=1)
        self._path.begin(ids, pose, ticks)
        self._path.opening[ids] = where.new_tensor([point.opening for point in points])


def _pointing_down(turn: torch.Tensor) -> torch.Tensor:
    """Returns the tool's orientation (wxyz) from roll, pitch and heading [rad]. Shapes: (N, 3) -> (N, 4)."""
    down = rotation.from_rotation_vector(turn.new_tensor([np.pi, 0.0, 0.0])).expand(len(turn), 4)
    tilt = rotation.from_rotation_vector(turn * turn.new_tensor([1.0, 1.0, 0.0]))
    return rotation.multiply(rotation.about_z(turn[:, 2]), rotation.multiply(tilt, down))
