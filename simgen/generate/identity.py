"""What a dataset is made from, and what its tasks have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simgen.data.manifest import GENERATION, MIXED, TASKS
from simgen.generate.options import GenerateOptions
from simgen.generate.part import TaskPart
from simgen.spec import AnyTask, Mixture, Part


def dataset_spec(task: AnyTask | Mixture, parts: Sequence[TaskPart], options: GenerateOptions) -> dict[str, Any]:
    """Returns the resolved spec with what else decides the content of episodes; a resumed run must not change it."""
    identity = {
        "seed": options.seed,
        "random_policy": common([part.random_policy for part in parts]),
        "noise": options.noise,
        "keep_failures": options.keep_failures,
        "device": options.device.partition(":")[0],
    }
    if not isinstance(task, Mixture):
        (part,) = parts
        return part.task.resolved() | {GENERATION: identity | part.identity()}
    complete = tuple(Part(run.task, part.weight) for run, part in zip(parts, task.parts, strict=True))
    identity[TASKS] = {part.task.name: part.identity() for part in parts}
    return Mixture(task.name, task.description, complete).resolved() | {GENERATION: identity}


def common(names: Sequence[str]) -> str:
    """Returns the name that all have, or that they differ."""
    return names[0] if len(set(names)) == 1 else MIXED


def agreed(notes: dict[str, dict[str, Any]], others: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the tasks' notes on each array have in common."""
    return {
        path: {key: value for key, value in note.items() if others.get(path, {}).get(key) == value}
        for path, note in notes.items()
    }
