"""Do the teacher's steps name objects that exist, and does the task say when it is done?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.check.terms import check_condition
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec
from simgen.spec.teacher import MoveSpec, TeacherSpec


def check_teacher(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks the steps, and that the task says when it is done."""
    if task.teacher is None:
        return
    if task.success is None:
        yield Problem(("teacher",), "a teacher needs 'success', which says whether it solved the task; add it")
    yield from check_steps(task.teacher, registry, bodies)


def check_steps(teacher: TeacherSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks names in moves and the conditions of steps."""
    for index, step in enumerate(teacher.steps):
        path: Path = ("teacher", "steps", index)
        if step.move is not None:
            yield from _check_move((*path, "move"), step.move, bodies)
        for name, condition in (("check", step.check), ("done", step.done)):
            if condition is not None:
                yield from check_condition((*path, name), condition, registry, bodies)


def _check_move(path: Path, move: MoveSpec, bodies: Bodies) -> Iterator[Problem]:
    if isinstance(move.to, str):
        yield from check_name((*path, "to"), "object", move.to, (*bodies.all, "tcp"))
    if move.towards is not None:
        yield from check_name((*path, "frame"), "object", move.towards, bodies.all)
    if move.carry is not None:
        yield from check_name((*path, "carry"), "object", move.carry, bodies.movable)
