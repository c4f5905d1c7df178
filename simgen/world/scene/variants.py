"""Tasks that stand for several: one for each robot, number of objects and set of moving parts, with their weights.

All worlds of an engine's model have the same robot, bodies and joints; what differs in these is a task of its own.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from simgen.errors import BadInput
from simgen.spec import AnyTask, Mixture, Part, ShapeSpec, TaskSpec, load_task, parts_of
from simgen.spec.counted import counted, with_numbers
from simgen.spec.parts import shape_parts

MOST_VARIANTS = 64

Topology = tuple[str, ...]
"""Kind and moving parts of an object; empty for what is rigid. Shapes of one topology can share a model."""


def variants_of(task: TaskSpec) -> tuple[Part, ...]:
    """Returns the tasks that a task stands for, with their shares of its episodes.

    They are called <task>-<robot>, <task>-3clutter, <task>-cabinet_2drawer and so on; a task in which nothing of this
    is left open is its own only variant.

    Raises:
        BadInput: There are too many, or what is written for one robot does not fit the task.
    """
    variants = [
        Part(with_parts, robot.weight * share)
        for robot in _by_robot(task)
        for numbered in _by_number(robot.task)
        for with_parts, share in _by_topology(numbered)
    ]
    if len(variants) > MOST_VARIANTS:
        raise _too_many(task, len(variants))
    total = sum(part.weight for part in variants)
    return tuple(Part(_checked(part.task, task), part.weight / total) for part in variants)


def expanded(task: AnyTask | Mixture) -> AnyTask | Mixture:
    """Returns a task or mixture with all its variants written out: a mixture wherever there are several.

    Raises:
        BadInput: As `variants_of`; two tasks of the mixture have the same name.
    """
    parts = tuple(
        Part(variant.task, part.weight * variant.weight)
        for part in parts_of(task)
        for variant in (variants_of(part.task) if isinstance(part.task, TaskSpec) else (Part(part.task, 1.0),))
    )
    twice = [name for name, number in Counter(part.task.name for part in parts).items() if number > 1]
    if twice:
        raise BadInput(f"{task.name}: several of its tasks are called {twice[0]!r}. Allowed: give them other names")
    if isinstance(task, Mixture):
        return Mixture(task.name, task.description, parts)
    return parts[0].task if len(parts) == 1 else Mixture(task.name, task.description, parts)


def single(task: AnyTask) -> AnyTask:
    """Returns the only variant of a task, where a command needs one.

    Raises:
        BadInput: There are several.
    """
    found = expanded(task)
    if isinstance(found, Mixture):
        names = ", ".join(part.task.name for part in found.parts)
        raise BadInput(
            f"{task.name}: stands for {len(found.parts)} tasks ({names}), and this needs one. Allowed: narrow it, e.g. "
            "--set robot.choose=[panda] or --set scene.objects.clutter.count=3"
        )
    return found


def topology_of(shape: ShapeSpec) -> Topology:
    """Returns what worlds whose object has this shape have in common."""
    parts = shape_parts(shape)
    return (shape.kind, *parts) if parts else ()


def _by_robot(task: TaskSpec) -> Iterator[Part]:
    if task.robot.choose is None:
        yield Part(task, 1.0)
        return
    for index, robot in enumerate(task.robot.choose):
        data = task.resolved()
        data["name"] = f"{task.name}-{robot.use}"
        del data["robot"]["choose"]
        data["robot"]["use"] = robot.use
        changes = [f"{_in_full(path)}={json.dumps(value)}" for path, value in robot.set.items()]
        yield Part(_loaded(data, changes, f"{task.name}: robot.choose.{index}.set"), robot.weight)


def _in_full(path: str) -> str:
    """Returns the path of a change in the task that is written out: there a teacher's list of steps has a name."""
    first, dot, rest = path.partition(".")
    return f"teacher.steps.{rest}" if dot and first == "teacher" and rest[:1].isdecimal() else path


def _by_number(task: AnyTask) -> Iterator[TaskSpec]:
    assert isinstance(task, TaskSpec)
    ranges = counted(task)
    if not ranges:
        yield task
        return
    if math.prod(len(numbers) for numbers in ranges.values()) > MOST_VARIANTS:
        raise _too_many(task, math.prod(len(numbers) for numbers in ranges.values()))
    for numbers in itertools.product(*ranges.values()):
        found = dict(zip(ranges, numbers, strict=True))
        words = [f"-{number}{name}" for name, number in found.items() if isinstance(_count(task, name), tuple)]
        yield with_numbers(task, found).model_copy(update={"name": task.name + "".join(words)})


def _count(task: TaskSpec, name: str) -> object:
    return task.scene.written[name].count


def _by_topology(task: TaskSpec) -> Iterator[tuple[TaskSpec, float]]:
    """Splits what objects may choose from by the moving parts that it has; a task's share is that of its shapes."""
    groups = {name: _topologies(body.shapes) for name, body in task.scene.objects.items()}
    open_ones = {name: found for name, found in groups.items() if len(found) > 1}
    if not open_ones:
        yield task, 1.0
        return
    if math.prod(len(found) for found in open_ones.values()) > MOST_VARIANTS:
        raise _too_many(task, math.prod(len(found) for found in open_ones.values()))
    for choice in itertools.product(*(found.items() for found in open_ones.values())):
        objects, words, share = dict(task.scene.objects), [], 1.0
        for name, (topology, shapes) in zip(open_ones, choice, strict=True):
            share *= len(shapes) / len(objects[name].shapes)
            objects[name] = objects[name].model_copy(update={"choose": shapes})
            words.append(f"-{name}_{_words(topology, name)}")
        scene = task.scene.model_copy(update={"objects": objects})
        yield task.model_copy(update={"scene": scene, "name": task.name + "".join(words)}), share


def _topologies(shapes: tuple[ShapeSpec, ...]) -> Mapping[Topology, tuple[ShapeSpec, ...]]:
    groups: dict[Topology, tuple[ShapeSpec, ...]] = {}
    for shape in shapes:
        topology = topology_of(shape)
        groups[topology] = (*groups.get(topology, ()), shape)
    return groups


def _words(topology: Topology, name: str) -> str:
    """Says what parts there are, e.g. "2drawer_1door"; with the kind where the object is not called so."""
    if not topology:
        return "rigid"
    kind = topology[0]
    numbers = Counter(part.rstrip("0123456789").rstrip("_") for part in topology[1:])
    words = [f"{number}{part}" for part, number in numbers.items()]
    return "_".join(words if kind in name else [kind, *words])


def _checked(task: AnyTask, origin: TaskSpec) -> AnyTask:
    """Reads a variant again, so that a name that is too long or an object that is missing is told."""
    return task if task is origin else _loaded(task.resolved(), (), f"{origin.name}: as {task.name}")


def _loaded(data: Mapping[str, Any], changes: list[str] | tuple[()], place: str) -> TaskSpec:
    try:
        return load_task(data, changes)
    except BadInput as error:
        lines = str(error).splitlines()
        raise BadInput("\n".join(f"{place}: {line}" for line in lines)) from None


def _too_many(task: AnyTask, number: int) -> BadInput:
    return BadInput(
        f"{task.name}: stands for {number} tasks, since each robot, number of objects and set of moving parts is one "
        f"of its own. Allowed: at most {MOST_VARIANTS}"
    )
