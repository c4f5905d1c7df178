"""Check a dataset: files, hashes, shapes and ranges of every episode."""

from __future__ import annotations

from dataclasses import dataclass

from simgen.commands.output import DatasetPlace, console, parse, write_json
from simgen.data import check_dataset


@dataclass
class Arguments:
    """Check a dataset; the exit status is 1 if it has a problem."""

    dataset: DatasetPlace
    """Directory or URL of the dataset."""
    quick: bool = False
    """Only look at the records and the files' sizes; decode nothing."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Reports every problem of the dataset."""
    arguments = parse(Arguments, argv, "check")
    report = check_dataset(arguments.dataset, deep=not arguments.quick)
    for problem in report.problems:
        console().print(problem, style="red", markup=False, soft_wrap=True)
    console().print(f"{report.episodes} episodes, {len(report.problems)} problems")
    if arguments.json:
        write_json({"ok": report.ok, "episodes": report.episodes, "problems": report.problems})
    return 0 if report.ok else 1
