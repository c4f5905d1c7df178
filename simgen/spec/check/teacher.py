"""Do the teacher's steps name objects that exist, and does the task say when it is done?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies, check_name, check_part
from simgen.spec.check.terms import check_condition
from simgen.spec.problems import Path, Problem
from simgen.spec.push import PushSpec
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec
from simgen.spec.teacher import MoveSpec, TeacherSpec


def check_teacher(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks the steps, and that the task says when it is done."""
    if task.teacher is None:
        return
    if not task.has_goal:
        yield Problem(("teacher",), "a teacher needs 'success', which says whether it solved the task; add it")
    yield from check_steps(task.teacher, registry, bodies)
    yield from _check_stage_names(task)
    if task.teacher.push is not None:
        yield from _check_push(task.teacher.push, bodies)
    if task.teacher.planner is not None:
        yield from check_name(("teacher", "planner", "to"), "object", task.teacher.planner.to, bodies.all)
        if task.scene.place is None:
            message = "a planner needs the scene's 'place', through which it drives; add it"
            yield Problem(("teacher", "planner"), message)


def _check_stage_names(task: TaskSpec) -> Iterator[Problem]:
    assert task.teacher is not None
    stages = tuple(stage.name for stage in task.stages)
    for index, step in enumerate(task.teacher.steps or ()):
        if stages and step.stage is not None:
            yield from check_name(("teacher", "steps", index, "stage"), "stage", step.stage, stages)


def _check_push(push: PushSpec, bodies: Bodies) -> Iterator[Problem]:
    path: Path = ("teacher", "push")
    movable = tuple(name for name in bodies.flat if name in bodies.movable)
    yield from check_name((*path, "body"), "flat object that can move", push.body, movable)
    yield from check_name((*path, "target"), "flat object", push.target, bodies.flat)


def check_steps(teacher: TeacherSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks names in moves and the conditions of steps."""
    for index, step in enumerate(teacher.steps or ()):
        path: Path = ("teacher", "steps", index)
        if step.move is not None:
            yield from _check_move((*path, "move"), step.move, bodies)
        if step.operate is not None:
            yield from check_part((*path, "operate", "part"), step.operate.part, bodies)
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
