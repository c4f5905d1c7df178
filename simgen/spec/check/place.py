"""Does what belongs to a place have one, and is nothing there that a place has no room for?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_place(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks the scene's place, and what is put where it is free."""
    if task.scene.place is not None:
        if task.scene.table is not None:
            yield Problem(("scene", "place"), "a place has no table; write 'table: null' in the scene")
        if task.robot.control != "base_velocity":
            message = f"a robot in a place drives; control is {task.robot.control!r}. Allowed: base_velocity"
            yield Problem(("robot", "control"), message)
        return
    if task.robot.start is not None:
        yield Problem(("robot", "start"), "needs the scene's 'place', in which it is free; add it")
    for name, body in task.scene.objects.items():
        if body.pose.free is not None:
            message = "needs the scene's 'place', in which it is free. Allowed without one: on, above, beside, in"
            yield Problem(("scene", "objects", name, "pose", "free"), message)
