"""How often the way-point teachers solve the tabletop tasks: `python examples/01_teacher_table.py --episodes 256`.

Every attempt counts, on consecutive seeds; no images are rendered. Prints a markdown table and writes a JSON file; what
the file says about other tasks stays there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teacher_rates import TABLETOP, markdown, measure, write


def main() -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=256, help="attempts per task")
    parser.add_argument("--tasks", nargs="+", default=list(TABLETOP), help="names or paths of tasks")
    parser.add_argument("--num-envs", type=int, default=64, help="worlds at once")
    parser.add_argument("--seed", type=int, default=0, help="of the first attempts")
    parser.add_argument("--device", default="cpu", help="cpu or cuda:0")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "teacher_table.json")
    arguments = parser.parse_args()
    rows = []
    for task in arguments.tasks:
        rows.append(measure(task, arguments.episodes, arguments.num_envs, arguments.seed, arguments.device))
        write(arguments.out, rows, TABLETOP)
    print(markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
