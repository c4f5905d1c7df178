"""HDF5 files of a dataset, opened when needed, a few at a time, and anew in every process."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from simgen.data import codec as _codec  # registers the Blosc2 filter
from simgen.data.files import RESUME_HINT
from simgen.errors import SimgenError

_CHUNK_CACHE_BYTES = 16 << 20
_MOST_ARRAYS = 64


class OpenFiles:
    """A small cache of open files and arrays; safe in threads, after a fork, and when pickled.

    Args:
        most: files that are open at a time.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._files: OrderedDict[Path, h5py.File] = OrderedDict()
        self._arrays: OrderedDict[tuple[Path, str], h5py.Dataset] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"most": self._most}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["most"])

    @contextlib.contextmanager
    def _using(self, path: Path) -> Iterator[h5py.File]:
        """The open file; errors of HDF5 inside the block name it and say what to do."""
        if self._process != os.getpid():
            self._reset()  # handles from before a fork are the parent's
        with self._lock:
            try:
                if path not in self._files:
                    self._make_room()
                    self._files[path] = h5py.File(path, "r", locking=False, rdcc_nbytes=_CHUNK_CACHE_BYTES)
                self._files.move_to_end(path)
                yield self._files[path]
            except (OSError, KeyError, RuntimeError) as error:
                raise SimgenError(
                    f"{path}: cannot be read ({_first_line(error)}). It is truncated, damaged or not a simgen shard; "
                    f"{RESUME_HINT}."
                ) from error

    def _make_room(self) -> None:
        while len(self._files) >= self._most:
            path, file = self._files.popitem(last=False)
            for key in [key for key in self._arrays if key[0] == path]:
                del self._arrays[key]
            file.close()

    def _array(self, file: h5py.File, path: Path, name: str) -> h5py.Dataset:
        key = (path, name)
        if key not in self._arrays:
            if len(self._arrays) >= _MOST_ARRAYS:
                self._arrays.popitem(last=False)
            item = file[name]
            if not isinstance(item, h5py.Dataset):
                raise KeyError(f"{name} is no array")
            self._arrays[key] = item
        self._arrays.move_to_end(key)
        return self._arrays[key]

    def shape_and_type(self, path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and dtype of an array, without reading it."""
        with self._using(path) as file:
            array = self._array(file, path, name)
            return array.shape, array.dtype

    def read(self, path: Path, name: str, selection: Any) -> np.ndarray:
        """The selected part of an array.

        Raises:
            SimgenError: names the file if it cannot be read.
            IndexError: if the selection is outside of the array.
        """
        with self._using(path) as file:
            return np.asarray(self._array(file, path, name)[selection])

    def array_paths(self, path: Path, group: str) -> list[str]:
        """Paths of all arrays below a group."""
        with self._using(path) as file:
            item = file[group]
            if not isinstance(item, h5py.Group):
                raise KeyError(f"{group} is no group")
            return _codec.array_paths(item)

    def close(self) -> None:
        """Closes the files; they open again when needed."""
        if self._process == os.getpid():
            with self._lock:
                self._arrays.clear()
                while self._files:
                    self._files.popitem()[1].close()


def _first_line(error: Exception) -> str:
    return (str(error).strip("'\"").splitlines() or [type(error).__name__])[0]
