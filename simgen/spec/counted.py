"""Objects that are there several times: a task with `count` as one that names each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simgen.spec.object import MOST_OBJECTS, ObjectSpec
from simgen.spec.problems import Problem
from simgen.spec.task import TaskSpec

_NUMBERED = re.compile(r"^(.+)_\d+$")


def counted(task: TaskSpec) -> dict[str, range]:
    """Returns how many there may be of the objects that have a `count`."""
    found = {name: body.counts for name, body in task.scene.objects.items()}
    return {name: numbers for name, numbers in found.items() if numbers is not None}


def with_numbers(task: TaskSpec, numbers: Mapping[str, int]) -> TaskSpec:
    """Returns the task with so many of each counted object: clutter_1, clutter_2 ...; what `randomize` says of clutter
    holds for each of them that it does not name."""
    if not numbers:
        return task
    objects: dict[str, ObjectSpec] = {}
    for name, body in task.scene.objects.items():
        single = body.model_copy(update={"count": None})
        objects |= dict.fromkeys(_names(name, numbers[name]), single) if name in numbers else {name: body}
    randomize = {}
    for path, drawn in task.randomize.items():
        name, dot, rest = path.partition(".")
        names = _names(name, numbers[name]) if dot and name in numbers else [name]
        randomize |= {f"{each}{dot}{rest}": drawn for each in names if f"{each}{dot}{rest}" not in task.randomize}
    randomize |= {path: drawn for path, drawn in task.randomize.items() if path.partition(".")[0] not in numbers}
    scene = task.scene.model_copy(update={"objects": objects})
    return task.model_copy(update={"scene": scene, "randomize": randomize})


def fewest(task: TaskSpec) -> TaskSpec:
    """Returns the task with the lowest number of each counted object: what is there for sure, and may be named."""
    return with_numbers(task, {name: numbers[0] for name, numbers in counted(task).items()})


def as_written(problem: Problem, task: TaskSpec) -> Problem:
    """Returns a problem of `fewest(task)` at the place where the user wrote the object: clutter, not clutter_2."""
    path = problem.path
    if path[:2] != ("scene", "objects") or len(path) < 3 or path[2] in task.scene.objects:
        return problem
    match = _NUMBERED.match(str(path[2]))
    return problem if match is None else Problem((*path[:2], match.group(1), *path[3:]), problem.message)


def unread_names(objects: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns objects as written, though something in them is wrong, under the names that others may call them by."""
    found: dict[Any, Any] = {}
    for name, body in objects.items():
        if isinstance(body, Mapping) and "count" in body:
            found |= dict.fromkeys(_names(name, MOST_OBJECTS), body)
        else:
            found[name] = body
    return found


def _names(name: str, number: int) -> list[str]:
    return [f"{name}_{index + 1}" for index in range(number)]
