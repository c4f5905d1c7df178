"""Do the placeholders of the instruction name objects and what is known of them?"""

from __future__ import annotations

import string
from collections.abc import Iterator

from simgen.errors import nearest
from simgen.spec.base import shown
from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec

ATTRIBUTES = ("color", "kind", "class", "name")


def check_instruction(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks `{object.attribute}` placeholders in the instructions of the task and of its stages."""
    yield from _check_text(("instruction",), task.instruction, bodies)
    for index, stage in enumerate(task.stages):
        yield from _check_text(("stages", index, "instruction"), stage.instruction, bodies)


def _check_text(path: Path, text: str, bodies: Bodies) -> Iterator[Problem]:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        yield Problem(path, f"its braces do not match ({error}). Allowed: {{object.color}}")
        return
    for _, placeholder, form, conversion in parts:
        if placeholder is not None:
            yield from _check_placeholder(path, placeholder, bool(form or conversion), bodies)


def _check_placeholder(path: Path, placeholder: str, decorated: bool, bodies: Bodies) -> Iterator[Problem]:
    body, dot, attribute = placeholder.partition(".")
    if decorated or not dot:
        yield Problem(path, f"placeholder {shown(placeholder)} is not of the form object.attribute, e.g. cube.color")
        return
    yield from check_name(path, "object", body, bodies.all)
    if attribute not in ATTRIBUTES:
        allowed = ", ".join(ATTRIBUTES)
        hint = nearest(attribute, ATTRIBUTES)
        yield Problem(path, f"unknown attribute {shown(attribute)} of {shown(body)}. Allowed: {allowed}{hint}")
