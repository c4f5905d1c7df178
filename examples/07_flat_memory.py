"""Whether memory stays flat over thousands of resets: `python examples/07_flat_memory.py` resets, draws and records.

Every reset builds the scene anew (other objects, other sizes), which leaks in ManiSkill; simgen's worker processes are
collected and replaced before that matters. Memory is what this process and its children have in RAM, shared pages
counted once (PSS).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

import simgen
from simgen.machine import machine
from simgen.world.scene.seed import episode_seed

CASES = (("sort_by_colour", "maniskill"), ("PegInsertionSide-v1", None))
POINTS = 20


def family() -> list[int]:
    """Returns the ids of this process and everything that it has started."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def resident_bytes() -> int:
    """Returns the proportional set size of the family [bytes]."""
    total = 0
    for pid in family():
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return total


def measure(task: str, engine: str | None, resets: int, num_envs: int) -> dict[str, Any]:
    """Resets worlds to episode after episode, with a step and a picture each."""
    env = simgen.make(task, num_envs=num_envs, engine=engine)
    action = torch.zeros(num_envs, env.action_mode.dim)
    rounds = resets // num_envs
    sizes, started = [], time.perf_counter()
    for number in track(range(rounds + 1), task, console=Console(stderr=True)):
        seeds = [episode_seed(0, task, "memory", number * num_envs + world) for world in range(num_envs)]
        env.start(range(num_envs), seeds)
        env.advance(action)
        env.observe(copy=False)
        if number % max(1, rounds // POINTS) == 0:
            sizes.append({"resets": number * num_envs, "bytes": resident_bytes()})
    env.close()
    quarter = max(1, len(sizes) // 4)
    early, late = (max(point["bytes"] for point in part) for part in (sizes[1 : 1 + quarter], sizes[-quarter:]))
    return {
        "resets": rounds * num_envs,
        "worlds": num_envs,
        "seconds": round(time.perf_counter() - started, 1),
        "growth_bytes": late - early,
        "growth_share": late / early - 1.0,
        "points": sizes,
    }


def main() -> int:
    """Measures both cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--resets", type=int, default=2000)
    parser.add_argument("--num-envs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "flat_memory.json")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "cases": {}}
    for task, engine in CASES:
        case = measure(task, engine, arguments.resets, arguments.num_envs)
        result["cases"][task] = case
        peak = max(point["bytes"] for point in case["points"]) / 1e9
        print(f"{task}: {case['resets']} resets, {case['growth_share']:+.1%} ({peak:.2f} GB at most)")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
