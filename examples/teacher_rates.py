"""How often way-point teachers solve tasks: attempts on consecutive seeds, a table, a JSON file; for the scripts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import simgen
from simgen.data.rates import wilson
from simgen.env.base import BaseEnv
from simgen.machine import commit, processor, versions
from simgen.policy import make_policy
from simgen.spec import AnyTask, load_task_or_mixture, parts_of
from simgen.world.scene.seed import episode_seed
from simgen.world.scene.variants import expanded

TABLETOP = (
    "pick_cube", "push_cube", "pull_cube", "stack_cube", "place_sphere", "lift_peg_upright", "peg_insertion_side",
    "sort_by_colour",
)  # fmt: skip
TAUGHT = (
    *TABLETOP, "pick_clutter", "shelf_place", "push_t", "tidy_table", "open_drawer", "close_drawer", "turn_faucet",
    "nav_rooms", "nav_people", "nav_warehouse",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Result of one task: attempts, successes, 95 % Wilson interval of the rate, mean control steps of successes."""

    task: str
    attempts: int
    successes: int
    success_rate: float
    interval: tuple[float, float]
    mean_steps: float | None
    discarded: int
    seed: int
    date: str
    commit: str | None


@dataclass(frozen=True)
class Attempt:
    """One episode: whether it succeeded, its length [control steps], and whether the simulation had problems."""

    success: bool
    steps: int
    broken: bool


class Attempts:
    """Runs episodes of a task's teacher; a world that is done goes on with the next episode.

    Args:
        env: The worlds.
        episodes: How many.
        seed: Of the dataset that the episodes would be in.
    """

    def __init__(self, env: BaseEnv, episodes: int, seed: int) -> None:
        self._env, self._policy = env, make_policy("teacher", env)
        self._seeds = [episode_seed(seed, env.task.name, "teacher", index) for index in range(episodes)]
        self._next = 0
        self._running: dict[int, int] = {}  # world -> episode
        self._steps = [0] * env.num_envs
        self.done: dict[int, Attempt] = {}

    def run(self, progress: Progress) -> list[Attempt]:
        """Returns all attempts in the order of their seeds."""
        bar = progress.add_task(self._env.task.name, total=len(self._seeds))
        for world in range(self._env.num_envs):
            self._begin_next(world)
        while self._running:
            self._step()
            progress.update(bar, completed=len(self.done))
        return [self.done[index] for index in sorted(self.done)]

    def _begin_next(self, world: int) -> None:
        if self._next < len(self._seeds):
            self._begin(world, self._next)
            self._next += 1

    def _begin(self, world: int, episode: int) -> None:
        self._env.start([world], [self._seeds[episode]])
        self._policy.reset([world], [self._seeds[episode]])
        self._running[world], self._steps[world] = episode, 0

    def _step(self) -> None:
        step = self._policy.act({})
        outcome = self._env.advance(step.action)
        over = (outcome.terminated | outcome.truncated).cpu() | step.gave_up.cpu()
        for world, episode in list(self._running.items()):
            self._steps[world] += 1
            if world in outcome.interrupted:
                self._begin(world, episode)
            elif over[world]:
                broken = world in outcome.problems
                success = bool(outcome.success[world]) and not broken
                self.done[episode] = Attempt(success, self._steps[world], broken)
                del self._running[world]
                self._begin_next(world)


def tasks_of(name: str) -> list[AnyTask]:
    """Returns the tasks that a name or path stands for: one, or those of a mixture or of several robots."""
    return [part.task for part in parts_of(expanded(load_task_or_mixture(name)))]


def measure(task: str | AnyTask, episodes: int, num_envs: int, seed: int, device: str = "cpu") -> Row:
    """Attempts a task on `episodes` consecutive seeds."""
    env = simgen.make(task, num_envs=min(num_envs, episodes), images=False, device=device)
    try:
        with Progress(console=Console(stderr=True)) as progress:
            attempts = Attempts(env, episodes, seed).run(progress)
    finally:
        env.close()
    lengths = [attempt.steps for attempt in attempts if attempt.success]
    count = len(lengths)
    return Row(
        task=task if isinstance(task, str) else task.name,
        attempts=episodes,
        successes=count,
        success_rate=count / episodes,
        interval=wilson(count, episodes),
        mean_steps=sum(lengths) / count if count else None,
        discarded=sum(attempt.broken for attempt in attempts),
        seed=seed,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        commit=commit(),
    )


def markdown(rows: Sequence[Row]) -> str:
    """Returns the table."""
    lines = ["| task | success of attempts | 95 % interval | mean steps |", "|---|---|---|---|"]
    for row in rows:
        low, high = row.interval
        steps = "-" if row.mean_steps is None else f"{row.mean_steps:.0f}"
        share = f"{100 * row.success_rate:.1f} % ({row.successes} of {row.attempts})"
        lines.append(f"| {row.task} | {share} | {100 * low:.1f} .. {100 * high:.1f} % | {steps} |")
    return "\n".join(lines)


def recorded(path: Path) -> list[Row]:
    """Returns the rows of a file; none if there is no file."""
    return [Row(**row) for row in json.loads(path.read_text())["rows"]] if path.exists() else []


def write(path: Path, rows: Sequence[Row], order: Sequence[str]) -> None:
    """Writes the rows in this order, and keeps those of other tasks that the file has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {row.task: row for row in [*recorded(path), *rows]}
    listed = sorted(found, key=lambda task: order.index(task) if task in order else len(order))
    result = {
        "processor": processor(),
        "versions": versions(),
        "rows": [asdict(found[task]) for task in listed],
    }
    path.write_text(json.dumps(result, indent=1) + "\n")
