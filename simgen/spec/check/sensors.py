"""Do the cameras exist whose sensors are described, and do they make the images that these spoil?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_sensors(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks the names of cameras and their outputs."""
    for name, sensor in (task.sensors or {}).items():
        missing = list(check_name(("sensors", name), "camera", name, tuple(task.cameras)))
        yield from missing
        if missing:
            continue
        for part in ("depth", "rgb"):
            if getattr(sensor, part) is not None and part not in task.cameras[name].outputs:
                made = ", ".join(task.cameras[name].outputs)
                message = f"camera {name} makes no {part} to spoil, only {made}; add it to its outputs"
                yield Problem(("sensors", name, part), message)
