"""Show what is in a dataset: episodes, tasks, phases, cameras, size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from simgen.commands.output import parse, show_mapping, show_table, write_json
from simgen.data import dataset_info


@dataclass
class Arguments:
    """Show what is in a dataset."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Shows the dataset's numbers."""
    arguments = parse(Arguments, argv, "info")
    info = dataset_info(arguments.dataset)
    if arguments.json:
        write_json(info)
        return 0
    show_mapping(str(arguments.dataset), {key: value for key, value in info.items() if key != "phases"})
    columns = ("episodes", "attempts", "discarded", "success_rate", "frames")
    rows = [(name, *(phase[column] for column in columns)) for name, phase in info["phases"].items()]
    show_table("", ("phase", *columns), rows)
    return 0
