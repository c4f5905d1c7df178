"""Objects that are there several times: a task with `count` or distractors as one that names each of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from simgen.spec.call import observation_call
from simgen.spec.distractors import DISTRACTOR
from simgen.spec.distribution import Distribution
from simgen.spec.object import MOST_OBJECTS, ObjectSpec
from simgen.spec.problems import Path, Problem
from simgen.spec.task import TaskSpec
from simgen.spec.terms import TermCall

Members = Mapping[str, list[str]]
"""What the objects of a group are called: clutter: [clutter_1, clutter_2]."""

_NUMBERED = re.compile(r"^(.+)_\d+$")


def counted(task: TaskSpec) -> dict[str, range]:
    """Returns how many there may be of the objects that have a `count`, and of the distractors."""
    found = {name: body.counts for name, body in task.scene.written.items()}
    return {name: numbers for name, numbers in found.items() if numbers is not None}


def with_numbers(task: TaskSpec, numbers: Mapping[str, int]) -> TaskSpec:
    """Returns the task with so many of each counted object: clutter_1, clutter_2 ...

    What the task says of clutter holds for each of them: what is drawn for it, unless `randomize` names one; what is
    observed of it; and whose shape must differ from it, so that clutter that differs from clutter differs in itself.
    """
    if not numbers:
        return task
    members = {name: _names(name, number) for name, number in numbers.items()}
    objects: dict[str, ObjectSpec] = {}
    for name, body in task.scene.written.items():
        for index, each in enumerate(members.get(name, [name])):
            groups = {**members, name: members[name][:index]} if name in members else members
            others = [other for written in body.different_from for other in groups.get(written, [written])]
            objects[each] = body.model_copy(update={"count": None, "different_from": tuple(others)})
    observe = {
        group: tuple(single for call in calls for single in _spread_call(call, members))
        for group, calls in (("policy", task.observe.policy), ("privileged", task.observe.privileged))
    }
    parts = {
        "scene": task.scene.model_copy(update={"objects": objects, "distractors": None}),
        "observe": task.observe.model_copy(update=observe),
        "randomize": _spread_draws(task.randomize, members),
    }
    return task.model_copy(update=parts)


def fewest(task: TaskSpec) -> TaskSpec:
    """Returns the task with the lowest number of each counted object: what is there for sure, and may be named.

    Of what may be absent there is one, so that it is checked.
    """
    return with_numbers(task, {name: max(1, numbers[0]) for name, numbers in counted(task).items()})


def most(task: TaskSpec) -> TaskSpec:
    """Returns the task with the highest number of each counted object."""
    return with_numbers(task, {name: max(1, numbers[-1]) for name, numbers in counted(task).items()})


def as_written(problems: Iterable[Problem], task: TaskSpec) -> list[Problem]:
    """Returns problems of `fewest(task)` or `most(task)` at the places where the user wrote it: clutter, not clutter_2.

    What is said of each object of a group is said once, of the last one.
    """
    said: Counter[Path] = Counter()
    found: dict[tuple[Path, int], Problem] = {}
    for problem in problems:
        path = _written_path(problem.path, task)
        found[path, said[problem.path]] = Problem(path, problem.message)
        said[problem.path] += 1
    return list(found.values())


def unread_names(scene: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns a scene's objects, though something in it is wrong, under the names that others may call them by."""
    objects = scene.get("objects")
    objects = dict(objects) if isinstance(objects, Mapping) else {}
    groups = {name: body for name, body in objects.items() if isinstance(body, Mapping) and "count" in body}
    if scene.get("distractors") is not None:
        groups[DISTRACTOR] = scene["distractors"]
    for name, body in groups.items():
        objects |= dict.fromkeys([name, *_names(name, MOST_OBJECTS)], body)
    return objects


def _names(name: str, number: int) -> list[str]:
    return [f"{name}_{index + 1}" for index in range(number)]


def _spread_call(call: TermCall, members: Members) -> Iterable[TermCall]:
    """The observation once for each object of a group that it names."""
    meant = observation_call(call, members)
    for name, value in meant.parameters.items():
        if isinstance(value, str) and value in members:
            return [TermCall(name=meant.name, parameters={**meant.parameters, name: each}) for each in members[value]]
    return [call]


def _spread_draws(randomize: Mapping[str, Distribution], members: Members) -> dict[str, Distribution]:
    """What is drawn for a group, for each of its objects that `randomize` does not name."""
    single = {path: drawn for path, drawn in randomize.items() if path.partition(".")[0] not in members}
    spread: dict[str, Distribution] = {}
    for path, drawn in randomize.items():
        name, dot, rest = path.partition(".")
        spread |= {f"{each}{dot}{rest}": drawn for each in members.get(name, ())}
    return spread | single


def _written_path(path: Path, task: TaskSpec) -> Path:
    part, *rest = path or ("",)
    if path[:2] == ("scene", "objects") and len(path) > 2:
        name = _group(str(path[2]), task)
        is_distractor = name == DISTRACTOR and task.scene.distractors is not None
        return ("scene", "distractors", *path[3:]) if is_distractor else ("scene", "objects", name, *path[3:])
    if part == "randomize" and rest and rest[0] not in task.randomize:
        name, dot, what = str(rest[0]).partition(".")
        return ("randomize", f"{_group(name, task)}{dot}{what}", *rest[1:])
    if part == "observe" and len(rest) > 1:
        return ("observe", rest[0], _written_index(int(rest[1]), str(rest[0]), task), *rest[2:])
    return path


def _group(name: str, task: TaskSpec) -> str:
    """The group that a numbered object is one of, or its own name."""
    match = _NUMBERED.match(name)
    return match.group(1) if match is not None and match.group(1) in counted(task) else name


def _written_index(index: int, group: str, task: TaskSpec) -> int:
    """Where in the task as written the observation stands that became number `index`."""
    members = {name: _names(name, max(1, numbers[0])) for name, numbers in counted(task).items()}
    calls = getattr(task.observe, group)
    origins = [number for number, call in enumerate(calls) for _ in _spread_call(call, members)]
    return origins[index]
