"""Are observations, rewards and conditions known, with the parameters they take?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simgen.errors import nearest
from simgen.spec.base import shown
from simgen.spec.call import gate_call, observation_call
from simgen.spec.check.bodies import Bodies, check_level, check_name, check_part
from simgen.spec.check.shapes import check_number
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import TYPE_TEXT, Parameter, Registry, Role, Term
from simgen.spec.task import TaskSpec
from simgen.spec.terms import Condition, RewardSpec, TermCall

_AXES = ("x", "y", "z", "-x", "-y", "-z")


def check_terms(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks observation groups, reward, success and failure."""
    for group, calls in (("policy", task.observe.policy), ("privileged", task.observe.privileged)):
        for index, call in enumerate(calls):
            yield from _check_observation(("observe", group, index), call, registry, bodies)
    for index, reward in enumerate(task.reward):
        yield from _check_reward(("reward", index), reward, registry, bodies)
    for index, stage in enumerate(task.stages):
        yield from check_condition(("stages", index, "done"), stage.done, registry, bodies)
    if task.success is not None:
        yield from check_condition(("success",), task.success, registry, bodies)
    if task.failure is not None:
        yield from check_condition(("failure",), task.failure, registry, bodies)


def check_condition(path: Path, condition: Condition, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks every term of a condition that stands at `path`."""
    for place, call in condition.placed_calls(path):
        yield from _check_call(place, call, "condition", registry, bodies)


def _check_observation(path: Path, call: TermCall, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    meant = observation_call(call, bodies.all)
    if meant is not call:
        yield from _check_call(path, meant, "observation", registry, bodies)
        return
    suffix = call.name.rpartition("_")[2]
    if (
        not call.parameters
        and suffix in ("pose", "position", "velocity")
        and call.name not in registry.named("observation")
    ):
        words = [*registry.named("observation"), *(f"{body}_{suffix}" for body in bodies.all)]
        yield from check_name(path, "observation", call.name, tuple(words))
        return
    if call.name == "goal_position":
        yield from check_name(path, "object", "goal", bodies.all)
    if call.name == "is_grasped" and not call.parameters and not bodies.movable:
        yield Problem(path, "is_grasped needs an object that can move, but there is none")
    yield from _check_call(path, call, "observation", registry, bodies)


def _check_reward(path: Path, reward: RewardSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    yield from _check_call(path, reward.term, "reward", registry, bodies)
    term = registry.named("reward").get(reward.term.name)
    if reward.when is None:
        return
    conditions = registry.named("condition")
    unknown = list(check_name((*path, "when"), "condition", reward.when, tuple(conditions)))
    yield from unknown
    if not unknown and term is not None:
        condition = conditions[reward.when]
        needed = [name for name, parameter in condition.parameters.items() if parameter.required]
        lacking = [name for name in needed if name not in gate_call(reward, condition).parameters]
        if lacking:
            message = f"{reward.when!r} needs {', '.join(map(repr, lacking))}, which {term.name!r} does not have"
            yield Problem((*path, "when"), f"{message}. Allowed: conditions on what the term names")


def _check_call(path: Path, call: TermCall, role: Role, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    terms = registry.named(role)
    if call.name not in terms:
        yield from check_name((*path, call.name), role, call.name, tuple(terms))
        return
    term = terms[call.name]
    path = (*path, call.name)
    for name, value in call.parameters.items():
        if name in term.parameters:
            yield from _check_value((*path, name), value, term.parameters[name], bodies)
        else:
            allowed = ", ".join(term.parameters) or "none"
            message = f"{call.name} has no parameter {shown(name)}. Allowed: {allowed}{nearest(name, term.parameters)}"
            yield Problem((*path, name), message)
    yield from _check_unwritten(path, call, term, bodies)
    level, shelf = call.parameters.get("level"), call.parameters.get("on")
    if isinstance(level, float) and isinstance(shelf, str) and level > 0 and "level" in term.parameters:
        yield from check_level((*path, "level"), int(level), shelf, bodies)


def _check_unwritten(path: Path, call: TermCall, term: Term, bodies: Bodies) -> Iterator[Problem]:
    """Reports what must be written, and objects that are meant where nothing is but are not there."""
    for name, parameter in term.parameters.items():
        if name in call.parameters:
            continue
        if parameter.required:
            unit = f" [{parameter.unit}]" if parameter.unit else ""
            message = f"{call.name} needs {name!r}: {parameter.description}{unit}"
            yield Problem(path, f"{message}. Allowed: {TYPE_TEXT[parameter.type]}")
        elif parameter.type == "place" and parameter.default not in bodies.all:
            there = ", ".join(bodies.all) or "none, there are none"
            message = f"{call.name} without {name!r} is about {parameter.default!r}, which is not there"
            yield Problem(path, f"{message}. Allowed: {name!r} with one of {there}")


def _check_value(path: Path, value: Any, parameter: Parameter, bodies: Bodies) -> Iterator[Problem]:
    kind = parameter.type
    if kind in ("float", "int"):
        yield from check_number(path, value, parameter)
    elif isinstance(value, str) and value in bodies.unsure:
        yield from check_part(path, value, bodies)
    elif kind == "part":
        yield from check_part(path, value if isinstance(value, str) else shown(value), bodies)
    elif kind == "flat":
        yield from check_name(path, "flat object", value if isinstance(value, str) else shown(value), bodies.flat)
    elif kind in ("body", "surface", "place") and isinstance(value, str):
        names = {"body": bodies.solid, "surface": (*bodies.solid, *bodies.fixtures), "place": bodies.all}[kind]
        names = (*names, "tcp") if "tcp" in parameter.description else names
        if kind != "place" and value in bodies.markers:
            yield Problem(path, f"{value} is a marker and touches nothing. Allowed: {', '.join(names) or 'none'}")
        else:
            yield from check_name(path, "object", value, names)
    elif not _fits(value, parameter):
        yield Problem(path, f"must be {TYPE_TEXT[kind]}, not {shown(value)}")


def _fits(value: Any, parameter: Parameter) -> bool:
    kind = parameter.type
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("text", "joint"):
        return isinstance(value, str)
    if kind == "axes":
        return isinstance(value, str) and 0 < len(value) == len(set(value) & set("xyz"))
    if kind == "axis" and isinstance(value, str):
        return value in _AXES
    if kind == "region":
        corners = isinstance(value, tuple) and len(value) == 2 and all(_is_vector(corner) for corner in value)
        return corners and all(low < high for low, high in zip(*value, strict=True))
    return kind in ("axis", "vector", "place") and _is_vector(value) and (kind != "axis" or any(value))


def _is_vector(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 3 and all(isinstance(part, float) for part in value)
