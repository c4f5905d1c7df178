"""Whether memory stays flat over thousands of resets: `python examples/07_flat_memory.py --resets 10000`.

Every reset builds the scene anew (other objects, other sizes), which leaks in ManiSkill; simgen's worker processes are
collected and replaced before that matters. The newton engine keeps all objects in one model and changes its arrays.
Memory is what this process and its children have in RAM, without the pages of files such as libraries, which count less
the more other programs use them; shared memory counts once. Growth is counted from reset 1,000 on, when everything has
been loaded. What the file says about other cases stays there.
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
from simgen.machine import commit, machine
from simgen.world.scene.seed import episode_seed

CASES = ("sort_by_colour@newton", "sort_by_colour@maniskill", "PegInsertionSide-v1@maniskill")
POINTS = 40
SETTLED = 1000  # resets


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
    """Returns the proportional set size of the family's own memory [bytes]."""
    total = 0
    for pid in family():
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        own = [line for line in text.splitlines() if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
        total += sum(int(line.split()[1]) * 1024 for line in own)
    return total


def measure(case: str, resets: int, num_envs: int) -> dict[str, Any]:
    """Resets worlds of a case, TASK@ENGINE, to episode after episode, with a step and a picture each."""
    task, _, engine = case.partition("@")
    env = simgen.make(task, num_envs=num_envs, engine=engine)
    action = torch.zeros(num_envs, env.action_mode.dim)
    rounds = resets // num_envs
    sizes, started = [], time.perf_counter()
    for number in track(range(rounds + 1), case, console=Console(stderr=True)):
        seeds = [episode_seed(0, task, "memory", number * num_envs + world) for world in range(num_envs)]
        env.start(range(num_envs), seeds)
        env.advance(action)
        env.observe(copy=False)
        if number % max(1, rounds // POINTS) == 0:
            sizes.append({"resets": number * num_envs, "bytes": resident_bytes()})
    env.close()
    settled = [point["bytes"] for point in sizes if point["resets"] >= SETTLED] or [sizes[-1]["bytes"]]
    # peaks, since worker processes that are replaced let memory rise and fall
    quarter = max(1, len(settled) // 4)
    early, late = max(settled[:quarter]), max(settled[-quarter:])
    return {
        "resets": rounds * num_envs,
        "worlds": num_envs,
        "seconds": round(time.perf_counter() - started, 1),
        "growth_bytes": late - early,
        "growth_share": late / early - 1.0,
        "growth_share_first_to_last": settled[-1] / settled[0] - 1.0,
        "points": sizes,
    }


def main() -> int:
    """Measures the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--resets", type=int, default=2000)
    parser.add_argument("--num-envs", type=int, default=2)
    parser.add_argument("--cases", nargs="+", default=list(CASES), metavar="TASK@ENGINE")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "flat_memory.json")
    arguments = parser.parse_args()
    for name in arguments.cases:
        case = measure(name, arguments.resets, arguments.num_envs)
        note(arguments.out, name, case)
        peak = max(point["bytes"] for point in case["points"]) / 1e9
        print(f"{name}: {case['resets']} resets, {case['growth_share']:+.2%} ({peak:.2f} GB at most)")
    return 0


def note(path: Path, name: str, case: dict[str, Any]) -> None:
    """Writes a case into the file of results, beside those that are there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else {}
    case |= {"date": time.strftime("%Y-%m-%d"), "commit": commit()}
    result = {"machine": machine(), "cases": cases | {name: case}}
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
