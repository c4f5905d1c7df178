"""Split a dataset into parts for training, validation and test."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import tyro

from simgen.commands.output import console, parse, show_table, write_json
from simgen.commands.termination import ends_as_by_ctrl_c


@dataclass(frozen=True)
class Arguments:
    """Split a dataset into OUT/train, OUT/val and OUT/test, each a dataset of its own; every episode goes into one.

    By seed, the part of an episode depends on its seed alone: it stays the same when the dataset grows, and the parts
    come near their fractions only when there are many episodes. By task, and by asset (the shapes and mesh files that
    its objects were), groups of episodes stay together; the parts come as near their fractions as the groups allow.

    Args:
        dataset: Directory of the dataset; it stays as it is.
        out: Directory of the parts.
        by: What tells where an episode goes.
        train: Fraction of the episodes; a part with 0 is not written.
        val: The same for validation.
        test: The same for the test; the three add up to 1.
        objects: By asset: look at this object only; others may then have the same asset in several parts. May be given
            several times.
        overwrite: Replace the parts that are at OUT, once the new ones are whole.
        json: Print one JSON object as the last line.
    """

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    out: str
    by: Literal["seed", "task", "asset"] = "seed"
    train: float = 0.8
    val: float = 0.1
    test: float = 0.1
    objects: Annotated[tuple[str, ...], tyro.conf.arg(name="object", metavar="NAME"), tyro.conf.UseAppendAction] = ()
    overwrite: bool = False
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command."""
    arguments = parse(Arguments, argv, "split")
    from simgen.commands.progress import part_progress
    from simgen.data.combine.split import split_dataset

    with ends_as_by_ctrl_c(), part_progress() as progress:
        split = split_dataset(
            arguments.dataset,
            arguments.out,
            by=arguments.by,
            fractions={"train": arguments.train, "val": arguments.val, "test": arguments.test},
            objects=arguments.objects,
            overwrite=arguments.overwrite,
            progress=progress,
            command=shlex.join(["simgen", "split", *argv]),
        )
    for note in split.notes:
        console().print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)
    if arguments.json:
        write_json(asdict(split))
    else:
        rows = [(name, split.out / name, part.episodes, part.groups) for name, part in split.parts.items()]
        show_table(f"Split by {split.by}", ("part", "dataset", "episodes", "groups"), rows)
    return 0
