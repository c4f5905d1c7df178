"""Open loop: a policy moves the robot of the first engine, and the second gets the same joint targets, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from simgen.bench.parity.sides import Episode, Progress, Side, batches, start
from simgen.policy import make_policy
from simgen.world import rotation

APART = 0.01  # from here on an object is said to be somewhere else [m]
HOLD_SECONDS = 0.5  # how long the last target is kept after the first engine's success: the second may be a bit later
NEVER = -1


@dataclass(frozen=True, eq=False)
class OpenEpisode:
    """An episode that both engines simulated with the same joint targets; T steps, B objects that can move.

    Attributes:
        episode: Its scene and who moved the robot.
        joint: Largest difference of an arm joint, from before the first step on [rad]. Shape: (T + 1,).
        tool, tool_turn: Differences of the tool frame [m, rad]. Shape: (T + 1,).
        object, object_turn: Differences of the objects' frames [m, rad]. Shape: (T + 1, B).
        touched: First step after which a finger presses on each object, per engine; NEVER if none. Shape: (2, B).
        succeeded: First step after which the task is done, per engine; NEVER if none. Shape: (2,).
    """

    episode: Episode
    joint: np.ndarray
    tool: np.ndarray
    tool_turn: np.ndarray
    object: np.ndarray
    object_turn: np.ndarray
    touched: np.ndarray
    succeeded: np.ndarray

    @property
    def steps(self) -> int:
        """Length [control steps]."""
        return len(self.joint) - 1

    @property
    def farthest(self) -> float:
        """The largest distance between the two places of an object [m]; 0 without objects."""
        return float(self.object.max()) if self.object.size else 0.0

    @property
    def success_differs(self) -> bool:
        """Whether the task was done in one engine only."""
        return bool((self.succeeded[0] == NEVER) != (self.succeeded[1] == NEVER))

    def parted(self) -> tuple[int, int] | None:
        """Returns the first step after which an object is APART, and which one; None if none is."""
        steps, bodies = np.nonzero(self.object > APART)
        return (int(steps[0]), int(bodies[0])) if len(steps) else None


@dataclass(frozen=True, eq=False)
class OpenLoop:
    """All episodes that could be compared, and why others could not.

    Attributes:
        bodies: Names of the objects that can move.
        control_seconds: Length of a step [s].
    """

    episodes: tuple[OpenEpisode, ...]
    bodies: tuple[str, ...]
    control_seconds: float
    broken: dict[int, str]


Watcher = Callable[[Sequence[int]], None]
"""Called before the first step and after each with the worlds whose episode goes on."""


def compare_open_loop(first: Side, second: Side, episodes: Sequence[Episode], progress: Progress) -> OpenLoop:
    """Runs all episodes in both engines."""
    done: list[OpenEpisode] = []
    broken: dict[int, str] = {}
    ended = 0
    for batch in batches(episodes, first.env.num_envs):
        compared, failed = run_batch(first, second, batch)
        done += compared
        broken |= failed
        ended += len(batch)
        progress("open loop", ended, len(episodes))
    done.sort(key=lambda one: one.episode.index)
    return OpenLoop(tuple(done), movable(first), first.env.control_seconds, broken)


def movable(side: Side) -> tuple[str, ...]:
    """The names of the objects that can move."""
    return tuple(slot.name for slot in side.env.layout.bodies if slot.motion == "dynamic")


def run_batch(
    first: Side, second: Side, batch: Sequence[Episode], watch: Watcher = lambda running: None
) -> tuple[list[OpenEpisode], dict[int, str]]:
    """Runs episodes of one policy in both engines; those that break come back by index, with the reason."""
    worlds = start(first, batch)
    start(second, batch)
    policy = make_policy("pink" if batch[0].policy == "random" else "teacher", first.env)
    policy.reset(worlds, [episode.seed for episode in batch])
    record, ends = _Record(first, second, len(batch)), _Ends(first, batch)
    watch(worlds)
    targets: torch.Tensor | None = None
    while running := ends.running():
        step = policy.act({})
        told = first.env.action_mode.targets(step.action, first.env.worlds.state.qpos)
        wanted = told.position
        targets = wanted if targets is None else torch.where(ends.moving[:, None].to(wanted.device), wanted, targets)
        for side in (first, second):
            side.env.engine.set_targets(targets, told.velocity, told.effort)
            side.env.engine.step()
            side.env.worlds.refresh()
        record.add()
        ends.note(step.gave_up, first.broken() | second.broken())
        watch(running)
    compared = [record.episode(world, batch[world], ends.last[world]) for world in worlds if world not in ends.broken]
    return compared, {batch[world].index: reason for world, reason in ends.broken.items()}


class _Ends:
    """When the episodes of a batch end, and in which worlds the policy still moves the robot."""

    def __init__(self, first: Side, batch: Sequence[Episode]) -> None:
        self._first, self._taught = first, batch[0].policy == "teacher"
        self._hold = max(1, round(HOLD_SECONDS / first.env.control_seconds))
        self._time = 0
        self.last = [first.env.max_steps] * len(batch)
        self.moving = torch.zeros(first.env.num_envs, dtype=torch.bool)
        self.moving[: len(batch)] = True
        self.broken: dict[int, str] = {}

    def running(self) -> list[int]:
        """The worlds whose episode goes on."""
        return [world for world, last in enumerate(self.last) if self._time < last and world not in self.broken]

    def note(self, gave_up: torch.Tensor, broken: dict[int, str]) -> None:
        """Tells that a step was done; the random policy goes on to the end, come what may."""
        running = self.running()
        self._time += 1
        self.broken |= {world: reason for world, reason in broken.items() if world in running}
        if not self._taught:
            return
        stopped = self.moving & (self._first.succeeded().cpu() | gave_up.cpu())
        for world in (world for world in running if stopped[world]):
            self.last[world] = min(self.last[world], self._time + self._hold)
        self.moving &= ~stopped


class _Record:
    """What is written down of a batch, at each step."""

    def __init__(self, first: Side, second: Side, number: int) -> None:
        self._sides, self._number = (first, second), number
        self._arm = first.env.card.arm
        self._bodies = [i for i, slot in enumerate(first.env.layout.bodies) if slot.motion == "dynamic"]
        self._names = movable(first)
        self._rows: dict[str, list[np.ndarray]] = {name: [] for name in _DIFFERENCES}
        self._touches: list[np.ndarray] = []  # (E, 2, B) each
        self._done: list[np.ndarray] = []  # (E, 2) each
        self._add_differences()

    def add(self) -> None:
        """Writes down a step."""
        self._add_differences()
        self._touches.append(np.stack([self._pressed(side) for side in self._sides], 1))
        self._done.append(np.stack([side.succeeded().cpu().numpy()[: self._number] for side in self._sides], 1))

    def _add_differences(self) -> None:
        a, b = (side.env.worlds for side in self._sides)
        bodies = self._bodies
        rows = {
            "joint": (a.state.qpos - b.state.qpos)[:, self._arm].abs().amax(1),
            "tool": (a.tcp_position - b.tcp_position).norm(dim=-1),
            "tool_turn": _angle(a.tcp_quaternion, b.tcp_quaternion),
            "object": (a.state.body_position - b.state.body_position)[:, bodies].norm(dim=-1),
            "object_turn": _angle(a.state.body_quaternion[:, bodies], b.state.body_quaternion[:, bodies]),
        }
        for name, row in rows.items():
            self._rows[name].append(row[: self._number].cpu().numpy().copy())

    def _pressed(self, side: Side) -> np.ndarray:
        """Whether a finger presses on each object. Shape: (E, B)."""
        worlds, fingers = side.env.worlds, side.env.card.finger_links
        if not fingers:
            return np.zeros((self._number, len(self._names)), bool)
        rows = [torch.stack([worlds.touches(name, finger) for finger in fingers]).any(0) for name in self._names]
        if not rows:
            return np.zeros((self._number, 0), bool)
        return torch.stack(rows, 1)[: self._number].cpu().numpy()

    def episode(self, world: int, episode: Episode, steps: int) -> OpenEpisode:
        """Returns what happened in a world."""
        rows = {name: np.stack([row[world] for row in rows[: steps + 1]]) for name, rows in self._rows.items()}
        touches = np.stack([row[world] for row in self._touches[:steps]])
        done = np.stack([row[world] for row in self._done[:steps]])
        return OpenEpisode(episode, touched=_first_true(touches), succeeded=_first_true(done), **rows)


_DIFFERENCES = ("joint", "tool", "tool_turn", "object", "object_turn")


def _angle(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Angles between orientations [rad]. Shape: (..., 4) -> (...)."""
    between = rotation.multiply(rotation.conjugate(a), b)
    return 2.0 * torch.atan2(between[..., 1:].norm(dim=-1), between[..., 0].abs())


def _first_true(rows: np.ndarray) -> np.ndarray:
    """After which step each column is true for the first time, counted from 1; NEVER if it is not. (T, ...) -> (...)"""
    return np.where(rows.any(0), rows.argmax(0) + 1, NEVER)
