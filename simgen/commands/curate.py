"""Curate a dataset: drop episodes with faults, duplicates and surplus, and say why."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from simgen.commands.output import console, parse, show_mapping, show_table, write_json
from simgen.commands.termination import ends_as_by_ctrl_c
from simgen.errors import BadInput


@dataclass(frozen=True)
class Arguments:
    """Write a new dataset of the episodes that pass all filters; OUT/curation.jsonl has every decision and its reason,
    OUT/curation/index.html shows examples of what was dropped, and how the measured values lie to their thresholds.

    The filters: values that are no numbers, contact overflow, penetration, explosion, teleport, energy from nothing,
    things that fell out of the world, failure where success is wanted, length, action saturation, a target that is
    never seen, blank and static pictures, flicker, cuts, near-duplicates, balance. What is interrupted is gone on with
    by the same command; episodes that were judged are not judged again, by a filter whose settings are the same.

    Args:
        dataset: Directory of the dataset; it stays as it is.
        out: Directory of the new one.
        config: YAML file with the settings of filters; --print-config shows them all.
        dry_run: Judge and report, and write no dataset; the same command without it goes on from there.
        overwrite: Replace the dataset that is at OUT, once the new one is whole.
        resume: Do nothing if OUT was made by the same command before.
        print_config: Print the settings as YAML, those of --config or the defaults, and do nothing else.
        json: Print one JSON object as the last line.
    """

    dataset: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="DIR")] = None
    out: str | None = None
    config: str | None = None
    dry_run: bool = False
    overwrite: bool = False
    resume: bool = False
    print_config: bool = False
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command."""
    arguments = parse(Arguments, argv, "curate")
    from simgen.data.curate import config_text, curate_dataset, load_config

    config = load_config(arguments.config)
    if arguments.print_config:
        sys.stdout.write(config_text(config))
        if arguments.json:
            write_json({"filters": config.written()})
        return 0
    if arguments.dataset is None or arguments.out is None:
        missing = "DIR, the dataset" if arguments.dataset is None else "--out OUT, the new dataset's directory"
        raise BadInput(f"curate: needs {missing}; see `simgen curate --help`.")
    from simgen.commands.progress import part_progress
    from simgen.view.curation import write_page

    with ends_as_by_ctrl_c(), part_progress() as progress:
        result = curate_dataset(
            arguments.dataset,
            arguments.out,
            config,
            dry_run=arguments.dry_run,
            overwrite=arguments.overwrite,
            resume=arguments.resume,
            write_report=write_page,
            progress=progress,
            command=shlex.join(["simgen", "curate", *argv]),
        )
    if not result.kept:
        console().print("note: no episode passes all filters", style="yellow", markup=False)
    if arguments.json:
        write_json(asdict(result))
        return 0
    show_mapping("Curated", {key: value for key, value in asdict(result).items() if key != "reasons"})
    show_table("", ("reason", "episodes"), Counter(result.reasons).most_common())
    return 0
