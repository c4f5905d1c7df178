"""Merge datasets: several of one task, or of different ones, become one."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from simgen.commands.output import parse, show_mapping, write_json
from simgen.commands.termination import ends_as_by_ctrl_c


@dataclass(frozen=True)
class Arguments:
    """Merge datasets into a new one; all episodes keep their bytes, hashes and seeds.

    Datasets of the same task must have the same spec, except for the run's seed; different tasks make a dataset like
    that of a mixture. Episodes keep their index unless another has it. What is interrupted is built in OUT.partial, and
    the same command goes on with it.

    Args:
        datasets: Directories of the datasets.
        out: Directory of the new one.
        skip_duplicates: Leave out episodes that an earlier dataset has, instead of refusing them.
        allow: A field in which datasets of the same task may differ: generation.noise, generation.random_policy,
            generation.keep_failures or generation.device. May be given several times.
        overwrite: Replace the dataset that is at OUT, once the new one is whole.
        resume: Do nothing if OUT was made by the same command before.
        json: Print one JSON object as the last line.
    """

    datasets: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIR DIR ...")]
    out: str
    skip_duplicates: bool = False
    allow: Annotated[tuple[str, ...], tyro.conf.arg(metavar="FIELD"), tyro.conf.UseAppendAction] = ()
    overwrite: bool = False
    resume: bool = False
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command."""
    arguments = parse(Arguments, argv, "merge")
    from simgen.commands.progress import part_progress
    from simgen.data.combine.merge import merge_datasets

    with ends_as_by_ctrl_c(), part_progress() as progress:
        merged = merge_datasets(
            arguments.datasets,
            arguments.out,
            skip_duplicates=arguments.skip_duplicates,
            allow=arguments.allow,
            overwrite=arguments.overwrite,
            resume=arguments.resume,
            progress=progress,
            command=shlex.join(["simgen", "merge", *argv]),
        )
    if arguments.json:
        write_json(asdict(merged))
    else:
        sources = [f"{source['name']}: {source['episodes']} episodes" for source in merged.sources]
        show_mapping("Merged", asdict(merged) | {"sources": "\n".join(sources)})
    return 0
