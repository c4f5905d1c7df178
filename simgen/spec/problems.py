"""Problems of a task file: collected with the place they stand at, turned into one message."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from simgen.errors import BadInput, nearest
from simgen.spec.base import Spec, shown

Path = tuple[str | int, ...]
_MOST_LINES = 20


@dataclass(frozen=True)
class Problem:
    """Something wrong at a place in a task: keys and list indices from the top, and a message for the user."""

    path: Path
    message: str


class FieldError(BadInput):
    """Something wrong with a field of a task that nothing in the task's text says, e.g. sizes that do not fit.

    Args:
        path: Of the field.
        message: For the user.
    """

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{dotted(path)}: {message}")
        self.problem = Problem(path, message)


def dotted(path: Path) -> str:
    """Returns the path as `--set` takes it, e.g. "reward.0.weight"."""
    return ".".join(key if isinstance(key, str) and key.isprintable() else ascii(key) for key in path)


def raise_problems(problems: Iterable[Problem], origin: Callable[[Path], str], order: Callable[[Path], int]) -> None:
    """Raises one BadInput that lists all problems in the order of the file; does nothing if there are none.

    Args:
        problems: What is wrong.
        origin: Gives the place of a path, e.g. "pick_cube.yaml:12".
        order: Gives the line to sort by.
    """
    listed = sorted(dict.fromkeys(problems), key=lambda problem: order(problem.path))
    if not listed:
        return
    lines = [_line(problem, origin(problem.path)) for problem in listed]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"... and {len(lines) - _MOST_LINES + 1} more problems"]
    raise BadInput("\n".join(lines))


def _line(problem: Problem, origin: str) -> str:
    where = f"{origin}: {dotted(problem.path)[:200]}" if problem.path else origin
    text = f"{where}: {problem.message}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\n", " ")


def structural(error: ValidationError, data: Any, root: type[Spec]) -> list[Problem]:
    """Turns pydantic's errors into ours: paths as in the file, one short message each."""
    errors = error.errors(include_url=False)
    places = [details["loc"] for details in errors]
    found = [_problem(details, data, root) for details in errors if not _follows(details, places)]
    return list(dict.fromkeys(found))


def _follows(details: ErrorDetails, places: list[tuple[str | int, ...]]) -> bool:
    """Whether a list is said to be too short only because its entries are wrong, which is said already."""
    place = details["loc"]
    return details["type"] == "too_short" and any(other[: len(place)] == place != other for other in places)


def _problem(details: ErrorDetails, data: Any, root: type[Spec]) -> Problem:
    kind, location = details["type"], list(details["loc"])
    missing = [location.pop()] if kind == "missing" and location else []
    path = written_path(location, data)
    if kind == "missing":
        return Problem((*path, *missing), "is required but not there")
    if kind == "extra_forbidden":
        allowed = _fields_at(root, location[:-1])
        name = location[-1]
        return Problem(path, f"unknown field {shown(name)}. Allowed: {', '.join(allowed)}{nearest(name, allowed)}")
    message = _message(details)
    if kind in ("model_type", "model_attributes_type"):
        message += f". Allowed: {', '.join(_fields_at(root, location))}"
    return Problem(path, message)


def _message(details: ErrorDetails) -> str:
    kind, context, given = details["type"], details.get("ctx", {}), shown(details["input"])
    if kind == "simgen":
        return details["msg"]
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context.get("expected")))
        return f"{given} is unknown. Allowed: {', '.join(allowed)}{nearest(details['input'], allowed)}"
    if kind in ("string_pattern_mismatch", "string_too_long", "string_too_short", "string_unicode"):
        return f"{given} cannot be used here. Allowed: {_text_rule(kind, context)}"
    words = {
        "bool_type": "must be true or false",
        "string_type": "must be text",
        "model_type": "must be a mapping of fields",
        "dict_type": "must be a mapping of names",
        "mapping_type": "must be a mapping of names",
        "tuple_type": "must be a list",
        "too_short": f"must have at least {context.get('min_length')} entries",
        "too_long": f"must have at most {context.get('max_length')} entries",
    }
    kind = "model_type" if kind == "model_attributes_type" else kind
    return f"{words[kind]}, not {given}" if kind in words else f"{details['msg']} (given: {given})"


_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_]*$": "a letter, then letters, digits and _",
    r"^[A-Za-z][A-Za-z0-9_-]*$": "a letter, then letters, digits, _ and -",
    r"^[A-Za-z][A-Za-z0-9_-]*-v\d+$": "an id such as PickCube-v1",
    r"^(world|body|towards:[A-Za-z][A-Za-z0-9_]*)$": "world, body, towards:<object>",
}


def _text_rule(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(context.get("pattern")), str(context.get("pattern")))
    if kind == "string_too_long":
        return f"at most {context.get('max_length')} characters"
    return "at least 1 character" if kind == "string_too_short" else "valid Unicode"


def written_path(location: Iterable[Any], data: Any) -> Path:
    """Returns pydantic's location as a path in what the user wrote: without tags and with dotted names followed."""
    path: list[str | int] = []
    for step in location:
        names = _steps(step, data)
        for name in names:
            path.append(name)
            data = data[name]
    return tuple(path)


def _steps(step: Any, data: Any) -> list[Any]:
    """Returns the keys that lead to `step` from here: one, several for a dotted name, none for what is not written."""
    if isinstance(data, Mapping):
        if step in data:
            return [step]
        first, dot, rest = str(step).partition(".")
        return [first, *_steps(rest, data[first])] if dot and first in data else []
    return [step] if isinstance(data, list | tuple) and isinstance(step, int) and step < len(data) else []


def _fields_at(root: type[Spec], location: Iterable[Any]) -> list[str]:
    """Returns the fields that may stand at a location of pydantic's, following the types from `root`."""
    here: list[Any] = [root]
    for step in location:
        following = [kind for annotation in here for kind in _inside(annotation, step)]
        here = following or here
    models = [kind for annotation in here for kind in _flat(annotation) if _is_spec(kind)]
    return [info.alias or name for model in models for name, info in model.model_fields.items()]


def _inside(annotation: Any, step: Any) -> list[Any]:
    found = []
    for kind in _flat(annotation):
        if _is_spec(kind):
            found += [info.annotation for name, info in kind.model_fields.items() if (info.alias or name) == step]
        elif typing.get_origin(kind) is dict:
            found.append(typing.get_args(kind)[1])
        elif typing.get_origin(kind) is tuple and isinstance(step, int):
            found.append(typing.get_args(kind)[0])
    return found


def _flat(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _flat(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for part in typing.get_args(annotation) for kind in _flat(part)]
    return [annotation]


def _is_spec(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Spec)
