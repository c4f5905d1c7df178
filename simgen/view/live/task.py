"""Which task is watched: one of what a name stands for, with time enough for a person."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

from simgen.errors import BadInput, unknown
from simgen.spec import AnyTask, Mixture, RegisteredSpec, load_task_or_mixture
from simgen.spec.load import load_any_task
from simgen.world.scene.variants import expanded

logger = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds that a person has at least
_LONGEST = 3600.0


def task_to_watch(
    name: str, overrides: Iterable[str] = (), variant: str | None = None, seconds: float | None = None
) -> AnyTask:
    """Returns the task to watch.

    Args:
        name: Of a task or mixture, or the path of a file.
        overrides: Changes such as "episode.max_steps=50".
        variant: Which of several that the name stands for; None: the first.
        seconds: Longest episode [s]; None: the task's own, but PATIENCE at least unless `overrides` say otherwise.

    Raises:
        BadInput: All that is wrong with the task; no such variant; seconds out of range.
    """
    overrides = tuple(overrides)
    if seconds is not None and not (math.isfinite(seconds) and 0.0 < seconds <= _LONGEST):
        raise BadInput(f"--seconds {seconds:g}: allowed is a number above 0, up to {_LONGEST:g}.")
    task = expanded(load_task_or_mixture(name, overrides))
    if isinstance(task, Mixture):
        tasks = {part.task.name: part.task for part in task.parts}
        if variant is not None and variant not in tasks:
            raise unknown("variant", variant, tasks, "--variant")
        if variant is None:
            variant = next(iter(tasks))
            logger.warning(
                "%s stands for %d tasks, and one is watched at a time: this is %s; --variant takes %s",
                task.name, len(tasks), variant, ", ".join(name for name in tasks if name != variant),
            )  # fmt: skip
        task = tasks[variant]
    elif variant not in (None, task.name):
        raise BadInput(f"--variant {variant}: {task.name} is one task; leave it out.")
    if isinstance(task, RegisteredSpec):  # which says itself how long it lasts
        return task
    own = task.episode.max_steps
    if seconds is None and any(change.startswith("episode.max_steps") for change in overrides):
        return task
    wanted = round((seconds or PATIENCE) / task.episode.control_seconds)
    steps = max(1, wanted) if seconds is not None else max(own, wanted)
    return task if steps == own else load_any_task(task.resolved(), [f"episode.max_steps={steps}"])
