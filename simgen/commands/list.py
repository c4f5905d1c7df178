"""List what a task can use: tasks, robots, objects, terms, textures, colors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import tyro

from simgen.commands.output import console, parse, show_table, write_json

What = Literal["tasks", "robots", "objects", "terms", "textures", "colors"]
Row = dict[str, Any]
NOTE = "licence_note"  # too long for a column: a line below the table


@dataclass
class Arguments:
    """List what a task can use."""

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
    else:
        columns = [name for name in (rows[0] if rows else ("name",)) if name != NOTE]
        show_table("", columns, [tuple(row[name] for name in columns) for row in rows])
        for row in rows:
            if NOTE in row:
                console().print(f"{row['name']}: {row[NOTE]}", markup=False, soft_wrap=True)
    return 0


def _tasks() -> list[Row]:
    from simgen.spec import load_task, task_names

    tasks = [load_task(path) for paths in task_names().values() for path in paths]
    return [{"name": task.name, "robot": task.robot.use, "description": task.description} for task in tasks]


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
    from simgen.world.scene.objects import OBJECT_KINDS

    rows = []
    for name, kind in OBJECT_KINDS.items():
        sizes = {key: f"{size.low:g}..{size.high:g} [{size.unit}]" for key, size in kind.parameters.items()}
        rows.append({"name": name, "description": kind.description, "parameters": sizes})
    return rows


def _terms() -> list[Row]:
    from simgen.spec import default_registry

    rows = []
    for term in default_registry().terms:
        parameters = {
            key: f"{part.unit and f'[{part.unit}] '}{part.description}" for key, part in term.parameters.items()
        }
        rows.append({"name": term.name, "role": term.role, "description": term.description, "parameters": parameters})
    return rows


def _textures() -> list[Row]:
    from simgen.world.scene.texture import TEXTURES

    return [{"name": name} for name in TEXTURES]


def _colors() -> list[Row]:
    from simgen.world.scene.color import COLORS

    return [{"name": name, "rgb": color} for name, color in COLORS.items()]


_LISTS: dict[What, Callable[[], list[Row]]] = {
    "tasks": _tasks,
    "robots": _robots,
    "objects": _objects,
    "terms": _terms,
    "textures": _textures,
    "colors": _colors,
}
