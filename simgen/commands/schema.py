"""Print the JSON Schema of a task file, for editors and language models."""

from __future__ import annotations

from dataclasses import dataclass

from simgen.commands.output import parse, write_json
from simgen.spec import json_schema


@dataclass
class Arguments:
    """Print the JSON Schema of a task file. An editor completes from it once it is saved to a file."""

    indent: int | None = 2
    """Spaces per level; `None` for one line."""
    json: bool = False
    """One line, as with `--indent None`."""


def main(argv: list[str]) -> int:
    """Prints the schema."""
    arguments = parse(Arguments, argv, "schema")
    write_json(json_schema(), indent=None if arguments.json else arguments.indent)
    return 0
