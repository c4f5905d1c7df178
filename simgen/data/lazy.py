"""Arrays in shards that are read when they are indexed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.open_files import OpenFiles


class LazyArray:
    """An array in a shard: slicing reads just the chunks that it needs; `np.asarray` reads all."""

    def __init__(self, files: OpenFiles, file: Path, name: str) -> None:
        self._files, self._file, self._name = files, file, name

    @property
    def file(self) -> Path:
        """The HDF5 file of the shard."""
        return self._file

    @property
    def name(self) -> str:
        """Full path in the file; it starts with the group of the episode."""
        return self._name

    @functools.cached_property
    def _shape_and_type(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        return self._files.shape_and_type(self._file, self._name)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape_and_type[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._shape_and_type[1]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, selection: Any) -> np.ndarray:
        return self._files.read(self._file, self._name, selection)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[()], dtype=dtype)

    def __repr__(self) -> str:
        return f"LazyArray({self._name!r}, shape={self.shape}, dtype={self.dtype})"


class ArrayView(Mapping[str, LazyArray]):
    """Arrays below a path: `obs["sensor_data/base/rgb"]`; `obs.below("sensor_data/base")["rgb"]` is the same.

    Args:
        paths: The arrays that there are; None: all below the group.
        seen: What is to be seen in the place of an array.
    """

    def __init__(
        self,
        files: OpenFiles,
        file: Path,
        group: str,
        paths: Sequence[str] | None = None,
        seen: Callable[[LazyArray], LazyArray] | None = None,
    ) -> None:
        self._files, self._file, self._group = files, file, group
        self._given, self._seen = paths, seen

    @functools.cached_property
    def _paths(self) -> dict[str, None]:
        paths = self._given if self._given is not None else self._files.array_paths(self._file, self._group)
        return dict.fromkeys(paths)

    def __getitem__(self, path: str) -> LazyArray:
        if path not in self._paths:
            raise KeyError(f"no array {path!r} in {self._group}; there are: {', '.join(self._paths)}")
        array = LazyArray(self._files, self._file, f"{self._group}/{path}")
        return array if self._seen is None else self._seen(array)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def below(self, prefix: str) -> ArrayView:
        """The arrays whose path starts with `prefix/`, by the rest of their path."""
        start = prefix.rstrip("/") + "/"
        paths = [path.removeprefix(start) for path in self._paths if path.startswith(start)]
        return ArrayView(self._files, self._file, f"{self._group}/{prefix.rstrip('/')}", paths, self._seen)
