"""Changes to a task from the command line: `--set episode.max_steps=50`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simgen.errors import BadInput
from simgen.spec.base import shown
from simgen.spec.document import Document, read_value
from simgen.spec.problems import Path


def apply_overrides(document: Document, overrides: Iterable[str]) -> None:
    """Writes values into a document before it is checked.

    Args:
        document: What the file holds; changed in place. Faults in a value are then reported with `--set ...` as place.
        overrides: "path=value" each: keys and list indices joined by dots, and a YAML value.

    Raises:
        BadInput: Not of that form, or a path that leads through something that is no mapping or list.
    """
    for override in overrides:
        path_text, equals, value_text = override.partition("=")
        label = f"--set {path_text.strip()}"[:200]
        if not equals or not path_text.strip():
            raise BadInput(f"--set {shown(override)}: has no value. Allowed: path=value, e.g. episode.max_steps=50")
        value = read_value(value_text, label)
        _write(document, path_text.strip().split("."), value, label)


def _write(document: Document, steps: list[str], value: Any, label: str) -> None:
    holder: Any = document.data
    path: Path = ()
    while True:
        key, used = _key(holder, steps, path, label)
        path, steps = (*path, key), steps[used:]
        if not steps:
            break
        if isinstance(holder, dict) and holder.get(key) is None:
            holder[key] = {}
            document.labels[path] = label
        holder = holder[key]
    document.forget(path)
    holder[key] = value
    document.labels[path] = label


def _key(holder: Any, steps: list[str], path: Path, label: str) -> tuple[str | int, int]:
    """Returns the next key or index and how many steps it takes: keys such as `cube.mass` have dots themselves."""
    if isinstance(holder, dict):
        for used in range(len(steps), 1, -1):
            if ".".join(steps[:used]) in holder:
                return ".".join(steps[:used]), used
        return steps[0], 1
    where = ".".join(map(str, path)) or "the task"
    if isinstance(holder, list):
        last = len(holder) - 1
        if not steps[0].isdecimal() or len(steps[0]) > 9 or int(steps[0]) > last:
            allowed = f"an index from 0 to {last}" if holder else "nothing, the list is empty"
            raise BadInput(
                f"{label}: {where} is a list of {len(holder)}, so {shown(steps[0])} is not in it. Allowed: {allowed}"
            )
        return int(steps[0]), 1
    raise BadInput(f"{label}: {where} is {shown(holder)}, so it has no {shown(steps[0])}. Allowed: {where}=value")
