"""Append to a dataset the episodes of another, in place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from simgen.commands.output import parse, show_mapping, write_json
from simgen.commands.termination import ends_as_by_ctrl_c


@dataclass(frozen=True)
class Arguments:
    """Append the episodes of another dataset to this one, in place; it can be read all the time.

    What goes together is as in `simgen merge`. Interrupted at any moment, nothing that was there is lost, and the same
    command finishes the work.

    Args:
        dataset: Directory of the dataset that grows.
        source: Directory of the dataset whose episodes are added; it stays as it is.
        skip_duplicates: Leave out episodes that are there already, instead of refusing them.
        allow: A field in which the two may differ: generation.noise, generation.random_policy,
            generation.keep_failures or generation.device. May be given several times.
        json: Print one JSON object as the last line.
    """

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    source: Annotated[str, tyro.conf.arg(name="from", metavar="DIR2")]
    skip_duplicates: bool = False
    allow: Annotated[tuple[str, ...], tyro.conf.arg(metavar="FIELD"), tyro.conf.UseAppendAction] = ()
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command."""
    arguments = parse(Arguments, argv, "append")
    from simgen.commands.progress import part_progress
    from simgen.data.combine.append import append_dataset

    with ends_as_by_ctrl_c(), part_progress() as progress:
        appended = append_dataset(
            arguments.dataset,
            arguments.source,
            skip_duplicates=arguments.skip_duplicates,
            allow=arguments.allow,
            progress=progress,
        )
    if arguments.json:
        write_json(asdict(appended))
    else:
        sources = [f"{source['name']}: {source['episodes']} episodes" for source in appended.sources]
        show_mapping("Appended", asdict(appended) | {"sources": "\n".join(sources)})
    return 0
