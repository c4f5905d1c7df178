"""Copies chosen episodes of a dataset into a new one: what curation, splits and subsets are made with."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from simgen.data.combine.build import Built, Progress, build_dataset, require_new
from simgen.data.combine.plan import OWN_KEYS, STANDARD_KEYS, Plan, Source
from simgen.data.episode_view import EpisodeView
from simgen.data.files import SHARDS, plain
from simgen.data.reader import Dataset
from simgen.errors import BadInput


def copy_episodes(
    dataset: Dataset,
    keep: Iterable[int | EpisodeView],
    out: str | Path,
    *,
    provenance: Mapping[str, Any],
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    discarded: Callable[[Mapping[str, Any]], bool] | None = None,
    command: str | None = None,
) -> Built:
    """Writes a new dataset of some episodes of another, bit for bit: same chunks, same hashes, same indices and seeds.

    Index, features and statistics are those of the chosen episodes. A killed run leaves `OUT.partial`, with which the
    same call goes on.

    Args:
        dataset: Where the episodes are; it may be the result of `filter`.
        keep: Which: positions in `dataset`, or its episodes; their order does not matter. May be a generator.
        out: Directory of the new dataset.
        provenance: Keys for the new dataset.json beside `sources`, such as {"curation": {"thresholds": {...}}};
            one that the source's has too is replaced, and stays in `sources`.
        resume: Return at once if `out` was made by the same call before; without, a dataset at `out` is refused.
        overwrite: Put it in the place of the dataset that is at `out`, once it is whole.
        progress: Is told ("episodes", finished, total).
        discarded: Which of the attempts that gave no episode ({phase, index, seed, reason}) go along. Default: those
            of the phases of which episodes are kept.
        command: What made it, for dataset.json.

    Raises:
        BadInput: A place that is taken, a position that does not exist, an episode of another dataset, a provenance
            that is not JSON or has a key of dataset.json.
        SimgenError: The source is damaged, or the disk is full.
    """
    out = Path(out)
    source = Source(dataset.path, dataset.manifest)
    require_new(out, [source], overwrite, resume)
    plan = Plan([source], list(source.manifest["phases"]), source.manifest["episodes_per_shard"])
    chosen = _chosen(dataset, keep)
    for (shard, index), entry in sorted(chosen.items()):
        plan.add_episode(0, shard, entry, index)
    phases = {entry["phase"] for entry in chosen.values()}
    for shard, record in source.records():
        for attempt in record["shard"]["discarded"]:
            if discarded(attempt) if discarded is not None else attempt["phase"] in phases:
                plan.add_discarded(0, shard, attempt, attempt["index"])
    manifest = _manifest(plan, provenance, command)
    return build_dataset(plan, manifest, out, overwrite=overwrite, resume=resume, progress=progress)


def _chosen(dataset: Dataset, keep: Iterable[int | EpisodeView]) -> dict[tuple[str, int], dict[str, Any]]:
    """The entries of the chosen episodes, by the name of their shard and their index."""
    folder = dataset.path / SHARDS
    chosen: dict[tuple[str, int], dict[str, Any]] = {}
    for item in keep:
        if not isinstance(item, EpisodeView):
            if not -len(dataset) <= item < len(dataset):
                raise BadInput(f"{dataset.path}: there is no episode {item}; allowed: 0 to {len(dataset) - 1}.")
            item = dataset[int(item)]
        if item.file.parent != folder:
            raise BadInput(f"{item!r} is of {item.file.parent.parent}, not of {dataset.path}.")
        entry = {"phase": item.phase, "index": item.index, "length": item.length, "sha256": item.sha256}
        chosen[item.file.stem, item.index] = entry
    return chosen


def _manifest(plan: Plan, provenance: Mapping[str, Any], command: str | None) -> dict[str, Any]:
    (source,) = plan.sources
    kept = {key: value for key, value in source.manifest.items() if key not in OWN_KEYS}
    added = plain(dict(provenance), "provenance")
    taken = sorted(added.keys() & STANDARD_KEYS)
    if taken:
        raise BadInput(f"provenance: {', '.join(taken)} are keys of dataset.json already; choose others.")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    fresh = {"created": now, "command": command, "runs": [], "features": {}, "statistics": {}}
    return {**kept, **fresh, "sources": plan.provenance(), **added}
