"""Do procedural kinds have the sizes and parts that are written, and can objects that must differ do so?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.errors import nearest
from simgen.spec.base import Bounds, shown
from simgen.spec.check.bodies import Bodies, check_name, check_part
from simgen.spec.object import ObjectSpec
from simgen.spec.parts import object_parts, shape_parts
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Parameter, Registry
from simgen.spec.shape import ShapeSpec
from simgen.spec.task import TaskSpec

_METRES = "lengths are in metres, this looks like millimetres"


def check_shapes(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks sizes of procedural kinds and `different_from`."""
    for name, body in task.scene.objects.items():
        path: Path = ("scene", "objects", name)
        if body.choose is not None:
            for index, shape in enumerate(body.choose):
                yield from _check_sizes((*path, "choose", index), shape, registry)
        else:
            yield from _check_sizes((*path, "marker") if body.marker else path, body.shapes[0], registry)
        yield from _check_articulated(path, name, body, bodies)
        yield from _check_difference((*path, "different_from"), name, body, task)


def _check_sizes(path: Path, shape: ShapeSpec, registry: Registry) -> Iterator[Problem]:
    kind = registry.objects.get(shape.kind)
    if kind is None:
        return
    for name, value in shape.parameters.items():
        if name not in kind.parameters:
            allowed = ", ".join(kind.parameters)
            message = f"{shape.kind} has no {shown(name)}. Allowed: {allowed}{nearest(name, kind.parameters)}"
            yield Problem((*path, shape.kind, name), message)
            continue
        yield from check_number((*path, shape.kind, name), value, kind.parameters[name])
    if kind.parts and not shape_parts(shape):
        numbers = [(part.name, kind.parameters[part.counted_by]) for part in kind.parts if part.counted_by is not None]
        least = " or ".join(f"one {part}" for part, _ in numbers)
        allowed = " or ".join(f"1 to {parameter.high:g} {part}s" for part, parameter in numbers)
        yield Problem((*path, shape.kind), f"a {shape.kind} needs at least {least}. Allowed: {allowed}")


def _check_articulated(path: Path, name: str, body: ObjectSpec, bodies: Bodies) -> Iterator[Problem]:
    """What has moving parts must stand still as a whole, and `open` must name its parts."""
    parts = [part.partition(".")[2] for part in object_parts(name, body)]
    moving = [shape.kind for shape in body.shapes if shape_parts(shape)]
    if moving and body.marker is not None:
        called = _with_article(moving[0])
        yield Problem((*path, "marker"), f"{called} has moving parts and is no marker. Allowed: rigid shapes")
    elif moving and not body.fixed:
        called = f"{name}, {_with_article(moving[0])},"
        yield Problem(path, f"{called} has moving parts and must stand fixed. Allowed: add fixed: true")
    for part in body.open:
        if f"{name}.{part}" in bodies.unsure:
            yield from check_part((*path, "open", part), f"{name}.{part}", bodies)
        else:
            yield from check_name((*path, "open", part), "moving part", part, tuple(parts))


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def check_number(path: Path, value: object, parameter: Parameter) -> Iterator[Problem]:
    """Reports a value that is no number, or one out of the parameter's range."""
    hint = _METRES if parameter.unit == "m" else ""
    try:
        Bounds(parameter.low, parameter.high, parameter.unit, hint=hint).check(value, parameter.type == "int")
    except ValueError as error:
        yield Problem(path, str(error))


def _check_difference(path: Path, name: str, body: ObjectSpec, task: TaskSpec) -> Iterator[Problem]:
    others = tuple(other for other in task.scene.objects if other != name)
    for other in body.different_from:
        yield from check_name(path, "object", other, others)
    known = [task.scene.objects[other] for other in dict.fromkeys(body.different_from) if other in others]
    taken = [shape for other in known for shape in other.shapes]
    if known and len(body.shapes) <= len(known) and all(shape in taken for shape in body.shapes):
        message = f"{name} cannot always differ from {', '.join(body.different_from)}"
        yield Problem(path, f"{message}. Allowed: at least {len(known) + 1} shapes to choose from")
    if name in _forerunners(name, task):
        yield Problem(path, f"{name} must differ from objects that must differ from it in turn. Allowed: one direction")


def _forerunners(name: str, task: TaskSpec) -> set[str]:
    """Returns all objects whose shape is drawn before that of `name`."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        body = task.scene.objects.get(waiting.pop())
        fresh = set(body.different_from) - found if body is not None else set()
        found |= fresh
        waiting += fresh
    return found
