"""Compare two engines on a task: first frames, the same joint targets, the teacher at work in each."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simgen.commands.output import Overrides, TaskName, console, parse, show_table, write_json

if TYPE_CHECKING:
    from simgen.bench.parity import Parity


@dataclass(frozen=True)
class Arguments:
    """Compare two engines on the same scenes.

    The first frame of every episode is drawn in both; the joint targets of a run in the first engine (random for one
    half of the episodes, the teacher for the other) are fed unchanged to both; and the teacher works in each. The
    figures go to parity.json, a page with pictures and plots to index.html.

    The exit code is 1 if a target is missed: IoU of the masks at least 0.97, median depth error at most 2 mm, success
    of the teacher within 5 points.
    """

    task: TaskName
    """Name of a task (`simgen list tasks`) or path of a YAML file."""
    episodes: int = 64
    """Scenes."""
    num_envs: int = 4
    """Worlds of each engine that are simulated at once."""
    out: Path | None = None
    """Folder of the result; default parity/TASK."""
    engines: tuple[str, str] = ("newton", "maniskill")
    """The two engines; joint targets come from the first."""
    device: str = "cpu"
    """cpu or cuda:0."""
    seed: int = 0
    """Of the scenes."""
    overrides: Overrides = ()
    """Change a field of the task, e.g. episode.sim_hz=200; can be repeated."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Runs the command; exit code 1 if the engines are further apart than they should be."""
    arguments = parse(Arguments, argv, "parity")
    from simgen.bench.parity import ParityOptions, figures, parity
    from simgen.bench.parity.report import check_folder, write_report
    from simgen.commands.progress import part_progress
    from simgen.spec import load_any_task
    from simgen.world.scene.variants import single

    task = single(load_any_task(arguments.task, arguments.overrides))
    folder = arguments.out if arguments.out is not None else Path("parity") / task.name
    check_folder(folder)
    options = ParityOptions(arguments.episodes, arguments.num_envs, arguments.engines, arguments.device, arguments.seed)
    with part_progress() as progress:
        result = parity(task, options, progress, shlex.join(["simgen", "parity", *argv]))
    paths = {name: str(path) for name, path in write_report(result, folder).items()}
    if arguments.json:
        write_json(figures(result) | paths)
    else:
        _show(result, figures(result), paths)
    return 0 if result.ok else 1


def _show(result: Parity, found: dict[str, Any], paths: dict[str, str]) -> None:
    words = {True: "ok", False: "MISSED", None: "not measured"}
    rows: list[tuple[object, ...]] = [
        (target.name, target.value, f"{'>=' if target.at_least else '<='} {target.bound:g}", words[target.ok])
        for target in result.targets()
    ]
    rows += [(f"teacher success, {name}", found[f"success_{name}"], "", "") for name in result.names]
    every = found["open_loop"]["all"]
    if every is not None:
        rows += [
            (f"{label}, median (95 %)", f"{every[key]['median']:.3g} ({every[key]['p95']:.3g})", "", "")
            for key, label in _ERRORS.items()
            if every[key]["median"] is not None
        ]
        rows.append(("episodes with an object > 1 cm apart", f"{every['apart']} of {every['episodes']}", "", ""))
    title = f"{result.task}: {result.names[0]} and {result.names[1]}, {found['episodes']} episodes"
    show_table(title, ("figure", "value", "target", ""), rows)
    for note in result.notes:
        console().print(note, markup=False)
    console().print(f"{paths['report']}  {paths['figures']}", markup=False, soft_wrap=True)


_ERRORS = {
    "joint_error_rad": "joint error [rad]",
    "tool_error_m": "tool error [m]",
    "object_error_m": "object error [m]",
}
