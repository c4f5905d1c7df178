"""Arrays in shared memory: one row for each world, written by the process that holds it, read by the pool's owner."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_ALIGNMENT = 64  # of every array [bytes]: a cache line, so that torch can use vector instructions


@dataclass(frozen=True)
class ArraySpec:
    """What one world shows.

    Args:
        shape: Without the leading axis of worlds.
        dtype: numpy's name of it.
    """

    shape: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        """Size of one world's row."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Arena:
    """Arrays of all worlds in one nameless file that processes map; it is gone when the last of them is.

    Args:
        descriptor: Of the file, in this process.
        specs: What it holds, in order.
        num_worlds: Rows of every array.
    """

    descriptor: int
    specs: Mapping[str, ArraySpec]
    num_worlds: int

    @classmethod
    def make(cls, specs: Mapping[str, ArraySpec], num_worlds: int) -> Arena:
        """Makes the file; all values are zero."""
        arena = cls(os.memfd_create("simgen-worlds", os.MFD_CLOEXEC), dict(specs), num_worlds)
        os.ftruncate(arena.descriptor, max(1, arena._offsets()[1]))
        return arena

    def _offsets(self) -> tuple[dict[str, int], int]:
        offsets, end = {}, 0
        for name, spec in self.specs.items():
            offsets[name] = end
            end += -(-spec.bytes * self.num_worlds // _ALIGNMENT) * _ALIGNMENT
        return offsets, end

    def arrays(self) -> dict[str, np.ndarray]:
        """Maps the file into this process. Shape of each: (num_worlds, *spec.shape)."""
        offsets, size = self._offsets()
        memory = mmap.mmap(self.descriptor, max(1, size))
        arrays = {}
        for name, spec in self.specs.items():
            count = self.num_worlds * math.prod(spec.shape)
            flat = np.frombuffer(memory, np.dtype(spec.dtype), count, offsets[name])
            arrays[name] = flat.reshape(self.num_worlds, *spec.shape)
        return arrays

    def close(self) -> None:
        """Closes the file; arrays that were mapped stay as long as something refers to them."""
        os.close(self.descriptor)
