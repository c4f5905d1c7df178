"""Check task files without simulating them, and say what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from simgen.commands.output import Overrides, console, parse, show_table, write_json
from simgen.errors import BadInput
from simgen.spec import AnyTask, Mixture, RegisteredSpec, TaskSpec, load_task_or_mixture, parts_of
from simgen.spec.locate import located
from simgen.spec.problems import FieldError
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.variants import expanded

_SCENES = 8  # scenes that are drawn to see that the objects fit


@dataclass
class Arguments:
    """Check task files without simulating: fields, names, ranges, and that the objects of eight scenes fit."""

    tasks: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="TASK ...")]
    """Task files, or names of tasks that simgen ships."""
    overrides: Overrides = ()
    """Change a field before the check, e.g. episode.max_steps=50; can be repeated."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Checks every file and reports all that is wrong, not only the first."""
    arguments = parse(Arguments, argv, "validate")
    if not arguments.tasks:
        raise BadInput("no task is given. Allowed: files, or names as `simgen list tasks` shows them.")
    results = [_validate(name, arguments.overrides) for name in arguments.tasks]
    ok = all(result["ok"] for result in results)
    if arguments.json:
        write_json({"ok": ok, "files": results})
    return 0 if ok else BadInput.exit_code


def _validate(name: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    """Checks one file, tells the person at the terminal, and returns the same for a script."""
    try:
        written = load_task_or_mixture(name, overrides)
        task = _expanded(written, name)
        for part in parts_of(task):
            _look_deeper(part.task, written, name, overrides)
    except BadInput as error:
        console().print(f"{error}", style="red", markup=False, soft_wrap=True)
        return {"file": name, "ok": False, "error": str(error)}
    content = _content(task)
    rows = [(key, value) for key, value in content.items() if key != "name"]
    show_table(f"{name}: OK", ("", ""), rows)
    return {"file": name, "ok": True, **content}


def _expanded(task: AnyTask | Mixture, name: str) -> AnyTask | Mixture:
    """Writes out the variants of a task, whose changes are checked with that."""
    try:
        return expanded(task)
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from error


def _look_deeper(task: AnyTask, written: AnyTask | Mixture, name: str, overrides: tuple[str, ...]) -> None:
    """Draws some scenes, which is where objects that cannot be placed come to light; looks ids up in ManiSkill."""
    try:
        if isinstance(task, RegisteredSpec):
            from simgen.env.registered.catalogue import check_names

            check_names(task)
            return
        sampler = SceneSampler(task, layout_of(task))
        for seed in range(_SCENES):
            sampler.sample(seed)
    except FieldError as error:
        if isinstance(written, TaskSpec) and isinstance(task, TaskSpec):
            raise located(error, name, overrides, written, task) from error
        raise BadInput(f"{name}: {task.name}: {error}") from error
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from error


def _content(task: AnyTask | Mixture) -> dict[str, Any]:
    if isinstance(task, Mixture):
        total = sum(part.weight for part in task.parts)
        return {"name": task.name, "shares": {part.task.name: part.weight / total for part in task.parts}}
    if isinstance(task, RegisteredSpec):
        return {
            "name": task.name,
            "env_id": task.env_id,
            "instruction": task.instruction,
            "robot": task.robot.use,
            "control": task.robot.control,
            "steps": task.episode.max_steps,
            "teacher": task.teacher is not None,
        }
    return {
        "name": task.name,
        "instruction": task.instruction,
        "robot": task.robot.use,
        "control": task.robot.control,
        "objects": list(task.scene.objects),
        "cameras": {name: f"{view.size[0]}x{view.size[1]}" for name, view in task.cameras.items()},
        "steps": task.episode.max_steps,
        "randomized": list(task.randomize),
        "success": task.success is not None,
        "teacher": task.teacher is not None,
    }
