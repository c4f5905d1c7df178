"""How often the way-point teachers solve ManiSkill's own environments: `python examples/04_registered_teachers.py`.

Runs every task of tasks/registered over consecutive seeds; every attempt counts, no images are rendered. Prints a
markdown table and writes a JSON file after each task, so that a run that was cut off goes on with `--resume`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teacher_rates import markdown, measure, recorded, write

from simgen.env.threads import one_torch_thread
from simgen.paths import tasks_dir
from simgen.spec import load_any_task


def tasks_with_teacher() -> list[str]:
    """Returns the names of the registered environments that have a way-point program."""
    tasks = [load_any_task(path) for path in sorted((tasks_dir() / "registered").glob("*.yaml"))]
    return [task.name for task in tasks if task.teacher is not None]


def main() -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=64, help="attempts per task")
    parser.add_argument("--tasks", nargs="+", default=tasks_with_teacher(), help="names or paths of tasks")
    parser.add_argument("--num-envs", type=int, default=8, help="worlds at once")
    parser.add_argument("--seed", type=int, default=0, help="of the first attempts")
    parser.add_argument("--resume", action="store_true", help="leave out tasks that the file has with these attempts")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "registered_teachers.json")
    arguments = parser.parse_args()
    asked = arguments.episodes, arguments.seed
    done = {row.task for row in recorded(arguments.out) if arguments.resume and (row.attempts, row.seed) == asked}
    for task in arguments.tasks:
        if task not in done:
            with one_torch_thread():  # the worlds have processes of their own
                row = measure(task, arguments.episodes, arguments.num_envs, arguments.seed)
            write(arguments.out, [row], tasks_with_teacher())
    print(markdown([row for row in recorded(arguments.out) if row.task in arguments.tasks]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
