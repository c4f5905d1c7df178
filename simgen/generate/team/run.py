"""A run of `simgen generate` with workers: checks that they fit, opens the dataset, and has it filled."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simgen.data.target import is_url
from simgen.errors import SimgenError
from simgen.generate.identity import common, dataset_spec
from simgen.generate.memory import require_memory_before
from simgen.generate.options import GenerateOptions
from simgen.generate.part import PHASES, TaskPart
from simgen.generate.phase import PhaseCounts
from simgen.generate.summary import Summary
from simgen.generate.team.book import Book
from simgen.generate.team.coordinator import Coordinator, Progress, Team
from simgen.generate.team.dataset import COORDINATOR, SharedDataset
from simgen.generate.team.local import LocalTeam
from simgen.generate.team.messages import Setup
from simgen.generate.team.remote import RemoteDataset
from simgen.spec import AnyTask, Mixture, TaskSpec, parts_of


def run_team(
    task: AnyTask | Mixture,
    parts: Sequence[TaskPart],
    options: GenerateOptions,
    out: str,
    progress: Progress,
    command: str | None,
) -> Summary:
    """Fills a dataset; `simgen.generate.generate` says how, and what it raises."""
    with contextlib.ExitStack() as stack:
        cluster = None
        if options.ray is not None:
            from simgen.generate.team.cluster import Cluster  # Ray is an extra

            cluster = stack.enter_context(Cluster(options.ray, options.workers, options.device))
        workers = cluster.workers if cluster else options.workers or 1
        shared = cluster is None or not is_url(out)
        if cluster is None and not options.resume:  # then there shall be nothing if it does not fit
            _require_memory(parts, options, workers)
        dataset = _open(task, parts, options, out, shared, command)
        stack.callback(dataset.release)
        for part in parts:
            part.look_up(dataset.found)
        if cluster is None:
            _require_memory([part for part in parts if part.missing], options, workers)
        setup = Setup(
            tasks=tuple(part.task for part in parts),
            weights=tuple(part.weight for part in parts_of(task)),
            wanted=tuple(_fair(part, workers) for part in parts),
            options=options,
            manifest=dataset.manifest,
            site=dataset.site.resolve() if shared else None,
            witness=COORDINATOR,
            target=dataset.target,
            neighbours=cluster.neighbours if cluster else 1,
        )
        manifest = dataset.manifest
        worlds = [_worlds(part, options, workers) for part in parts]
        book = Book(parts, dataset.found, manifest["phases"], manifest["episodes_per_shard"], workers, worlds)
        team: Team = cluster.team(setup) if cluster else LocalTeam(setup, workers)
        coordinator = Coordinator(dataset, book, team, workers, shared, options, progress)
        coordinator.run()
        if book.failures:
            raise SimgenError("\n".join(book.failures))
        return _summary(dataset, book, out, coordinator.seconds, workers)


def _open(
    task: AnyTask | Mixture,
    parts: Sequence[TaskPart],
    options: GenerateOptions,
    out: str,
    shared: bool,
    command: str | None,
) -> SharedDataset | RemoteDataset:
    spec = dataset_spec(task, parts, options)
    for part in parts:
        part.close()  # the worlds that some need to know what they are
    storage: dict[str, Any] = {
        "codec": options.codec,
        "resume": options.resume,
        "phases": list(PHASES),
        "engine": common([part.engine for part in parts]),
        "command": command,
    }
    return (
        RemoteDataset(out, spec, shared=shared, **storage) if is_url(out) else SharedDataset(Path(out), spec, **storage)
    )


def _fair(part: TaskPart, workers: int) -> dict[str, int]:
    """One worker's share of a part's episodes, rounded up."""
    return {name: -(-count // workers) for name, count in part.wanted.items()}


def _worlds(part: TaskPart, options: GenerateOptions, workers: int) -> int:
    return max(1, min(options.num_envs, max(_fair(part, workers).values())))


def _require_memory(parts: Sequence[TaskPart], options: GenerateOptions, workers: int) -> None:
    for part in parts:
        if isinstance(part.task, TaskSpec):
            require_memory_before(part.task, _worlds(part, options, workers), options, workers, started=False)


def _summary(dataset: SharedDataset | RemoteDataset, book: Book, out: str, seconds: float, workers: int) -> Summary:
    phases: dict[str, PhaseCounts] = {name: book.counts(name) for name in PHASES}
    frames = sum(counts.frames for counts in phases.values())
    info = dataset.info()
    place = out if is_url(out) else Path(out)
    return Summary(place, info["episodes"], info["frames"], frames, seconds, phases, workers)
