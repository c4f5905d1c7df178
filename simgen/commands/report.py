"""Write one HTML page that shows what is in a dataset: videos, numbers, distributions, how to load it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from simgen.commands.output import console, parse, write_json


@dataclass
class Arguments:
    """Write one self-contained HTML page that shows what is in a dataset."""

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    """Directory of the dataset."""
    out: Path | None = None
    """The file to write; default: report/index.html in the dataset."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Writes the report and says where it is."""
    arguments = parse(Arguments, argv, "report")
    from simgen.view.report import write_report

    written = write_report(arguments.dataset, arguments.out)
    if arguments.json:
        write_json({"report": str(written.path), "episodes": written.episodes, "bytes": written.bytes})
    else:
        size = f"{written.episodes} episodes, {written.bytes / 1e6:.1f} MB"
        console().print(f"{written.path}  ({size})", markup=False, soft_wrap=True)
    return 0
