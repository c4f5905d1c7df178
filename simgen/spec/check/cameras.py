"""Do the objects exist that cameras look at or are mounted on?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_cameras(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks names in `look_at` and, where the robot's links are known, in `mount`."""
    links = registry.links.get(task.robot.use or "")  # several robots are checked one by one
    for name, camera in task.cameras.items():
        if isinstance(camera.look_at, str):
            if camera.mount is not None:
                message = "a mounted camera looks at a point in the frame of its mount. Allowed: [x, y, z]"
                yield Problem(("cameras", name, "look_at"), message)
            yield from check_name(("cameras", name, "look_at"), "object", camera.look_at, bodies.all)
        if camera.mount is not None and links is not None:
            yield from check_name(("cameras", name, "mount"), "link or object", camera.mount, (*links, *bodies.solid))
