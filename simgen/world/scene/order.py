"""Which object of a task is drawn after which: what depends on another waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simgen.spec.object import ObjectSpec
from simgen.spec.task import TaskSpec


def placement_order(task: TaskSpec) -> list[str]:
    """Returns the objects after those that their poses refer to, else in the order of the file."""
    return _in_order(task, lambda spec: (spec.pose.target,))


def choosing_order(task: TaskSpec) -> list[str]:
    """Returns the objects after those that they must differ from, else in the order of the file."""
    return _in_order(task, lambda spec: spec.different_from)


def _in_order(task: TaskSpec, awaited: Callable[[ObjectSpec], Iterable[str]]) -> list[str]:
    """Where two wait for each other, the later one in the file comes first."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen or name not in task.scene.objects:
            return
        seen.add(name)
        for other in awaited(task.scene.objects[name]):
            visit(other)
        order.append(name)

    for name in task.scene.objects:
        visit(name)
    return order
