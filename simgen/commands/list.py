"""List what there is: tasks, robots, objects, terms, what can be randomized, looks; the environments of ManiSkill."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import tyro

from simgen.commands.output import console, parse, show_table, write_json

if TYPE_CHECKING:
    from simgen.spec import AnyTask, Mixture
    from simgen.spec.registry import MovingPart

What = Literal["tasks", "robots", "objects", "terms", "randomizations", "textures", "colors", "maniskill"]
Row = dict[str, Any]
NOTE = "licence_note"  # too long for a column: a line below the table
COMPLETE = "complete in the wheel"


@dataclass
class Arguments:
    """List what there is, with what one needs to choose."""

    what: tyro.conf.Positional[What]
    """What to list."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Lists names, each with what a reader needs to choose one."""
    arguments = parse(Arguments, argv, "list")
    rows = _LISTS[arguments.what]()
    if arguments.json:
        write_json({arguments.what: rows})
    elif arguments.what == "maniskill":
        _show_maniskill(rows)
    else:
        _show(rows)
    return 0


def _show(rows: list[Row]) -> None:
    columns = [name for name in (rows[0] if rows else ("name",)) if name != NOTE]
    show_table("", columns, [tuple(row[name] for name in columns) for row in rows])
    for row in rows:
        if NOTE in row:
            console().print(f"{row['name']}: {row[NOTE]}", markup=False, soft_wrap=True)


def _show_maniskill(rows: list[Row]) -> None:
    """Shows the environments; control modes once per robot, since they are many and most robots are shared."""
    columns = ("name", "steps", "robots", "cameras", "needs")
    show_table(
        "", columns, [(row["name"], row["max_steps"], row["robots"], row["cameras"], row["needs"]) for row in rows]
    )
    modes = {row["robots"][0]: row["control_modes"] for row in rows if row["robots"]}
    console().print()
    show_table("Control modes of the default robots, the default first", ("", ""), modes.items())
    ready = sum(row["ready"] for row in rows)
    console().print(
        f"\n{ready} of {len(rows)} have all they need here (pictures need a Vulkan device, see `simgen doctor`); "
        "`simgen assets fetch NAME` downloads what others need."
    )


def _tasks() -> list[Row]:
    from simgen.spec import load_task_or_mixture, task_names

    tasks = [load_task_or_mixture(path) for paths in task_names().values() for path in paths]
    return [{"name": task.name, "robot": _robots_of(task), "description": task.description} for task in tasks]


def _robots_of(task: AnyTask | Mixture) -> str:
    from simgen.spec import TaskSpec, parts_of

    tasks = [part.task for part in parts_of(task)]
    names = [task.robot.names if isinstance(task, TaskSpec) else (task.robot.use or "",) for task in tasks]
    return ", ".join(dict.fromkeys(name for each in names for name in each))


def _robots() -> list[Row]:
    from simgen.world.robot.card import list_robots, load_card

    cards = [load_card(name) for name in list_robots()]
    return [
        {
            "name": card.name,
            "joints": card.dof,
            "description": card.description.strip(),
            "licence": card.licence.strip(),
            "source": card.source.strip(),
            NOTE: card.licence_note.strip(),
        }
        for card in cards
    ]


def _objects() -> list[Row]:
    from simgen.spec.vocabulary import OBJECTS
    from simgen.world.scene.articulated import ARTICULATED_KINDS
    from simgen.world.scene.objects import OBJECT_KINDS

    rows = []
    for name, kind in (OBJECT_KINDS | ARTICULATED_KINDS).items():
        sizes = {key: f"{size.low:g}..{size.high:g} [{size.unit}]" for key, size in kind.parameters.items()}
        parts = [_part(part) for part in OBJECTS[name].parts] if name in OBJECTS else []
        rows.append({"name": name, "description": kind.description, "parameters": sizes, "parts": parts})
    return rows


def _part(part: MovingPart) -> str:
    """Says what terms call a moving part, behind the name of the object."""
    return part.name if part.counted_by is None else f"{part.name}_1 .. {part.name}_<{part.counted_by}>"


def _terms() -> list[Row]:
    from simgen.spec import default_registry

    rows = []
    for term in default_registry().terms:
        parameters = {
            key: f"{part.unit and f'[{part.unit}] '}{part.description}" for key, part in term.parameters.items()
        }
        rows.append({"name": term.name, "role": term.role, "description": term.description, "parameters": parameters})
    return rows


def _randomizations() -> list[Row]:
    from simgen.spec import default_registry

    return [
        {
            "name": entry.path,
            "unit": entry.unit,
            "default": entry.default,
            "safe_range": _safe(entry.safe, entry.change, entry.words),
            "engines": entry.engines,
            "description": entry.description,
        }
        for entry in default_registry().randomizable
    ]


def _safe(ends: tuple[float, float] | None, change: bool, words: str) -> str:
    """Says what a task usually stands; names of colours and textures all do."""
    if ends is None or (words and ends == (0.0, 1.0)):
        return f"any {words}"
    low, high = (f"{end:+g}" if change else f"{end:g}" for end in ends)
    return f"{low} to {high}"


def _textures() -> list[Row]:
    from simgen.world.scene.texture import TEXTURES

    return [{"name": name} for name in TEXTURES]


def _colors() -> list[Row]:
    from simgen.world.scene.color import COLORS

    return [{"name": name, "rgb": color} for name, color in COLORS.items()]


def _maniskill() -> list[Row]:
    from simgen.env.registered.catalogue import catalogue, missing, missing_packages

    absent = {entry.id: {*missing(entry), *missing_packages(entry)} for entry in catalogue()}
    return [
        {
            "name": entry.id,
            "needs": _needs(entry.downloads, entry.packages, absent[entry.id]),
            "ready": not absent[entry.id],
            "max_steps": entry.max_steps,
            "robots": entry.robots,
            "cameras": entry.cameras,
            "control_modes": entry.control_modes,
            "obs_modes": entry.obs_modes,
            "reward_modes": entry.reward_modes,
        }
        for entry in catalogue()
    ]


def _needs(downloads: Sequence[str], packages: Sequence[str], absent: Set[str]) -> str:
    """Says what an environment needs beyond the mani_skill package."""
    named = [("download", name) for name in downloads] + [("package", name) for name in packages]
    parts = [f"{kind} {name}" if name in absent else f"{kind} {name} (is there)" for kind, name in named]
    return ", ".join(parts) or COMPLETE


_LISTS: dict[What, Callable[[], list[Row]]] = {
    "tasks": _tasks,
    "robots": _robots,
    "objects": _objects,
    "terms": _terms,
    "randomizations": _randomizations,
    "textures": _textures,
    "colors": _colors,
    "maniskill": _maniskill,
}
