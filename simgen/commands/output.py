"""What all sub-commands share: parsing their arguments, and tables on stderr with one line of JSON on stdout."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")
WIDTH_OF_PIPES = 160  # columns; a file or a pager has room for tables

Overrides = Annotated[tuple[str, ...], tyro.conf.arg(name="set", metavar="FIELD=VALUE"), tyro.conf.UseAppendAction]
"""`--set episode.max_steps=50`, as often as needed."""


TaskName = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TASK")]
DatasetPlace = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR|URL")]


def parse(arguments: type[T], argv: Sequence[str], command: str) -> T:
    """Parses a sub-command's arguments; wrong ones end the process with a message and exit status 2.

    Args:
        arguments: the dataclass of the arguments; its docstring and those of its fields are the help text.
        argv: what follows the sub-command's name.
        command: the sub-command's name.
    """
    return tyro.cli(arguments, args=list(argv), prog=f"simgen {command}", config=(tyro.conf.FlagCreatePairsOff,))


def console() -> Console:
    """Returns the console for people: tables, bars and messages go to stderr."""
    piped = not sys.stderr.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=True, highlight=False, width=WIDTH_OF_PIPES if piped else None)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Shows a table to the person at the terminal."""
    table = Table(box=None, pad_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))  # no markup: units stand in brackets
    if title:  # a table's own title would be wrapped to the table's width
        console().print(Text(title, style="bold"))
    console().print(table)


def show_mapping(title: str, mapping: Mapping[str, Any]) -> None:
    """Shows named values to the person at the terminal, one a line."""
    show_table(title, ("", ""), mapping.items())


def write_json(result: Mapping[str, Any], indent: int | None = None) -> None:
    """Writes the result for a script: one JSON object as the last of stdout, on one line unless it is indented."""
    sys.stdout.write(json.dumps(_plain(result), allow_nan=False, indent=indent) + "\n")
    sys.stdout.flush()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value)
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    """Turns a value into what JSON knows: numpy values into numbers and lists, NaN into null, the rest into text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    to_list = getattr(value, "tolist", None)
    return _plain(to_list()) if callable(to_list) else str(value)
