"""What one part of a task demands of another and of the words simgen knows; each check reports all that it finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simgen.spec.check.bodies import Bodies
from simgen.spec.check.cameras import check_cameras
from simgen.spec.check.instruction import check_instruction
from simgen.spec.check.looks import check_looks
from simgen.spec.check.needs import check_needs
from simgen.spec.check.place import check_place
from simgen.spec.check.placement import check_placement
from simgen.spec.check.randomize import check_randomize
from simgen.spec.check.robot import check_robot
from simgen.spec.check.sensors import check_sensors
from simgen.spec.check.shapes import check_shapes
from simgen.spec.check.stages import check_stages
from simgen.spec.check.teacher import check_teacher
from simgen.spec.check.terms import check_terms
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec

__all__ = ["Bodies", "check_task"]

_CHECKS = (
    check_robot,
    check_shapes,
    check_looks,
    check_place,
    check_placement,
    check_cameras,
    check_sensors,
    check_instruction,
    check_terms,
    check_needs,
    check_stages,
    check_randomize,
    check_teacher,
)


def check_task(task: TaskSpec, registry: Registry, bodies: Bodies | None = None) -> list[Problem]:
    """Finds names that do not exist and parts that do not fit each other.

    Args:
        task: A task whose parts are each valid.
        registry: The names that may be used.
        bodies: The objects by name, if the task's own scene is not to be asked.

    Returns:
        Everything that is wrong, with paths as in the file.
    """
    return list(_problems(task, registry, bodies or Bodies.of(task.scene), _CHECKS))


def _problems(task: TaskSpec, registry: Registry, bodies: Bodies, checks: Iterable) -> Iterator[Problem]:
    for check in checks:
        yield from check(task, registry, bodies)
