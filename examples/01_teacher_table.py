"""How often the teachers solve their tasks, all in one table: `python examples/01_teacher_table.py`.

The same with three arms: `--tasks three_arms --episodes 64 --out examples/results/three_arms.json`. Every attempt
counts, on consecutive seeds; no images are rendered. Prints a markdown table and writes a JSON file; what the file says
about other tasks stays there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teacher_rates import TAUGHT, markdown, measure, tasks_of, write


def main() -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=128, help="attempts per task")
    parser.add_argument("--tasks", nargs="+", default=list(TAUGHT), help="names or paths of tasks or mixtures")
    parser.add_argument("--num-envs", type=int, default=64, help="worlds at once")
    parser.add_argument("--seed", type=int, default=0, help="of the first attempts")
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "teacher_table.json")
    arguments = parser.parse_args()
    rows = []
    for task in [task for name in arguments.tasks for task in tasks_of(name)]:
        rows.append(measure(task, arguments.episodes, arguments.num_envs, arguments.seed, arguments.device))
        write(arguments.out, rows, TAUGHT)
    print(markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
