"""Can every object be put where its pose says: is the other thing there, can it carry, and is the place on it?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simgen.spec.base import shown
from simgen.spec.check.bodies import Bodies, check_level, check_name
from simgen.spec.distribution import Distribution
from simgen.spec.pose import PoseSpec
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Registry
from simgen.spec.shape import ShapeSpec
from simgen.spec.task import TaskSpec


def check_placement(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks relations between objects: names, cycles, containers, and places beside the table."""
    for name, body in task.scene.objects.items():
        path: Path = ("scene", "objects", name, "pose")
        pose = body.pose
        others = tuple(other for other in bodies.whole if other != name)
        allowed = others if pose.relation in ("beside", "in") else (*bodies.fixtures, *others)
        named = (*path, pose.relation)
        if pose.target == name:
            yield Problem(named, f"{name} cannot be {pose.relation} itself. Allowed: {', '.join(allowed) or 'nothing'}")
            continue
        missing = list(check_name(named, "object or fixture", pose.target, allowed))
        yield from missing
        if not missing:
            yield from _check_carrier(named, pose, task, registry)
            yield from _check_surface((*path, "xy"), pose, task, registry)
            if pose.level is not None:
                yield from check_level((*path, "level"), pose.level, pose.target, bodies)
    yield from _check_cycles(task)


def _check_carrier(path: Path, pose: PoseSpec, task: TaskSpec, registry: Registry) -> Iterator[Problem]:
    target = task.scene.objects.get(pose.target)
    if target is None:
        return
    if target.marker is not None and pose.relation in ("on", "in"):
        yield Problem(path, f"{pose.target} is a marker and carries nothing. Allowed: above or beside it")
    elif pose.relation == "in":
        closed = [shape.kind for shape in target.shapes if not _holds(shape, registry)]
        if closed:
            open_kinds = ", ".join(sorted(name for name, kind in registry.objects.items() if kind.holds))
            yield Problem(path, f"nothing fits in {pose.target}, a {closed[0]}. Allowed: {open_kinds}, mesh")


def _holds(shape: ShapeSpec, registry: Registry) -> bool:
    return shape.kind == "mesh" or (shape.kind in registry.objects and registry.objects[shape.kind].holds)


def _check_surface(path: Path, pose: PoseSpec, task: TaskSpec, registry: Registry) -> Iterator[Problem]:
    fixture = registry.fixtures.get(task.scene.table.use) if task.scene.table is not None else None
    if pose.target != "table" or pose.relation != "on" or fixture is None or pose.xy is None:
        return
    ends = pose.xy.bounds() if isinstance(pose.xy, Distribution) else (pose.xy, pose.xy)
    if ends is None:
        return
    if np.any(np.asarray(ends[0]) < fixture.low) or np.any(np.asarray(ends[1]) > fixture.high):
        area = f"x {fixture.low[0]:g} to {fixture.high[0]:g} m, y {fixture.low[1]:g} to {fixture.high[1]:g} m"
        yield Problem(path, f"is not on the table. Allowed: {area}")


def _check_cycles(task: TaskSpec) -> Iterator[Problem]:
    reported: set[str] = set()
    for name in task.scene.objects:
        chain = [name]
        while chain[-1] in task.scene.objects:
            following = task.scene.objects[chain[-1]].pose.target
            if following in chain:
                break
            chain.append(following)
        else:
            continue
        circle = chain[chain.index(following) :]
        if len(circle) > 1 and not reported & set(circle):
            reported |= set(circle)
            pose = task.scene.objects[circle[0]].pose
            way = " -> ".join(shown(part)[1:-1] for part in [*circle, circle[0]])
            message = f"objects stand on each other in a circle: {way}. Allowed: one of them on a fixture"
            yield Problem(("scene", "objects", circle[0], "pose", pose.relation), message)
