"""Shards: one HDF5 file in ManiSkill's trajectory layout for a fixed range of episodes, and its commit record.

A shard is assembled from staged items with their chunks as they are, in the order of the episodes, so its bytes
depend neither on timing nor on interruptions. The record is written last: no record, no shard.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from simgen.data.codec import LIBVER
from simgen.data.features import merge_features, merge_statistics
from simgen.data.files import SHARDS, clear_write_errors, put_in_place, read_json, temporary, write_json
from simgen.data.staging import (
    episode_from_entry,
    item_path,
    read_item,
    remove_item,
    stage_discard,
    stage_episode,
    trajectory,
    write_trajectory,
)
from simgen.errors import SimgenError

SHARD_FORMAT = 1
SHARDS_PER_PHASE = 100_000


@dataclass(frozen=True)
class ShardRange:
    """Episodes [first, stop) of a phase, and the number in the shard's name."""

    number: int
    phase: str
    first: int
    stop: int

    @property
    def name(self) -> str:
        return f"shard-{self.number:06d}"

    def record_path(self, root: Path) -> Path:
        return root / SHARDS / f"{self.name}.json"

    def h5_path(self, root: Path) -> Path:
        return root / SHARDS / f"{self.name}.h5"


def shard_range(phases: list[str], episodes_per_shard: int, phase: str, index: int) -> ShardRange:
    """The shard that an episode belongs to: 100,000 numbers for each phase in the order of `phases`.

    Raises:
        SimgenError: if the phase has more shards than there are numbers.
    """
    block = index // episodes_per_shard
    if block >= SHARDS_PER_PHASE:
        raise SimgenError(f"{phase} episode {index}: more than {SHARDS_PER_PHASE} shards; use more episodes per shard.")
    first = block * episodes_per_shard
    return ShardRange(phases.index(phase) * SHARDS_PER_PHASE + block, phase, first, first + episodes_per_shard)


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal_shard(root: Path, shard: ShardRange, header: Mapping[str, Any]) -> dict[str, Any]:
    """Assembles the staged items of a range into its shard, commits it and removes the items.

    Args:
        header: ManiSkill's keys of the record (env_info, commit_info, source_type, source_desc).

    Returns:
        the commit record.

    Raises:
        SimgenError: if the disk is full or cannot be written; the items are then kept.
    """
    indices = [i for i in range(shard.first, shard.stop) if item_path(root, shard.phase, i).exists()]
    items = [read_item(root, shard.phase, index) for index in indices]
    episodes = [item["episode"] for item in items if "episode" in item]
    features: dict[str, Any] = {}
    statistics: dict[str, Any] = {}
    for item in items:
        features = merge_features(features, item.get("features", {}), shard.name)
        statistics = merge_statistics(statistics, item.get("statistics", {}))
    with clear_write_errors(shard.h5_path(root)):
        if episodes:
            with new_shard_file(shard.h5_path(root)) as file:
                for item in (item for item in items if "episode" in item):
                    write_trajectory(root, item, file.create_group(f"traj_{item['episode']['index']}"))
        discarded = [item["discarded"] for item in items if "discarded" in item]
        record = commit_shard(root, shard, header, episodes, discarded, features, statistics)
        for index in indices:
            remove_item(root, shard.phase, index)
    return record


@contextlib.contextmanager
def new_shard_file(path: Path) -> Iterator[h5py.File]:
    """The HDF5 file of a shard, to be filled; it is put in place whole when the block ends, and not if that fails."""
    try:
        with h5py.File(temporary(path), "w", libver=LIBVER) as file:
            yield file
    except BaseException:
        temporary(path).unlink(missing_ok=True)
        raise
    put_in_place(path)


def commit_shard(
    root: Path,
    shard: ShardRange,
    header: Mapping[str, Any],
    episodes: list[dict[str, Any]],
    discarded: list[dict[str, Any]],
    features: Mapping[str, Any],
    statistics: Mapping[str, Any],
) -> dict[str, Any]:
    """Writes the commit record of a shard, whose file is in place if it has episodes; returns it."""
    path = shard.h5_path(root)
    record = {
        **header,
        "episodes": episodes,
        "shard": {
            "format_version": SHARD_FORMAT,
            **asdict(shard),
            "file": path.name if episodes else None,
            "bytes": path.stat().st_size if episodes else 0,
            "sha256": file_hash(path) if episodes else None,
            "discarded": discarded,
            "features": dict(features),
            "statistics": dict(statistics),
        },
    }
    # Written for every shard: indenting takes as long as the chunks.
    write_json(shard.record_path(root), record, indent=None)
    return record


def unseal_shard(root: Path, record: Mapping[str, Any], codec: str) -> None:
    """Turns a shard back into staged items, so that its range can take the episodes that it still lacks.

    A crash in the middle leaves the record, or the items, or both; never neither.
    """
    shard = range_of(record)
    if record["episodes"]:
        with h5py.File(shard.h5_path(root), "r", locking=False) as file:
            for entry in record["episodes"]:
                episode = episode_from_entry(entry, trajectory(file, entry["index"]))
                options = entry["reset_kwargs"].get("options")
                stage_episode(root, episode, codec, entry["control_mode"], options, durable=True)
    for discard in record["shard"]["discarded"]:
        stage_discard(root, discard, durable=True)
    remove_shard(root, shard)


def remove_shard(root: Path, shard: ShardRange) -> None:
    """Removes a shard, its record first."""
    shard.record_path(root).unlink(missing_ok=True)
    shard.h5_path(root).unlink(missing_ok=True)


def range_of(record: Mapping[str, Any]) -> ShardRange:
    """The range that a record speaks for."""
    values = record["shard"]
    return ShardRange(values["number"], values["phase"], values["first"], values["stop"])


def read_record(path: Path) -> dict[str, Any]:
    """Reads a commit record.

    Raises:
        SimgenError: names the file if it is damaged, is not ours, or comes from a newer version.
    """
    record = read_json(path)
    shard = record.get("shard")
    if not isinstance(shard, dict) or not isinstance(record.get("episodes"), list) or "format_version" not in shard:
        raise SimgenError(f"{path}: is not the record of a simgen shard.")
    if shard["format_version"] > SHARD_FORMAT:
        version = shard["format_version"]
        raise SimgenError(f"{path}: has shard format {version}; this simgen reads up to {SHARD_FORMAT}. Update simgen.")
    return record


def cached_record(path: Path) -> dict[str, Any]:
    """`read_record` for a caller that does not change what it gets; a file is read again once it was replaced."""
    state = path.stat() if path.exists() else None
    return _record_as_of(path, state and (state.st_mtime_ns, state.st_size, state.st_ino))


@functools.lru_cache(maxsize=4)
def _record_as_of(path: Path, state: tuple[int, int, int] | None) -> dict[str, Any]:
    return read_record(path)


def record_paths(root: Path) -> list[Path]:
    """All commit records, in the order of the shards' names."""
    return sorted(path for path in (root / SHARDS).glob("shard-*.json"))
