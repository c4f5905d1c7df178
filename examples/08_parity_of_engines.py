"""How close Newton and ManiSkill are on the eight tabletop tasks: `python examples/08_parity_of_engines.py`.

Runs `simgen parity` on one task after the other, 64 episodes each, prints a markdown table and notes each task's
figures at once; pages with pictures and plots go to parity/TASK. About 5 minutes a task on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from teacher_rates import TABLETOP

from simgen.bench.parity import ParityOptions, figures, parity
from simgen.bench.parity.report import write_report
from simgen.commands.progress import part_progress
from simgen.spec import load_task

SERIES = ("median_by_step", "p95_by_step")  # the page shows them; a table of results need not keep them


def main() -> int:
    """Compares, prints and writes; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=64, help="scenes per task")
    parser.add_argument("--num-envs", type=int, default=8, help="worlds of each engine at once")
    parser.add_argument("--tasks", nargs="+", default=list(TABLETOP), help="names or paths of tasks")
    parser.add_argument("--pages", type=Path, default=Path("parity"), help="folder of the pages")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "parity.json")
    arguments = parser.parse_args()
    rows: dict[str, Any] = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for name in arguments.tasks:
        rows[name] = without_series(measure(name, arguments))
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    print(markdown(rows))
    return 0 if all(row["ok"] for row in rows.values()) else 1


def measure(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Compares the engines on a task and writes its page."""
    options = ParityOptions(episodes=arguments.episodes, num_envs=arguments.num_envs)
    Console(stderr=True).print(name)
    with part_progress() as progress:
        result = parity(load_task(name), options, progress, f"simgen parity {name} --num-envs {options.num_envs}")
    write_report(result, arguments.pages / name)
    return figures(result)


def without_series(value: Any) -> Any:
    """Leaves out what has a number for every step, and lists of single episodes beyond the first five."""
    if isinstance(value, dict):
        return {key: without_series(part) for key, part in value.items() if key not in SERIES}
    return [without_series(part) for part in value[:5]] if isinstance(value, list) else value


def markdown(rows: dict[str, Any]) -> str:
    """Returns the table."""
    lines = [
        "| task | masks, IoU | depth, median [mm] | teacher, newton / maniskill | same targets: joints, tool, objects "
        "apart (medians; rad, mm, mm) | success agrees |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(rows, key=lambda task: TABLETOP.index(task) if task in TABLETOP else len(TABLETOP)):
        row, loop = rows[name], rows[name]["open_loop"]["all"]
        teacher = " / ".join(f"{row['closed_loop'][side]['successes']}" for side in row["engines"])
        apart = (
            f"{loop['joint_error_rad']['median']:.4f}, {1000 * loop['tool_error_m']['median']:.1f}, "
            f"{1000 * loop['object_error_m']['median']:.2f}"
        )
        lines.append(
            f"| {name} | {row['segmentation_iou']:.4f} | {1000 * row['depth_error_m']:.0f} | "
            f"{teacher} of {row['episodes']} | {apart} | {100 * loop['success_agreement']:.0f} % |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
