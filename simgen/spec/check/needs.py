"""Do the scene and every robot of the task have what its terms, its teacher and the robot's own fields need?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simgen.spec.call import gate_call, observation_call
from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import ABILITIES, Registry, RobotKind, Role
from simgen.spec.robot import RobotSpec
from simgen.spec.task import TaskSpec
from simgen.spec.terms import TermCall

Placed = tuple[Path, Role, TermCall]


@dataclass(frozen=True)
class _Robot:
    """A robot of the task; `changed` are the parts of the task that are different for it, and checked later."""

    name: str
    kind: RobotKind
    changed: frozenset[str]


def check_needs(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks what terms, teacher, command and control mode need of the task and of its robots."""
    robots = tuple(_robots(task.robot, registry))
    yield from _check_control(task, robots)
    if _is_commanded(task.robot):
        yield from _check_ability(("robot", "command"), "moves", "a command", robots, registry)
    for path, role, call in _placed_terms(task, registry, bodies):
        yield from _check_term(path, role, call, task, registry, robots)
    for path, ability, user in _teacher_needs(task):
        yield from _check_ability(path, ability, user, robots, registry)


def _robots(robot: RobotSpec, registry: Registry) -> Iterator[_Robot]:
    changes = {choice.use: choice.set for choice in robot.choose or ()}
    for name in robot.names:
        if name in registry.robot_kinds:
            changed = frozenset(path.partition(".")[0] for path in changes.get(name, ()))
            yield _Robot(name, registry.robot_kinds[name], changed)


def _is_commanded(robot: RobotSpec) -> bool:
    """Says whether it is asked to move; the default, which a task written out has too, is to stand still."""
    return not isinstance(robot.command, tuple) or any(robot.command)


def _check_control(task: TaskSpec, robots: tuple[_Robot, ...]) -> Iterator[Problem]:
    for robot in robots:
        if task.robot.control not in robot.kind.controls and "robot" not in robot.changed:
            message = f"the robot {robot.name} cannot be driven by {task.robot.control!r}"
            yield Problem(("robot", "control"), f"{message}. Allowed: {', '.join(robot.kind.controls)}")


def _check_ability(
    path: Path, ability: str, user: str, robots: tuple[_Robot, ...], registry: Registry
) -> Iterator[Problem]:
    able = [name for name in registry.robots if name in registry.robot_kinds]
    able = [name for name in able if ability in registry.robot_kinds[name].has]
    for robot in robots:
        if ability not in robot.kind.has and path[0] not in robot.changed:
            message = f"the robot {robot.name} has no {ABILITIES[ability]}, which {user} needs"
            yield Problem(path, f"{message}. Allowed: {', '.join(able) or 'none, no robot has one'}")


def _placed_terms(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Placed]:
    """Yields every term of the task with the path at which it stands."""
    for group, calls in (("policy", task.observe.policy), ("privileged", task.observe.privileged)):
        for index, call in enumerate(calls):
            yield ("observe", group, index), "observation", observation_call(call, bodies.all)
    conditions = registry.named("condition")
    for index, reward in enumerate(task.reward):
        yield ("reward", index), "reward", reward.term
        if reward.when in conditions:
            yield ("reward", index, "when"), "condition", gate_call(reward, conditions[reward.when])
    found = [(("stages", index, "done"), stage.done) for index, stage in enumerate(task.stages)]
    found += [((name,), part) for name, part in (("success", task.success), ("failure", task.failure)) if part]
    steps = (task.teacher.steps or ()) if task.teacher is not None else ()
    for index, step in enumerate(steps):
        ends = (("check", step.check), ("done", step.done))
        found += [(("teacher", "steps", index, name), part) for name, part in ends if part]
    for path, condition in found:
        for place, call in condition.placed_calls(path):
            yield place, "condition", call


def _check_term(
    path: Path, role: Role, call: TermCall, task: TaskSpec, registry: Registry, robots: tuple[_Robot, ...]
) -> Iterator[Problem]:
    term = registry.named(role).get(call.name)
    if term is None:
        return
    path = path if path[-1] == "when" else (*path, call.name)
    lacking = {"success": not task.has_goal, "stages": not task.stages, "place": task.scene.place is None}
    if lacking.get(term.needs, False):
        yield Problem(path, f"{call.name!r} needs the task's {term.needs!r}, but there is none")
    needs = "tool" if "tcp" in call.parameters.values() else term.needs
    if needs in ABILITIES:
        yield from _check_ability(path, needs, repr(call.name), robots, registry)
    for name, value in call.parameters.items():
        if name in term.parameters and term.parameters[name].type == "joint" and isinstance(value, str):
            for robot in robots:
                if path[0] not in robot.changed:
                    yield from check_name((*path, name), f"joint of the robot {robot.name}", value, robot.kind.joints)


def _teacher_needs(task: TaskSpec) -> Iterator[tuple[Path, str, str]]:
    """Yields where the teacher first needs something of the robot, what, and what needs it."""
    teacher = task.teacher
    if teacher is None:
        return
    for index, step in enumerate(teacher.steps or ()):
        if step.wait is None:
            yield ("teacher", "steps", index, step.kind), "tool", "a way-point teacher"
            break
    if teacher.push is not None:
        yield ("teacher", "push"), "tool", "this teacher"
    if teacher.planner is not None:
        yield ("teacher", "planner"), "drives", "this teacher"
