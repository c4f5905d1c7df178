"""Exports a dataset: selects, writes episode by episode, goes on after a crash, reads back, and writes the card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simgen.data.combine.build import require_apart
from simgen.data.combine.survey import require_whole
from simgen.data.export.base import Exporter, ExportJob, ExportOptions, ExportSummary
from simgen.data.export.card import CARD, write_card
from simgen.data.export.folder import ExportFolder, require_place
from simgen.data.export.registry import exporter_of, settings_of
from simgen.data.export.selection import ExportEpisode, Selection
from simgen.data.files import clear_write_errors, plain
from simgen.data.reader import open_dataset

PLAN_VERSION = 1
Progress = Callable[[str, int, int], None]  # what is done, how many episodes of it, of how many


def export_dataset(
    path: str | Path,
    out: str | Path,
    options: ExportOptions,
    progress: Progress | None = None,
    command: str | None = None,
) -> ExportSummary:
    """Exports a dataset to a folder; the same call goes on with what a killed one has left.

    Memory holds about one episode. Everything is checked before anything is written.

    Args:
        path: directory of the dataset.
        out: folder of the export.
        command: as the user typed it, for the card.

    Raises:
        BadInput: what is asked for is not there or not possible, or the place is taken.
        SimgenError: the dataset is damaged, the disk is full, or what was written is not what was to be written.
    """
    folder = Path(out)
    exporter = exporter_of(options.format)
    settings = settings_of(exporter, dict(options.settings))
    require_whole(path)
    require_apart(folder, Path(path))
    with open_dataset(path) as dataset:
        job = ExportJob(Selection(dataset, options, exporter.outputs), options, settings, command)
        if exporter.uniform:
            job.selection.require_same_shapes()
            _ = job.selection.fps  # says so if there is none
        exporter.check(job)
        plan = _plan(job)
        require_place(folder, plan, options.overwrite)
        with clear_write_errors(folder):
            return _export(exporter, job, ExportFolder(folder, plan), progress)


def _plan(job: ExportJob) -> dict[str, Any]:
    """What must be the same for a run that goes on."""
    options = job.options
    chosen = {
        "--phase": options.phase,
        "--task": options.task,
        "--success": options.success,
        "--episodes": options.episodes,
        "--cameras": sorted(options.cameras),
        "--outputs": sorted(options.outputs),
        "--states": sorted(options.states),
        "--actions": options.actions,
        "--size": options.size,
    }
    facts = {
        "simgen_export": PLAN_VERSION,
        "format": options.format,
        "dataset": {"episodes": len(job.selection), "sha256 of the chosen episodes": job.selection.digest},
        "options": chosen,
        "settings": {f"--set {name}": value for name, value in job.settings.model_dump(mode="json").items()},
    }
    return plain(facts, "export")


def _export(exporter: Exporter, job: ExportJob, folder: ExportFolder, progress: Progress | None) -> ExportSummary:
    folder.open(job.options.overwrite)
    try:
        if not folder.is_written:
            _write(exporter, job, folder, progress)
        verified = None
        if job.options.verify:
            verified = exporter.verify(job, folder.out, _episodes(job, "checked", 0, progress))
        write_card(job, exporter.card(job, folder.out), verified, folder)
        summary = ExportSummary(
            format=exporter.name,
            out=folder.out,
            episodes=len(job.selection),
            frames=job.selection.steps,
            bytes=folder.bytes(),
            verified_with=None if verified is None else verified.by,
        )
        folder.finish({"episodes": summary.episodes, "frames": summary.frames, "verified_with": summary.verified_with})
        return summary
    finally:
        folder.close()


def _write(exporter: Exporter, job: ExportJob, folder: ExportFolder, progress: Progress | None) -> None:
    folder.file(CARD)  # refused now if a user's own is there
    writer = exporter.begin(job, folder)
    try:
        for episode in _episodes(job, "exported", folder.done, progress):
            folder.record(plain(dict(writer.add(episode)), "journal"))
        writer.finish()
        folder.mark_written()
    finally:
        writer.close()


def _episodes(job: ExportJob, what: str, first: int, progress: Progress | None) -> Iterator[ExportEpisode]:
    total = len(job.selection)
    for number in range(first, total):
        if progress is not None:
            progress(what, number, total)
        yield job.selection.episode(number)
    if progress is not None:
        progress(what, total, total)
