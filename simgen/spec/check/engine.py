"""Is the engine there?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies
from simgen.spec.problems import Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_engine(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Reports an engine that simgen knows by name but does not have."""
    if task.engine is not None and task.engine not in registry.engines:
        yield Problem(("engine",), f"{task.engine} is not available. Allowed: {', '.join(registry.engines)}")
