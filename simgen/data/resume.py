"""What a dataset directory holds when a writer opens it: nothing, a dataset to go on with, or a reason to refuse."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data.codec import DEFAULT_CODEC, require_codec
from simgen.data.features import merge_features
from simgen.data.files import (
    APPEND,
    MANIFEST,
    READY,
    SHARDS,
    STAGING,
    clear_write_errors,
    is_temporary,
    lock_directory,
    plain,
)
from simgen.data.manifest import new_manifest, read_manifest, require_same_spec, require_same_storage, write_manifest
from simgen.data.presence import await_all
from simgen.data.shard import ShardRange, file_hash, range_of, read_record, record_paths, remove_shard
from simgen.data.staging import ARRAYS, item_is_sound, read_item, remove_item, staged_items
from simgen.errors import BadInput, SimgenError

UNFINISHED_APPEND = "an append was interrupted; `simgen append {root} --from ...` once more finishes it"

logger = logging.getLogger(__name__)


@dataclass
class Found:
    """What is finished in a dataset: (phase, index) of episodes and of discarded attempts, and where they lie.

    `found_successful` is the part of `finished` that succeeded.
    """

    finished: set[tuple[str, int]] = field(default_factory=set)
    found_successful: set[tuple[str, int]] = field(default_factory=set)
    discarded: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    staged: set[tuple[str, int]] = field(default_factory=set)
    sealed: set[ShardRange] = field(default_factory=set)
    features: dict[str, Any] = field(default_factory=dict)

    def add_episode(self, key: tuple[str, int], success: bool) -> None:
        """Takes in an episode that is finished."""
        self.finished.add(key)
        if success:
            self.found_successful.add(key)

    def add_shard(self, shard: ShardRange, record: dict[str, Any]) -> None:
        """Takes in a shard that is whole."""
        for entry in record["episodes"]:
            self.add_episode((shard.phase, entry["index"]), entry["success"])
        for discard in record["shard"]["discarded"]:
            self.discarded[shard.phase, discard["index"]] = discard
        self.features = merge_features(self.features, record["shard"]["features"], shard.name)
        self.sealed.add(shard)


@dataclass(frozen=True)
class Opened:
    """A directory that is ready to be written: what it says it is, what it holds, and the lock on it."""

    manifest: dict[str, Any]
    found: Found
    lock: int | None


def open_directory(
    root: Path,
    spec: Mapping[str, Any],
    *,
    codec: str | None,
    episodes_per_shard: int | None = None,
    resume: bool,
    verify: bool = True,
    phases: Iterable[str],
    features: Mapping[str, Mapping[str, Any]] | None = None,
    engine: str | None,
    command: str | None,
    provenance: Mapping[str, Any] | None = None,
) -> Opened:
    """Makes a dataset's directory or goes on with it; the arguments are those of `DatasetWriter`.

    Raises:
        BadInput: as `existing_manifest`; another spec, codec or shard length than the dataset's.
        SimgenError: if another process writes it.
    """
    spec = plain(dict(spec), "spec")
    require_codec(codec or DEFAULT_CODEC)
    manifest = existing_manifest(root, resume)
    if manifest is not None:
        require_same_spec(manifest, spec, root)
        require_same_storage(manifest, codec, episodes_per_shard, root)
    with clear_write_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = lock_directory(root)
    try:
        manifest = existing_manifest(root, resume)  # again: another writer may just have ended
        if manifest is None:
            manifest = new_manifest(
                spec, codec or DEFAULT_CODEC, episodes_per_shard or 64, list(phases), engine, command, features or {}
            )
            manifest |= plain(dict(provenance or {}), "provenance")
            write_manifest(root, manifest)
        with clear_write_errors(root):
            (root / SHARDS).mkdir(exist_ok=True)
            (root / STAGING).mkdir(exist_ok=True)
        await_all(root)
        return Opened(manifest, recover(root, verify), lock)
    except BaseException:
        if lock is not None:
            os.close(lock)
        raise


def existing_manifest(root: Path, resume: bool, elsewhere: Path | None = None) -> dict[str, Any] | None:
    """The manifest to go on with, or None for a fresh directory; a dataset without any episode or attempt is fresh.

    Args:
        elsewhere: where its episodes and attempts may lie too.

    Raises:
        BadInput: if there is a dataset and `resume` is off, or if the directory holds something else.
    """
    if root.exists() and not root.is_dir():
        raise BadInput(f"{root}: is a file, not a directory for a dataset.")
    if (root / MANIFEST).is_file():
        read_manifest(root)  # it must be ours
        if _is_empty(root) and (elsewhere is None or _is_empty(elsewhere)):
            return None
        if not resume:
            raise BadInput(f"{root}: already holds a dataset; continue it with --resume or choose another directory.")
        require_no_append(root)
        return read_manifest(root)
    others = [path.name for path in root.iterdir() if not is_temporary(path)] if root.is_dir() else []
    if others:
        raise BadInput(f"{root}: is not empty and holds no simgen dataset ({', '.join(sorted(others)[:3])}, ...).")
    return None


def append_is_unfinished(root: Path) -> bool:
    """Whether a `simgen append` was interrupted while it moved its shards into a dataset."""
    return (root / APPEND / READY).exists()


def require_no_append(root: Path) -> None:
    """Refuses a dataset to which an append is to be finished first (BadInput)."""
    if append_is_unfinished(root):
        raise BadInput(f"{root}: {UNFINISHED_APPEND.format(root=root)}.")


def _is_empty(root: Path) -> bool:
    """Whether a dataset holds nothing: what started it failed before the first attempt ended."""
    folders = [folder for folder in (root / SHARDS, root / STAGING) if folder.is_dir()]
    return all(is_temporary(path) for folder in folders for path in folder.iterdir())


def recover(root: Path, verify: bool) -> Found:
    """Removes what is not whole and reports what is.

    Goes: temporary files, shards without record, records whose file is missing or damaged, staged items that are
    damaged or already in a shard.

    Args:
        verify: hash every shard (about 1 s per GB) instead of comparing sizes only.
    """
    found = Found()
    for folder in (root, root / SHARDS, root / STAGING):
        for path in folder.iterdir() if folder.is_dir() else ():
            if is_temporary(path) and path.is_file():
                path.unlink()
    for path in record_paths(root):
        _recover_shard(root, path, verify, found)
    for path in (root / SHARDS).glob("*.h5"):
        if not path.with_suffix(".json").exists():
            path.unlink()
    for path in (root / STAGING).glob(f"*{ARRAYS}"):
        if not path.with_suffix(".json").exists():
            path.unlink()
    for phase, index in staged_items(root):
        _recover_item(root, phase, index, found)
    return found


def _recover_shard(root: Path, path: Path, verify: bool, found: Found) -> None:
    try:
        record = read_record(path)
        shard = range_of(record)
    except (SimgenError, KeyError) as error:
        raise SimgenError(
            f"{error} Its episodes cannot be told from the missing ones: remove it and its .h5 file, then --resume."
        ) from error
    damage = shard_damage(root, record, verify)
    if damage:
        logger.warning("%s is damaged (%s): its %d episodes are dropped", path, damage, len(record["episodes"]))
        remove_shard(root, shard)
        return
    found.add_shard(shard, record)


def shard_damage(root: Path, record: Mapping[str, Any], verify: bool) -> str | None:
    """What is wrong between a record and its HDF5 file; None if nothing is."""
    values = record["shard"]
    if values["file"] is None:
        return None
    path = root / SHARDS / values["file"]
    if not path.is_file():
        return "the file is missing"
    size = path.stat().st_size
    if size != values["bytes"]:
        return f"{size} bytes instead of {values['bytes']}"
    if verify and file_hash(path) != values["sha256"]:
        return "the bytes have changed"
    return None


def _recover_item(root: Path, phase: str, index: int, found: Found) -> None:
    key = (phase, index)
    if key in found.finished or key in found.discarded or not item_is_sound(root, phase, index):
        remove_item(root, phase, index)
        return
    found.staged.add(key)
    item = read_item(root, phase, index)
    if "discarded" in item:
        found.discarded[key] = item["discarded"]
    else:
        found.add_episode(key, item["episode"]["success"])
        found.features = merge_features(found.features, item["features"], f"{phase} episode {index}")
