"""Show what is in a dataset: episodes, tasks, phases, cameras, size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simgen.commands.output import DatasetPlace, parse, show_mapping, show_table, write_json
from simgen.commands.quality_tables import show_quality
from simgen.data import dataset_info


@dataclass
class Arguments:
    """Show what is in a dataset."""

    dataset: DatasetPlace
    """Directory or URL of the dataset."""
    full: bool = False
    """Also read the episodes: coverage (objects x colours x places), diversity, success by stratum, normalisation."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Shows the dataset's numbers."""
    arguments = parse(Arguments, argv, "info")
    info = dataset_info(arguments.dataset)
    quality = _quality(arguments.dataset) if arguments.full else {}
    if arguments.json:
        write_json(info | quality)
        return 0
    shown = {key: value for key, value in info.items() if key != "phases"}
    show_mapping(str(arguments.dataset), shown | {"cameras": _cameras(info["cameras"])})
    columns = ("episodes", "attempts", "discarded", "success_rate", "frames")
    rows = [(name, *(phase[column] for column in columns)) for name, phase in info["phases"].items()]
    show_table("", ("phase", *columns), rows)
    if quality:
        show_quality(quality)
    return 0


def _quality(dataset: str) -> dict[str, Any]:
    from simgen.data.quality import dataset_quality

    return dataset_quality(dataset)


def _cameras(cameras: dict[str, dict[str, list[int | None]]]) -> str:
    """One line per camera: "base: depth 128 × 128 × 1, rgb 128 × 128 × 3"."""
    return "\n".join(
        f"{name}: " + ", ".join(f"{output} {_size(size)}" for output, size in outputs.items())
        for name, outputs in cameras.items()
    )


def _size(size: list[int | None]) -> str:
    return " × ".join("any" if length is None else str(length) for length in size)
