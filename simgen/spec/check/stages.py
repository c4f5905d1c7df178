"""Do the stages of a chained task have names of their own?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.base import shown
from simgen.spec.check.bodies import Bodies
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_stages(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks that no two stages share a name."""
    names = [stage.name for stage in task.stages]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"stage {shown(name)} is there twice. Allowed: a name of its own for each stage"
            yield Problem(("stages", index, "name"), message)
