"""Adds the episodes of one dataset to another, in place.

The new shards are built in a hidden folder of the dataset, with which nothing else has to do; only when all are whole
are they moved, which takes moments. Killed before, it leaves the dataset as it was; killed while they are moved, all
that was in it can still be read, and the next append finishes the move first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simgen.data.combine.build import PLAN, Progress, require_apart, workplace, write_shards
from simgen.data.combine.plan import Counts, Plan, Source, brief, describe_source
from simgen.data.combine.shards import AGAIN
from simgen.data.combine.specs import merged_manifest, merged_spec, require_allowable
from simgen.data.combine.survey import Survey, items_of, require_whole
from simgen.data.files import (
    APPEND,
    MANIFEST,
    READY,
    SHARDS,
    canonical_json,
    clear_write_errors,
    lock_directory,
    read_json,
    sync_directory,
    write_json,
)
from simgen.data.manifest import read_manifest, rebuild_index, spec_hash, write_manifest
from simgen.data.reader import NEEDS_DIRECTORY
from simgen.data.resume import append_is_unfinished
from simgen.data.shard import range_of, read_record, record_paths
from simgen.data.target import require_path

_PATIENCE = 5.0  # with another writer [s]


@dataclass(frozen=True)
class Appended:
    """A dataset to which another was added.

    Args:
        episodes, frames: Of all that it holds now.
        added: Episodes that came.
        sources: What it is made of, the last the one that came: name, spec_hash, episodes, frames, discarded.
        duplicates: Episodes that were left out.
    """

    dataset: Path
    episodes: int
    frames: int
    added: int
    sources: list[dict[str, Any]]
    duplicates: int


def append_dataset(
    path: str | Path,
    other: str | Path,
    *,
    skip_duplicates: bool = False,
    allow: Collection[str] = (),
    progress: Progress | None = None,
) -> Appended:
    """Adds the episodes of `other` to the dataset at `path`, which stays usable all the time.

    What fits and what does not is as in `merge_datasets`. Only one process writes a dataset at a time. After an
    interruption the same call finishes the work.

    Raises:
        BadInput: No dataset, an unfinished one, tasks that differ, duplicates.
        SimgenError: A source is damaged, another process writes, or the disk is full.
    """
    require_allowable(allow)
    root = require_path(path, NEEDS_DIRECTORY)
    read_manifest(root)
    coming = require_whole(other)
    require_apart(root, coming.root)
    with _locked(root):
        digest = _digest(coming)
        if append_is_unfinished(root):
            finished = _move(root)
            if finished["from"] == digest:
                return Appended(root, **finished["result"])
        there = require_whole(root)
        return _append(there, coming, digest, skip_duplicates, allow, progress)


def _append(
    there: Source,
    coming: Source,
    digest: str,
    skip_duplicates: bool,
    allow: Collection[str],
    progress: Progress | None,
) -> Appended:
    sources, root = [there, coming], there.root
    merged_spec(sources, {}, allow)  # says what does not fit before everything is read
    plan = Plan(sources, [], there.manifest["episodes_per_shard"])
    survey, before = Survey(plan, skip_duplicates), Counts()
    survey.take(0, there, moves=False)
    survey.take(1, coming)
    added = plan.counts.get(1, Counts())
    for item in items_of(there):
        before.episodes += item.is_episode
        before.discarded += not item.is_episode
        before.frames += item.length
    spec = merged_spec(sources, survey.episodes, allow)
    manifest = merged_manifest(plan, sources, spec, there.manifest["command"])
    manifest = {**there.manifest, **{key: manifest[key] for key in _CHANGED}, "spec_hash": spec_hash(spec)}
    manifest["sources"] = _sources(there, before) + [describe_source(coming.name, coming.manifest, added)]
    result = {
        "episodes": before.episodes + added.episodes,
        "frames": before.frames + added.frames,
        "added": added.episodes,
        "sources": brief(manifest["sources"]),
        "duplicates": survey.duplicates,
    }
    if added.episodes + added.discarded:
        _complete_shards(plan, there)
        with workplace(root / APPEND, {**manifest, PLAN: plan.digest(manifest)}) as folder:
            write_shards(plan, folder, progress)
            with clear_write_errors(folder, AGAIN):
                write_json(folder / READY, {"from": digest, "result": result})
        _move(root)
    return Appended(root, **result)


_CHANGED = ("spec", "engine", "versions", "git_commit", "phases", "feature_notes")


def _sources(there: Source, before: Counts) -> list[dict[str, Any]]:
    """What the dataset was made of so far: itself, if nobody has noted anything."""
    return list(there.manifest.get("sources") or [describe_source(there.name, there.manifest, before)])


def _complete_shards(plan: Plan, there: Source) -> None:
    """Has shards that are there and get more episodes written anew, with all that they hold."""
    wanted = {shard.name for shard in plan.shards if shard.record_path(there.root).exists()}
    added = plan.counts.get(1, Counts())
    for item in items_of(there):
        if item.shard in wanted:
            take = plan.add_episode if item.is_episode else plan.add_discarded
            take(0, item.shard, item.entry, item.index)
    plan.counts[1] = added


def _move(root: Path) -> dict[str, Any]:
    """Moves the shards that are built into the dataset, then says so in dataset.json and the index.

    A file that is replaced holds all that it held before, so whoever reads with the old record finds it.
    """
    folder = root / APPEND
    ready = read_json(folder / READY)
    with clear_write_errors(root, AGAIN):
        for record_path in record_paths(folder):
            shard = range_of(read_record(record_path))
            if shard.h5_path(folder).exists():
                os.replace(shard.h5_path(folder), shard.h5_path(root))
                sync_directory(root / SHARDS)
            os.replace(record_path, shard.record_path(root))
        sync_directory(root / SHARDS)
        manifest = read_manifest(folder)
        manifest.pop(PLAN)
        write_manifest(root, manifest)
        rebuild_index(root)
        (folder / READY).unlink()
        shutil.rmtree(folder, ignore_errors=True)
    return ready


def _digest(source: Source) -> str:
    """Tells a dataset from others by its episodes."""
    digest = hashlib.sha256(canonical_json(source.manifest["spec_hash"]))
    for item in items_of(source):
        digest.update(canonical_json(item))
    return digest.hexdigest()


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Is the only writer of a dataset inside the block."""
    with clear_write_errors(root / MANIFEST, AGAIN):
        lock = lock_directory(root, _PATIENCE)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)
