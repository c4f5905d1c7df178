"""Imports a source: checks all of it before the first episode, then reads and writes one episode after the other."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simgen.data.import_.assemble import ALIGNMENT, episode_of
from simgen.data.import_.base import ImportOptions, Progress, Source, SourceInfo, Unusable, listing, silent
from simgen.data.import_.registry import importer_of
from simgen.data.import_.selection import selected
from simgen.data.import_.spec import recorded_spec, require_task_name
from simgen.data.info import dataset_info
from simgen.data.resume import existing_manifest
from simgen.data.writer import DatasetWriter
from simgen.errors import BadInput, SimgenError
from simgen.machine import available_bytes

_QUEUE = 4  # episodes that may wait for an encoder
_SHARE = 0.5  # of the memory that is left, for episodes


@dataclass(frozen=True)
class ImportSummary:
    """What an import did.

    Attributes:
        dataset: its directory.
        format, version: of the source.
        episodes, frames, skipped: in the dataset now, with what earlier runs did; frames are steps.
        fps: control steps per second of the source [Hz]; None where nobody says.
        frames_per_second: how fast this run read and wrote.
        remarks: what a person should know.
    """

    dataset: str
    format: str
    version: str | None
    episodes: int
    frames: int
    skipped: int
    fps: float | None
    frames_per_second: float
    remarks: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def import_dataset(
    source: str | Path,
    out: str | Path,
    options: ImportOptions | None = None,
    progress: Progress = silent,
    command: str | None = None,
) -> ImportSummary:
    """Imports other people's recordings into a dataset of ours.

    Args:
        source: file or folder.
        out: directory of the dataset.
        progress: called with a part of the work, what of it is done, and how much there is.
        command: recorded in dataset.json.

    Raises:
        BadInput: if the source is of no known format, half-written or does not fit the options, or `out` holds
            something; then nothing was written.
        SimgenError: if an episode turns out to be damaged while it is read, or the disk is full; what was finished is
            kept and `resume` goes on.
    """
    options = options or ImportOptions()
    _require_sane(options)
    path = Path(source)
    importer = importer_of(path, options.format)
    existing_manifest(Path(out), options.resume)  # said before hours of checking
    with contextlib.closing(importer.open(path, options, progress)) as opened:
        numbers = selected(options.episodes, opened.info.episodes)
        bad = _checked(opened, path, numbers, options, progress)
        spec = recorded_spec(path, opened.info, options)
        started = time.perf_counter()
        with _writer(out, spec, opened.info, options, command) as writer:
            frames = _write(opened, writer, numbers, bad, options, progress)
        seconds = time.perf_counter() - started
        return _summary(out, opened.info, options, frames / max(seconds, 1e-6))


def _require_sane(options: ImportOptions) -> None:
    require_task_name(options.task)
    if options.size is not None and not all(1 <= side <= 1 << 14 for side in options.size):
        raise BadInput(f"--size {options.size[0]} {options.size[1]}: allowed are 1 to {1 << 14} pixels.")
    for name in ("fps", "clip_seconds"):
        value = getattr(options, name)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise BadInput(f"--{name.replace('_', '-')} {value}: must be more than 0.")


def _checked(
    source: Source, path: Path, numbers: list[int], options: ImportOptions, progress: Progress
) -> dict[int, str]:
    """What is wrong with which episode, as far as it shows before anything is decoded."""
    bad: dict[int, str] = {}
    for done, number in enumerate(numbers):
        problem = source.problem(number)
        if problem is not None:
            bad[number] = problem
        progress("checking", done + 1, len(numbers))
    if bad and not options.skip_bad:
        lines = [f"episode {number}: {problem}" for number, problem in bad.items()]
        raise BadInput(
            f"{path}: {len(bad)} of {len(numbers)} episodes cannot be imported:\n{listing(lines)}\n"
            "Nothing was written. --skip-bad leaves them out and notes why."
        )
    if len(bad) == len(numbers):
        reason = f" The first: {next(iter(bad.values()))}" if bad else ""
        raise BadInput(f"{path}: has no episode that can be imported.{reason}")
    return bad


def _writer(
    out: str | Path, spec: Mapping[str, Any], info: SourceInfo, options: ImportOptions, command: str | None
) -> DatasetWriter:
    return DatasetWriter(
        out,
        spec,
        codec=options.codec,
        processes=options.processes,
        queue_size=_queue(info, options),
        resume=options.resume,
        phases=info.phases,
        features=info.notes,
        command=command,
    )


def _queue(info: SourceInfo, options: ImportOptions) -> int:
    """How many episodes may wait: each takes as much memory as its images.

    Raises:
        BadInput: if the longest episode would not fit at all.
    """
    pixels = {"rgb": 3, "depth": 2, "segmentation": 2}
    frame = sum(
        pixels.get(output, 12) * math.prod(options.size or size)
        for camera in info.cameras.values()
        for output, size in camera.outputs.items()
    )
    longest, left = info.longest * frame, available_bytes()
    if left is None or longest == 0:
        return _QUEUE
    waiting = int(_SHARE * left / longest) - 1  # one more is being read
    if waiting < 1:
        raise BadInput(
            f"the longest episode has {info.longest} frames, {longest / 1e9:.1f} GB of images, of which two must fit "
            f"into {_SHARE * left / 1e9:.1f} GB of memory: --size W H makes them smaller, --cameras leaves some out, "
            "--clip-seconds cuts videos."
        )
    return min(_QUEUE, waiting)


def _write(
    source: Source,
    writer: DatasetWriter,
    numbers: list[int],
    bad: Mapping[int, str],
    options: ImportOptions,
    progress: Progress,
) -> int:
    """Writes what is missing; returns the number of steps that were."""
    frames = 0
    for done, number in enumerate(numbers):
        phase = source.phase(number)
        if (phase, number) not in writer.finished and (phase, number) not in writer.discarded:
            frames += _import(source, writer, number, phase, bad.get(number), options)
        progress("importing", done + 1, len(numbers))
    writer.flush()
    if not writer.finished:
        raise SimgenError(
            f"{writer.path}: none of the {len(numbers)} episodes could be imported; see --skip-bad's notes."
        )
    return frames


def _import(
    source: Source, writer: DatasetWriter, number: int, phase: str, problem: str | None, options: ImportOptions
) -> int:
    if problem is None:
        try:
            episode = episode_of(source.read(number), number, phase, source.info, options)
        except Unusable as error:
            problem = str(error)
            if not options.skip_bad:
                raise SimgenError(
                    f"episode {number}: {problem}\nWhat was finished is kept; --resume --skip-bad goes on without it."
                ) from error
        else:
            writer.write(episode)
            return episode.length
    writer.discard(phase, number, number, problem)
    return 0


def _summary(out: str | Path, info: SourceInfo, options: ImportOptions, speed: float) -> ImportSummary:
    found = dataset_info(out)
    return ImportSummary(
        dataset=str(out),
        format=info.format,
        version=info.version,
        episodes=found["episodes"],
        frames=found["frames"],
        skipped=sum(phase["discarded"] for phase in found["phases"].values()),
        fps=info.fps,
        frames_per_second=speed,
        remarks=info.remarks + ((ALIGNMENT[options.last_step],) if info.one_short else ()),
    )
