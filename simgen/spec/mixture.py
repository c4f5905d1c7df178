"""Several tasks that make one dataset, by weight: what a user writes, and the tasks that it means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, Strict

from simgen.errors import BadInput
from simgen.spec.base import Bounds, Spec, Text
from simgen.spec.document import Document
from simgen.spec.load import MIXTURE, AnyTask, Source, any_task_of, checked, load_any_task, read_source
from simgen.spec.overrides import apply_overrides
from simgen.spec.problems import Problem, raise_problems
from simgen.spec.task import TaskName

_TaskText = Annotated[str, Strict(), Field(min_length=1, max_length=1000)]


class PartSpec(Spec):
    """One of the tasks of a mixture."""

    task: _TaskText | dict[str, Any] = Field(
        description="Name or path of a task (from the mixture's folder), id of a ManiSkill environment, or a task."
    )
    weight: Annotated[float, Bounds(0.0, 1e6, above=True)] = Field(
        default=1.0, description="Share of the episodes, beside those of the other tasks."
    )
    name: TaskName | None = Field(
        default=None, description="What episodes call it; needed where a task occurs more than once."
    )
    set: Annotated[dict[_TaskText, Any], Field(max_length=100)] = Field(
        default_factory=dict, description="Changes to the task, e.g. {robot.use: xarm7}."
    )


class MixtureSpec(Spec):
    """Tasks with weights; `simgen generate` makes one dataset from them."""

    name: TaskName = Field(description="Unique name of the mixture.")
    description: Text = Field(default="", description="For readers.")
    mixture: Annotated[tuple[PartSpec, ...], Field(min_length=1, max_length=256)] = Field(
        description="The tasks and their weights."
    )


@dataclass(frozen=True)
class Part:
    """A task of a mixture and its share of the episodes, beside those of the others."""

    task: AnyTask
    weight: float


@dataclass(frozen=True)
class Mixture:
    """Tasks that make one dataset; no two have the same name."""

    name: str
    description: str
    parts: tuple[Part, ...]

    def resolved(self) -> dict[str, Any]:
        """Returns the mixture with its tasks written out, JSON-able; reading it again gives an equal mixture."""
        parts = [{"task": part.task.resolved(), "weight": part.weight} for part in self.parts]
        return {"name": self.name, "description": self.description, MIXTURE: parts}


def load_task_or_mixture(source: Source, overrides: Iterable[str] = ()) -> AnyTask | Mixture:
    """Reads and checks a task, or a mixture of tasks.

    Args:
        source: Path of a file, name of a task or mixture that simgen ships, id of a registered environment, or a
            mapping such as `resolved` gives.
        overrides: Changes such as "episode.max_steps=50". Those of a mixture change each of its tasks, except what
            begins with "mixture.", "name" or "description".

    Raises:
        BadInput: All that is wrong, one line each.
    """
    document, folder = read_source(source)
    if not isinstance(document.data, Mapping) or MIXTURE not in document.data:
        return any_task_of(document, folder, overrides)
    if isinstance(source, Mapping):
        document.name = MIXTURE  # what messages call something without a file
    own, common = _sorted(overrides)
    apply_overrides(document, own)
    spec = checked(document, MixtureSpec)
    parts = tuple(_part(part, number, document, folder, common) for number, part in enumerate(spec.mixture))
    _require_names(parts, document)
    return Mixture(spec.name, spec.description, parts)


def parts_of(task: AnyTask | Mixture) -> tuple[Part, ...]:
    """Returns the tasks of a mixture, or a task as the only part."""
    return task.parts if isinstance(task, Mixture) else (Part(task, 1.0),)


def _sorted(overrides: Iterable[str]) -> tuple[list[str], list[str]]:
    """Tells changes of the mixture from those of all its tasks."""
    own: list[str] = []
    common: list[str] = []
    for override in overrides:
        first = override.partition("=")[0].strip().split(".")[0]
        (own if first in MixtureSpec.model_fields else common).append(override)
    return own, common


def _part(spec: PartSpec, number: int, document: Document, folder: Path | None, common: list[str]) -> Part:
    changes = [f"{path}={json.dumps(value)}" for path, value in spec.set.items()]
    if spec.name is not None:
        changes.append(f"name={spec.name}")
    source = spec.task
    if isinstance(source, str) and folder is not None and source.endswith((".yaml", ".yml")):
        source = str(folder / source)
    try:
        return Part(load_any_task(source, [*changes, *common]), spec.weight)
    except BadInput as error:
        place = document.origin((MIXTURE, number))
        lines = str(error).splitlines()
        raise BadInput("\n".join(f"{place}: {MIXTURE}.{number}: {line}" for line in lines)) from None


def _require_names(parts: tuple[Part, ...], document: Document) -> None:
    seen: dict[str, int] = {}
    problems = []
    for number, part in enumerate(parts):
        first = seen.setdefault(part.task.name, number)
        if first != number:
            text = f"is called {part.task.name!r}, as {MIXTURE}.{first} is. Allowed: give one of them a `name`"
            problems.append(Problem((MIXTURE, number), text))
    raise_problems(problems, document.origin, document.line)
