"""Is the robot known, and are objects and cameras named so that paths to them are clear?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.base import shown
from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec

RESERVED = ("table", "robot", "ground", "camera", "light", "background", "physics", "world", "tcp")


def check_robot(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks the robot's name and the names of objects."""
    if task.robot.use is not None:
        yield from check_name(("robot", "use"), "robot", task.robot.use, registry.robots)
    for index, robot in enumerate(task.robot.choose or ()):
        yield from check_name(("robot", "choose", index), "robot", robot.use, registry.robots)
    for name in bodies.whole:
        if name in RESERVED:
            message = f"an object cannot be called {shown(name)}. Allowed: any name but {', '.join(RESERVED)}"
            yield Problem(("scene", "objects", name), message)
