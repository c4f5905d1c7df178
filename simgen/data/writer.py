"""Streams episodes to disk while the simulation goes on.

An episode is finished once it is staged (simgen.data.staging): from then on it survives `kill -9`. What can be lost
is at most the queue. When all episodes of a shard's range are there, the shard is sealed and committed; `close`
seals the ranges that are not full, and a later `resume` opens these again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from simgen.data.encoder import EncoderSettings, SealTask, Staged, UnsealTask
from simgen.data.episode import Episode
from simgen.data.features import features_of, merge_features
from simgen.data.files import STAGING, plain
from simgen.data.manifest import rebuild_index, record_header, write_manifest
from simgen.data.pool import EncoderPool, queue_of, uninterrupted
from simgen.data.resume import Found, open_directory
from simgen.data.shard import ShardRange, read_record, shard_range
from simgen.data.staging import stage_discard
from simgen.errors import BadInput, SimgenError


class DatasetWriter:
    """Writes a dataset; use it as a context manager, from one thread.

    Leaving the block, also through Ctrl-C or another error, keeps and commits everything that was written.

    Args:
        path: directory of the dataset; made if it does not exist.
        spec: the resolved spec; with `resume` it must be the dataset's.
        codec: "blosc2" (default), "zstd", "gzip" or "raw"; all lossless.
        episodes_per_shard: length of a shard's range of episode indices, default 64.
        processes: encoder processes.
        queue_size: episodes that may wait before `write` blocks, default 2 * processes + 2; each takes memory.
        resume: go on with what is there. `finished` and `discarded` then say what need not be done again.
        verify: on resume, hash all shards (about 1 s per GB) and drop damaged ones, instead of comparing sizes only.
        phases: fixes the order of the phases, hence the shards' names; else they count as they appear.
        features: per path of an array what its data do not say, e.g. {"actions": {"unit":, "low":, "high":}}.
        engine, command: recorded in dataset.json.
        provenance: further keys for dataset.json, such as `sources`.

    Raises:
        BadInput: another spec on resume (names the fields), a dataset with episodes without `resume`, a directory with
            other files.
        SimgenError: if another process writes the same dataset.
    """

    def __init__(
        self,
        path: str | Path,
        spec: Mapping[str, Any],
        *,
        codec: str | None = None,
        episodes_per_shard: int | None = None,
        processes: int = 1,
        queue_size: int | None = None,
        resume: bool = False,
        verify: bool = True,
        phases: Iterable[str] = (),
        features: Mapping[str, Mapping[str, Any]] | None = None,
        engine: str | None = None,
        command: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        if processes < 1 or (queue_size is not None and queue_size < 1) or (episodes_per_shard or 1) < 1:
            raise BadInput("processes, queue_size and episodes_per_shard must be at least 1.")
        self.path = Path(path)
        self._pool: EncoderPool | None = None
        self._lock: int | None = None
        self._failure: SimgenError | None = None
        opened = open_directory(
            self.path, spec, codec=codec, episodes_per_shard=episodes_per_shard, resume=resume, verify=verify,
            phases=phases, features=features, engine=engine, command=command, provenance=provenance,
        )  # fmt: skip
        self._lock, self._manifest = opened.lock, opened.manifest
        try:
            self._take_in(opened.found)
            settings = EncoderSettings(self.path, self._manifest["codec"], *record_header(self._manifest))
            held = (self._lock,) if self._lock is not None else ()
            self._pool = EncoderPool(settings, processes, queue_size or queue_of(processes), held)
            self._seal_full_ranges()
        except BaseException:
            self.abort()
            raise

    def _take_in(self, found: Found) -> None:
        self.finished, self.discarded = found.finished, found.discarded
        self.found_successful = found.found_successful  # what an earlier run finished with success
        self._pending: set[tuple[str, int]] = set()
        self._sealed = found.sealed
        self._open: dict[ShardRange, set[int]] = {}
        for phase, index in sorted(found.staged):
            self._open.setdefault(self._range(phase, index), set()).add(index)
        self._features = found.features

    def _range(self, phase: str, index: int) -> ShardRange:
        if phase not in self._manifest["phases"]:
            self._manifest["phases"].append(phase)
            write_manifest(self.path, self._manifest)
        return shard_range(self._manifest["phases"], self._manifest["episodes_per_shard"], phase, index)

    @property
    def notes(self) -> dict[str, dict[str, Any]]:
        """What is known so far of what the data do not say, by the path of an array."""
        return self._manifest["feature_notes"]

    def describe(self, features: Mapping[str, Mapping[str, Any]]) -> None:
        """Adds to what `features` of the constructor says, where that is only known now."""
        notes = {**self._manifest["feature_notes"], **plain(dict(features), "features")}
        if notes != self._manifest["feature_notes"]:
            self._manifest["feature_notes"] = notes
            write_manifest(self.path, self._manifest)

    def write(self, episode: Episode) -> None:
        """Hands an episode over; blocks only while the queue is full. Episodes may come in any order.

        The arrays are copied before this returns.

        Raises:
            SimgenError: if the episode is not well formed or was written before; if an encoder has died or the disk
                is full (then nothing more can be written, and everything that was finished is kept).
        """
        pool = self._ready()
        episode.validate()
        self._require_new(episode.phase, episode.index)
        self._features = merge_features(self._features, features_of(episode.arrays, episode.length), episode.name)
        self._reopen(self._range(episode.phase, episode.index))
        with self._failing():
            self._collect()
            while pool.full:
                pool.wait()
                self._collect()
            with uninterrupted():
                pool.submit_episode(episode)
                self._pending.add((episode.phase, episode.index))

    def discard(self, phase: str, index: int, seed: int, reason: str) -> None:
        """Records that an attempt gave no episode, so that it is counted and not tried again on resume."""
        self._ready()
        self._require_new(phase, index)
        shard = self._range(phase, index)
        self._reopen(shard)
        values = plain({"phase": phase, "index": index, "seed": seed, "reason": reason}, "discarded attempt")
        with self._failing(), uninterrupted():
            stage_discard(self.path, values)
            self.discarded[phase, index] = values
            self._staged(shard, index)

    def flush(self) -> None:
        """Waits until everything that was handed over is finished."""
        pool = self._ready()
        with self._failing():
            while pool.outstanding:
                pool.wait()
                self._collect()

    def close(self) -> None:
        """Finishes the queue, commits all shards, writes the index, and ends the encoders. May be called again.

        After a failure it only cleans up and indexes what was committed.

        Raises:
            SimgenError: if something goes wrong that no earlier call has reported.
        """
        if self._pool is None:
            return
        try:
            if self._failure is None:
                self._finish(self._pool)
        finally:
            if self._failure is not None:
                with contextlib.suppress(SimgenError):
                    rebuild_index(self.path)
            self.abort()

    def _finish(self, pool: EncoderPool) -> None:
        self.flush()
        for shard in [shard for shard, indices in self._open.items() if indices]:
            self._seal(shard)
        self.flush()
        pool.close()
        with contextlib.suppress(OSError):
            (self.path / STAGING).rmdir()
        rebuild_index(self.path)

    def abort(self) -> None:
        """Ends the encoders at once, without finishing the queue."""
        if self._pool is not None:
            self._pool.kill()
            self._pool = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> DatasetWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def encoder_pids(self) -> list[int]:
        """Process ids of the encoders."""
        return self._pool.pids if self._pool else []

    def _ready(self) -> EncoderPool:
        if self._failure is not None:
            raise self._failure
        if self._pool is None:
            raise SimgenError(f"{self.path}: the writer is closed.")
        return self._pool

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Remembers an error of the encoders or the disk: after it nothing more can be written."""
        try:
            yield
        except SimgenError as error:
            self._failure = error
            raise

    def _require_new(self, phase: str, index: int) -> None:
        key = (phase, index)
        if key in self.finished or key in self._pending or key in self.discarded:
            raise SimgenError(f"{phase} episode {index} was written before.")

    def _collect(self) -> None:
        """Takes in the encoders' answers without waiting."""
        if self._pool is None:
            return
        with uninterrupted():
            for reply in self._pool.replies():
                if isinstance(reply, Staged):
                    key = (reply.phase, reply.index)
                    self._pending.discard(key)
                    self.finished.add(key)
                    self._staged(self._range(*key), reply.index)

    def _staged(self, shard: ShardRange, index: int) -> None:
        self._open.setdefault(shard, set()).add(index)
        self._seal_full_ranges()

    def _seal_full_ranges(self) -> None:
        for shard in [shard for shard, indices in self._open.items() if len(indices) == shard.stop - shard.first]:
            self._seal(shard)

    def _seal(self, shard: ShardRange) -> None:
        assert self._pool is not None
        del self._open[shard]
        self._sealed.add(shard)
        self._pool.submit(SealTask(shard))

    def _reopen(self, shard: ShardRange) -> None:
        """Takes a shard that was sealed before it was full apart again."""
        if shard not in self._sealed:
            return
        self.flush()
        record = read_record(shard.record_path(self.path))
        with self._failing(), uninterrupted():
            self._ready().submit(UnsealTask(shard))
            discarded = record["shard"]["discarded"]
            self._open[shard] = {entry["index"] for entry in [*record["episodes"], *discarded]}
            self._sealed.remove(shard)
        self.flush()
