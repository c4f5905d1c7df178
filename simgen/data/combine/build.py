"""Builds a dataset from a plan beside where it will be, and puts it in place whole.

The work lies in `OUT.partial` until it is done: OUT never holds half of it. What a killed run has left there is used
if the plan is the same, and removed if not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simgen.data.combine.plan import Plan, Source, in_order
from simgen.data.combine.shards import AGAIN, ShardCopier
from simgen.data.files import MANIFEST, SHARDS, clear_write_errors, is_temporary, lock_directory, sync_directory
from simgen.data.manifest import read_manifest, rebuild_index, write_manifest
from simgen.data.resume import recover
from simgen.errors import BadInput, SimgenError

PLAN = "plan"  # in dataset.json: tells what a dataset was to become from other things that it could have become
Progress = Callable[[str, int, int], None]  # what is done, how many episodes of it, of how many


@dataclass(frozen=True)
class Built:
    """A dataset that was made of others.

    Args:
        frames: Steps; the sum of the episodes' lengths.
        discarded: Attempts that gave no episode.
    """

    dataset: Path
    episodes: int
    frames: int
    discarded: int


def partial_path(out: Path) -> Path:
    """Where a dataset is built until it is whole."""
    return out.with_name(f"{out.name}.partial")


def replaced_path(out: Path) -> Path:
    """Where a dataset is for a moment when another takes its place."""
    return out.with_name(f".{out.name}.replaced")


def require_apart(out: Path, root: Path) -> None:
    """Refuses to write into a dataset that is read, or around it (BadInput)."""
    place, source = out.resolve(), root.resolve()
    if place == source or source in place.parents or place in source.parents:
        raise BadInput(f"{out}: is, holds or lies in the dataset {root}, which is read; choose another directory.")


def require_new(out: Path, sources: Sequence[Source], overwrite: bool, resume: bool = False) -> None:
    """Refuses a place that is taken, or that lies in a source.

    Raises:
        BadInput: Says what is there, and what is allowed.
    """
    for source in sources:
        require_apart(out, source.root)
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise BadInput(f"{out}: is a file, not a directory for a dataset.")
    if (out / MANIFEST).is_file():
        read_manifest(out)  # it must be ours
        if not overwrite and not resume:
            raise BadInput(f"{out}: already holds a dataset; choose another directory or give --overwrite.")
        return
    others = sorted(path.name for path in out.iterdir() if not is_temporary(path))
    if others:
        raise BadInput(
            f"{out}: is not empty and holds no simgen dataset ({', '.join(others[:3])}{', ...' * (len(others) > 3)})."
        )


def build_dataset(
    plan: Plan,
    manifest: Mapping[str, Any],
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> Built:
    """Writes the dataset of a plan.

    Args:
        manifest: Of the new dataset, without features and statistics.
        overwrite: Put it in the place of the dataset that is at `out`, once it is whole.
        resume: Accept a dataset at `out` that was made by the same plan.

    Raises:
        BadInput: As `require_new`.
        SimgenError: A source is damaged, the disk is full, or another process builds the same.
    """
    require_new(out, plan.sources, overwrite, resume)
    done = Built(out, plan.total.episodes, plan.total.frames, plan.total.discarded)
    manifest = {**manifest, PLAN: plan.digest(manifest)}
    if resume and (out / MANIFEST).is_file():
        if read_manifest(out).get(PLAN) == manifest[PLAN]:
            return done
        if not overwrite:
            raise BadInput(f"{out}: holds another dataset than this would be; choose another directory.")
    with workplace(partial_path(out), manifest) as folder:
        write_shards(plan, folder, progress)
        rebuild_index(folder)
        with clear_write_errors(out, AGAIN):
            put_directory_in_place(folder, out)
    return done


def write_shards(plan: Plan, folder: Path, progress: Progress | None = None) -> None:
    """Writes those shards of a plan that a folder has not got yet."""
    copier, finished, total = ShardCopier(plan.sources), 0, plan.total.episodes
    with clear_write_errors(folder, AGAIN):
        (folder / SHARDS).mkdir(exist_ok=True)
    for shard in in_order(plan.shards):
        if not shard.record_path(folder).exists():
            copier.write(folder, shard, plan.shards[shard])
        finished += sum(move.is_episode for move in plan.shards[shard])
        if progress is not None:
            progress("episodes", finished, total)


@contextlib.contextmanager
def workplace(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """A folder with the manifest and what of the same plan is whole there, locked inside the block."""
    with clear_write_errors(folder, AGAIN):
        folder.mkdir(parents=True, exist_ok=True)
        lock = lock_directory(folder, patience=0.5)
    try:
        if not folder.is_dir():
            raise SimgenError(f"{folder}: another process has just finished it.")
        if _plan_of(folder) != manifest[PLAN]:
            _clear(folder)
            write_manifest(folder, manifest)
        recover(folder, verify=True)
        yield folder
    finally:
        if lock is not None:
            os.close(lock)


def _plan_of(folder: Path) -> str | None:
    try:
        return read_manifest(folder).get(PLAN)
    except SimgenError:
        return None


def _clear(folder: Path) -> None:
    """Empties the folder of an unfinished dataset.

    Raises:
        BadInput: If something else is in it.
    """
    ours = {MANIFEST, SHARDS, "episodes.jsonl"}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours and not is_temporary(path))
    if others:
        raise BadInput(
            f"{folder}: is needed to build the dataset in, and holds other things ({', '.join(others[:3])})."
        )
    shutil.rmtree(folder / SHARDS, ignore_errors=True)
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


def put_directory_in_place(folder: Path, out: Path) -> None:
    """Renames a finished directory; one that it replaces is moved away first and removed last."""
    old = replaced_path(out)
    if out.exists() and any(out.iterdir()):
        shutil.rmtree(old, ignore_errors=True)
        os.rename(out, old)
    os.rename(folder, out)
    sync_directory(out.parent)
    shutil.rmtree(old, ignore_errors=True)
