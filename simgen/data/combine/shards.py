"""Writes shards out of the shards of other datasets, with the chunks as they were compressed."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5d, h5o, h5p, h5s  # pyright: ignore[reportAttributeAccessIssue]

from simgen.data.codec import GroupWriter
from simgen.data.combine.plan import ORIGIN, Move, Source
from simgen.data.features import features_of, is_summarised, merge_features, merge_statistics, statistics_of
from simgen.data.files import SHARDS, clear_write_errors
from simgen.data.filters import Filters
from simgen.data.resume import shard_damage
from simgen.data.shard import ShardRange, commit_shard, new_shard_file, read_record
from simgen.data.staging import trajectory
from simgen.errors import SimgenError

_HEADER = ("env_info", "commit_info", "source_type", "source_desc")


AGAIN = "run the same command again"
_Key = tuple[int, str]  # number of a source, and name of its shard


class _Record(NamedTuple):
    """A commit record, with what it says of each index."""

    header: dict[str, Any]
    shard: dict[str, Any]
    episodes: dict[int, dict[str, Any]]
    discarded: dict[int, dict[str, Any]]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> _Record:
        header = {key: record[key] for key in _HEADER if key in record}
        episodes = {entry["index"]: entry for entry in record["episodes"]}
        return cls(header, record["shard"], episodes, {each["index"]: each for each in record["shard"]["discarded"]})


class ShardCopier:
    """Copies episodes of several datasets into the shards of one; verifies each source shard before it is used."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._opened: dict[_Key, _Record] = {}

    def write(self, root: Path, target: ShardRange, moves: Sequence[Move]) -> None:
        """Writes a shard and commits it.

        Raises:
            SimgenError: A source is damaged or cannot be read; the disk is full.
        """
        moves = sorted(moves, key=lambda move: move.to)
        wanted = dict.fromkeys((move.source, move.shard) for move in moves)
        self._opened = {key: self._opened.get(key) or self._sound_record(key) for key in wanted}
        records = list(self._opened.values())
        episodes = [move for move in moves if move.is_episode]
        whole = len(records) == 1 and len(records[0].episodes) == len(episodes)
        totals = _Totals(records[0].shard if whole else None, target.name)
        path = target.h5_path(root)
        with clear_write_errors(path, AGAIN):
            if episodes:
                with new_shard_file(path) as file, contextlib.ExitStack() as stack:
                    self._copy(episodes, file, stack, totals)
            entries = [self._renumbered({**self._of(move), "episode_id": move.to}, move) for move in episodes]
            discarded = [self._renumbered(self._of(move), move) for move in moves if not move.is_episode]
            commit_shard(root, target, records[0].header, entries, discarded, totals.features, totals.statistics)

    def _copy(self, episodes: Sequence[Move], file: h5py.File, stack: contextlib.ExitStack, totals: _Totals) -> None:
        files: dict[_Key, h5py.File] = {}
        for move in episodes:
            key = (move.source, move.shard)
            if key not in files:
                path = self._sources[move.source].root / SHARDS / self._opened[key].shard["file"]
                files[key] = stack.enter_context(h5py.File(path, "r", locking=False))
            group = trajectory(files[key], move.index)
            arrays = _copy_arrays(group, file.create_group(f"traj_{move.to}"), decode=not totals.given)
            totals.add(arrays, self._of(move)["length"])

    def _sound_record(self, key: _Key) -> _Record:
        source, name = key
        root = self._sources[source].root
        record = read_record(root / SHARDS / f"{name}.json")
        damage = shard_damage(root, record, verify=True)
        if damage:
            place = root / SHARDS / record["shard"]["file"]
            raise SimgenError(f"{place}: {damage}; nothing was taken from it. `simgen check {root}` tells more.")
        return _Record.of(record)

    def _of(self, move: Move) -> dict[str, Any]:
        """What the source's record says of an episode or an attempt."""
        record = self._opened[move.source, move.shard]
        return (record.episodes if move.is_episode else record.discarded)[move.index]

    def _renumbered(self, values: Mapping[str, Any], move: Move) -> dict[str, Any]:
        if move.to == move.index:
            return dict(values)
        origin = {"source": self._sources[move.source].name, "index": move.index}
        return {**values, "index": move.to, ORIGIN: values.get(ORIGIN, origin)}


class _Totals:
    """Features and statistics of the episodes of a shard: of a shard that has the same ones, else of the arrays."""

    def __init__(self, shard: Mapping[str, Any] | None, where: str) -> None:
        self.features: dict[str, Any] = shard["features"] if shard else {}
        self.statistics: dict[str, Any] = shard["statistics"] if shard else {}
        self.given, self._where = shard is not None, where

    def add(self, arrays: Mapping[str, np.ndarray], length: int) -> None:
        """Takes the arrays of an episode in, as `_copy_arrays` returns them."""
        if self.given:
            return
        self.features = merge_features(self.features, features_of(arrays, length), self._where)
        self.statistics = merge_statistics(self.statistics, statistics_of(arrays))


def _copy_arrays(source: h5py.Group, target: h5py.Group, decode: bool) -> dict[str, np.ndarray]:
    """Copies all arrays below a group; their chunks as they are. With h5py's low-level calls, as they are many.

    Args:
        decode: Whether the values of chunks are wanted where statistics are kept of them.

    Returns:
        the arrays; those of which no statistics are kept, such as images, without their values.
    """
    writer = GroupWriter(target)
    arrays: dict[str, np.ndarray] = {}
    for path in _paths(source):
        array = h5d.open(source.id, path.encode())
        properties = array.get_create_plist()
        shape, dtype = array.shape, array.dtype
        chunks = properties.get_chunk() if properties.get_layout() == h5d.CHUNKED else None
        dataset = writer.declare(path, dtype, shape, chunks, _filters(properties))
        values = np.broadcast_to(np.zeros((), dtype), shape)
        if chunks is None or (decode and is_summarised(values)):
            values = np.empty(shape, dtype)
            array.read(h5s.ALL, h5s.ALL, values)
        if chunks is None:
            dataset.write(h5s.ALL, h5s.ALL, values)
        for corner in () if chunks is None else _corners(shape, chunks):
            mask, chunk = array.read_direct_chunk(corner)
            dataset.write_direct_chunk(corner, chunk, mask)
        arrays[path] = values
    return arrays


def _paths(group: h5py.Group) -> list[str]:
    """Sorted paths of all arrays below a group; opens none of them."""
    names: list[bytes] = []

    def note(name: bytes, info: h5o.ObjInfo) -> None:
        if info.type == h5o.TYPE_DATASET:
            names.append(name)

    h5o.visit(group.id, note, info=True)
    return sorted(name.decode() for name in names)


def _filters(properties: h5p.PropDCID) -> Filters:
    stages = [properties.get_filter(number) for number in range(properties.get_nfilters())]
    return tuple((number, tuple(values)) for number, _flags, values, _name in stages)


def _corners(shape: tuple[int, ...], chunks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The place of the first element of each chunk."""
    return itertools.product(*(range(0, size, step) for size, step in zip(shape, chunks, strict=True)))
