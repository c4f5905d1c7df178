"""The encoder process: takes episodes out of shared memory, stages them, and seals shards when told to.

It imports h5py and numpy only, and ends when its writer closes the connection, dies, or an error was reported.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simgen.data.episode import Episode, canonical_array
from simgen.data.shard import ShardRange, read_record, seal_shard, unseal_shard
from simgen.data.staging import stage_episode
from simgen.errors import SimgenError

ALIGNMENT = 64


@dataclass(frozen=True)
class EncoderSettings:
    """What an encoder has to know once: the dataset's root, how to store, what each record starts with."""

    root: Path
    codec: str
    control_mode: str | None
    reset_options: dict[str, Any]
    header: dict[str, Any]


class EncodeTask(NamedTuple):
    """An episode lies in a slot: `table` bytes of pickled layout and metadata at `offset`, the arrays before it."""

    slot: int
    offset: int
    table: int


class SealTask(NamedTuple):
    """All items of this range are staged."""

    shard: ShardRange


class UnsealTask(NamedTuple):
    """This shard is to become staged items again."""

    shard: ShardRange


class Staged(NamedTuple):
    """Answer to an EncodeTask: the slot is free again."""

    slot: int
    phase: str
    index: int
    size: int


class Done(NamedTuple):
    """Answer to a SealTask or an UnsealTask."""

    shard: ShardRange


class Failed(NamedTuple):
    """The last answer of an encoder that cannot go on."""

    message: str


class Slots:
    """Growing blocks of anonymous memory, shared by file descriptor: no name in /dev/shm, nothing to clean up."""

    def __init__(self, descriptors: list[int]) -> None:
        self.descriptors = descriptors
        self._maps: dict[int, mmap.mmap] = {}

    def view(self, slot: int, size: int) -> memoryview:
        """The slot's memory, at least `size` bytes of it; the file grows if it has to."""
        mapped = self._maps.get(slot)
        if mapped is None or len(mapped) < size:
            descriptor = self.descriptors[slot]
            try:
                if os.fstat(descriptor).st_size < size:
                    os.ftruncate(descriptor, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
                mapped = self._maps[slot] = mmap.mmap(descriptor, os.fstat(descriptor).st_size)
            except OSError as error:
                raise SimgenError(f"no shared memory for an episode of {size} bytes: {error.strerror}.") from error
        return memoryview(mapped)


def put_episode(slots: Slots, slot: int, episode: Episode) -> EncodeTask:
    """Copies an episode into a slot, each array once, and returns the task that describes it."""
    layout = []
    offset = 0
    for path, array in episode.arrays.items():
        layout.append((path, array.dtype.newbyteorder("<").str, array.shape, offset))
        offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    table = pickle.dumps((layout, episode.metadata()))
    memory = slots.view(slot, offset + len(table))
    for (_path, dtype, shape, start), array in zip(layout, episode.arrays.values(), strict=True):
        np.copyto(np.ndarray(shape, dtype, memory, start), array)
    memory[offset : offset + len(table)] = table
    return EncodeTask(slot, offset, len(table))


def take_episode(slots: Slots, task: EncodeTask) -> Episode:
    """The inverse of `put_episode`; the arrays are views of the slot."""
    memory = slots.view(task.slot, task.offset + task.table)
    layout, metadata = pickle.loads(memory[task.offset : task.offset + task.table])
    arrays = {path: np.ndarray(shape, dtype, memory, start) for path, dtype, shape, start in layout}
    return Episode.from_metadata(metadata, {path: canonical_array(array) for path, array in arrays.items()})


def run_task(task: EncodeTask | SealTask | UnsealTask, slots: Slots, settings: EncoderSettings) -> Staged | Done:
    """Does one task and returns its answer."""
    if isinstance(task, SealTask):
        seal_shard(settings.root, task.shard, settings.header)
        return Done(task.shard)
    if isinstance(task, UnsealTask):
        unseal_shard(settings.root, read_record(task.shard.record_path(settings.root)), settings.codec)
        return Done(task.shard)
    episode = take_episode(slots, task)
    size = stage_episode(settings.root, episode, settings.codec, settings.control_mode, settings.reset_options)
    return Staged(task.slot, episode.phase, episode.index, size)


def serve(connection: Connection, parent: int) -> None:
    """Answers tasks until the connection closes or the process `parent` is gone."""
    settings, descriptors = connection.recv()
    slots = Slots(descriptors)
    while True:
        while not connection.poll(1.0):
            if os.getppid() != parent:
                return
        task = connection.recv()
        if task is None:
            return
        connection.send(run_task(task, slots, settings))
        if os.getppid() != parent:
            return


def main() -> None:
    """Entry point: `argv` holds the descriptor of the connection and the writer's process id."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the writer gets them too, and tells us when to end
        signal.signal(number, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    try:
        serve(connection, int(sys.argv[2]))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the writer is gone; what it handed over and we finished is staged
    except SimgenError as error:
        _report(connection, str(error))
    except Exception:
        _report(connection, f"the encoder failed:\n{traceback.format_exc()}")
    os._exit(0)  # not through HDF5's own clean-up, which fails again where a file could not be written


def _report(connection: Connection, message: str) -> None:
    try:
        connection.send(Failed(message))
    except OSError:
        os._exit(1)
