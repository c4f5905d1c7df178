"""How often the way-point teachers solve the tabletop tasks: `python examples/01_teacher_table.py --episodes 256`.

Every attempt counts, on consecutive seeds; no images are rendered. Prints a markdown table and writes a JSON file; what
the file says about other tasks stays there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

import simgen
from simgen.env import TaskEnv
from simgen.machine import commit, processor, versions
from simgen.policy import make_policy
from simgen.view.report.numbers import wilson
from simgen.world.scene.seed import episode_seed

TASKS = (
    "pick_cube", "push_cube", "pull_cube", "stack_cube", "place_sphere", "lift_peg_upright", "peg_insertion_side",
    "sort_by_colour",
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


def attempt(env: TaskEnv, seeds: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Runs one episode per world; returns success, steps and whether the simulation had problems. Shapes: (E,)."""
    worlds = range(env.num_envs)
    env.start(worlds, seeds)
    policy = make_policy("teacher", env)
    policy.reset(worlds, seeds)
    running = torch.ones(env.num_envs, dtype=torch.bool)
    success, broken = torch.zeros_like(running), torch.zeros_like(running)
    steps = torch.zeros(env.num_envs, dtype=torch.int64)
    while running.any():
        step = policy.act({})
        outcome = env.advance(step.action)
        steps[running] += 1
        for world in outcome.problems:
            broken[world] |= running[world]
        success |= running & outcome.success.cpu() & ~broken
        running &= ~(outcome.terminated | outcome.truncated).cpu() & ~step.gave_up.cpu()
    return success, steps, broken


def measure(task: str, episodes: int, num_envs: int, seed: int, device: str) -> Row:
    """Attempts a task on `episodes` consecutive seeds."""
    num_envs = min(num_envs, episodes)
    env = simgen.make(task, num_envs=num_envs, images=False, device=device)
    found = []
    for first in track(range(0, episodes, num_envs), task, console=Console(stderr=True)):
        seeds = [episode_seed(seed, env.task.name, "teacher", first + world) for world in range(num_envs)]
        kept = min(num_envs, episodes - first)
        found.append([values[:kept] for values in attempt(env, seeds)])
    env.close()
    success, steps, broken = (torch.cat(values) for values in zip(*found, strict=True))
    count = int(success.sum())
    mean_steps = float(steps[success].float().mean()) if count else None
    rate, interval = count / episodes, wilson(count, episodes)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Row(task, episodes, count, rate, interval, mean_steps, int(broken.sum()), seed, date, commit())


def markdown(rows: list[Row]) -> str:
    """Returns the table."""
    lines = ["| task | success of attempts | 95 % interval | mean steps |", "|---|---|---|---|"]
    for row in rows:
        low, high = row.interval
        steps = "-" if row.mean_steps is None else f"{row.mean_steps:.0f}"
        share = f"{100 * row.success_rate:.1f} % ({row.successes} of {row.attempts})"
        lines.append(f"| {row.task} | {share} | {100 * low:.1f} .. {100 * high:.1f} % | {steps} |")
    return "\n".join(lines)


def write(path: Path, rows: list[Row]) -> None:
    """Writes the rows, and keeps those of other tasks that the file has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = json.loads(path.read_text())["rows"] if path.exists() else []
    found = {row["task"]: row for row in [*old, *map(asdict, rows)]}
    listed = sorted(found, key=lambda task: TASKS.index(task) if task in TASKS else len(TASKS))
    result = {"processor": processor(), "versions": versions(), "rows": [found[task] for task in listed]}
    path.write_text(json.dumps(result, indent=1) + "\n")


def main() -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=256, help="attempts per task")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), help="names or paths of tasks")
    parser.add_argument("--num-envs", type=int, default=64, help="worlds at once")
    parser.add_argument("--seed", type=int, default=0, help="of the first attempts")
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "teacher_table.json")
    arguments = parser.parse_args()
    rows = []
    for task in arguments.tasks:
        rows.append(measure(task, arguments.episodes, arguments.num_envs, arguments.seed, arguments.device))
        write(arguments.out, rows)
    print(markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
