"""YAML (and plain mappings) as plain values with the line of each, read defensively: no tags, no bombs, no duplicates.

Scalars follow YAML 1.2: only true and false are booleans, so that `on`, `off`, `yes` and `no` are words, and 1e-3 is a
number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from simgen.errors import BadInput
from simgen.spec.base import shown
from simgen.spec.problems import Path, Problem, dotted

LARGEST_FILE = 1024 * 1024
_MOST_NODES = 20000
_DEEPEST = 40
_YAML = "tag:yaml.org,2002:"


class _Resolver(BaseResolver):
    """The plain scalars of YAML 1.2's core schema."""


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Resolver.add_implicit_resolver(_YAML + _tag, re.compile(f"^(?:{_pattern})$"), _first)


class _TooMuch(Exception):
    """The document is larger or deeper than any task."""


class _Loader(Reader, Scanner, Parser, Composer, _Resolver):
    """Composes nodes and stops where a document gets too large or too deep."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _Resolver.__init__(self)
        self._count = self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._count += 1
        self._depth += 1
        _guard(self._count, self._depth)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _guard(count: int, depth: int) -> None:
    if count > _MOST_NODES:
        raise _TooMuch(f"holds more than {_MOST_NODES} values once its aliases (*name) are expanded. Allowed: fewer")
    if depth > _DEEPEST:
        raise _TooMuch(f"is nested deeper than any task. Allowed: {_DEEPEST} levels")


@dataclass
class Document:
    """What a user wrote: plain values, where each stands, and what is wrong with the writing itself.

    Args:
        name: What messages call it, e.g. the file's name.
        data: Nested dicts, lists, str, int, float, bool and None.
        lines: Line of each path, counted from 1.
        labels: Places of paths that do not come from the file, e.g. "--set episode.max_steps".
        problems: Duplicate keys, tags, merge keys.
    """

    name: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    labels: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def origin(self, path: Path) -> str:
        """Returns the place of the nearest written part of a path, e.g. "pick_cube.yaml:12"."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.labels:
                return self.labels[path[:length]]
            if path[:length] in self.lines:
                return f"{self.name}:{self.lines[path[:length]]}"
        return self.name

    def line(self, path: Path) -> int:
        """Returns the line of the nearest written part of a path, 0 if there is none."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 0)

    def forget(self, path: Path) -> None:
        """Drops what is known of the places at and below a path, because it is written anew."""
        for places in (self.lines, self.labels):
            for known in [key for key in places if key[: len(path)] == path]:
                del places[known]
        self.problems = [problem for problem in self.problems if problem.path[: len(path)] != path]


def read_yaml(text: str, name: str) -> Document:
    """Reads one YAML document.

    Raises:
        BadInput: Not YAML, several documents, or larger than any task. Lesser faults are in the document's `problems`.
    """
    if len(text) > LARGEST_FILE:
        raise BadInput(f"{name}: is larger than any task. Allowed: {LARGEST_FILE // 1024} KiB")
    try:
        node = _Loader(text.removeprefix("\ufeff")).get_single_node()
        builder = _Builder(Document(name))
        builder.document.data = builder.build(node, ()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        raise BadInput(_yaml_message(error, name)) from None
    except yaml.YAMLError as error:
        text = "; ".join(str(error).splitlines()[:1])
        raise BadInput(f"{name}: is not readable as text: {_printable(text)}. Allowed: printable UTF-8") from None
    except _TooMuch as error:
        raise BadInput(f"{name}: {error}") from None
    except (ValueError, IndexError, ArithmeticError, RecursionError) as error:
        # The scanner itself fails so on a few malformed escapes, e.g. a code point that does not exist.
        raise BadInput(f"{name}: is not valid YAML ({type(error).__name__})") from None
    return builder.document


def _yaml_message(error: yaml.MarkedYAMLError, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"{name}:{mark.line + 1}" if mark is not None else name
    problem = _printable(error.problem or error.context or "unknown fault")
    if "\\t" in problem:
        return f"{where}: a tab where YAML wants spaces. Allowed: indent with spaces"
    if "but found another document" in problem:
        return f"{where}: holds several documents. Allowed: one task per file"
    return f"{where}: is not valid YAML: {problem}"


def _printable(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


class _Builder:
    """Turns nodes into plain values and notes their lines. Aliases are built again, so that they count at each use."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._count = 0

    def build(self, node: Any, path: Path) -> Any:
        """Returns the value of a node that stands at `path`."""
        self._count += 1
        _guard(self._count, len(path))
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._no_tag(node, path, "seq")
            return [self.build(part, (*path, index)) for index, part in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self._no_tag(node, path, "map")
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(path, "a key must be a word, not a list or mapping")
            elif key == "<<" and key_node.style is None:
                self._problem(path, "merge keys (<<) are not supported. Allowed: write the fields out")
            elif key in out:
                self._problem((*path, key), f"is given twice, on lines {self.document.lines[(*path, key)]} and {line}")
            else:
                self.document.lines[(*path, key)] = line
                out[key] = self.build(value_node, (*path, key))
        return out

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        kind, text = node.tag.removeprefix(_YAML), node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return {"true": True, "false": False}[text.lower()]
            if kind == "int":
                return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10)) if len(text) < 400 else float(text)
            if kind == "float":
                return float(text.replace(".inf", "inf").replace(".nan", "nan") if text[-1:].isalpha() else text)
        except (ValueError, KeyError):
            self._problem(path, f"{shown(text)} does not fit its tag {shown('!!' + kind)}")
            return None
        self._no_tag(node, path, "str")
        return text

    def _no_tag(self, node: Any, path: Path, usual: str) -> None:
        if node.tag != _YAML + usual:
            tag = node.tag.replace(_YAML, "!!")
            self._problem(path, f"YAML tags such as {shown(tag)} are not allowed. Allowed: plain values")

    def _problem(self, path: Path, message: str) -> None:
        self.document.problems.append(Problem(path, message))


def read_mapping(source: Mapping[Any, Any], name: str) -> Document:
    """Takes over a mapping as if it had been read from a file.

    Raises:
        BadInput: A value that no file could hold, or more of them than any task has.
    """
    document = Document(name)
    counter = [0]
    try:
        document.data = _copied(source, (), counter, document)
    except _TooMuch as error:
        raise BadInput(f"{name}: {error}") from None
    return document


def _copied(value: Any, path: Path, counter: list[int], document: Document) -> Any:
    counter[0] += 1
    _guard(counter[0], len(path))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                document.problems.append(Problem(path, f"a key must be a word, not {shown(key)}"))
        words = [key for key in value if isinstance(key, str)]
        return {key: _copied(value[key], (*path, key), counter, document) for key in words}
    if isinstance(value, list | tuple):
        return [_copied(part, (*path, index), counter, document) for index, part in enumerate(value)]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    document.problems.append(Problem(path, f"{shown(value)} cannot be part of a task"))
    return None


def read_value(text: str, label: str) -> Any:
    """Reads the value of an override as YAML, e.g. "50" or "[0, 0, 1]".

    Raises:
        BadInput: Not YAML.
    """
    document = read_yaml(text, label)
    if document.problems:
        problem = document.problems[0]
        where = f" {dotted(problem.path)}:" if problem.path else ""
        raise BadInput(f"{label}:{where} {problem.message}")
    return document.data
