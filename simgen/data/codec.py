"""Arrays to and from an HDF5 group: chunks per block of frames, lossless compression.

Chunks are compressed apart from the file that they go to (`encode`), so that an episode is compressed once and its
chunks are moved from file to file as they are. Which filter suits which array was measured:
examples/benchmarks/codecs.py.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import h5py
import hdf5plugin
import numpy as np
from h5py import h5d, h5f, h5g, h5p, h5s, h5t, h5z  # pyright: ignore[reportAttributeAccessIssue]

from simgen.data.filters import Filters, apply, blosc2
from simgen.errors import BadInput, nearest

CODECS = ("blosc2", "zstd", "gzip", "raw")
DEFAULT_CODEC = "blosc2"
FRAMES_PER_CHUNK = 16
# What is written can be read with HDF5 1.10 and newer, which is what other programs bring along.
LIBVER = ("v110", "v110")
SMALL = 32 << 10  # bytes; up to here an array lies in the file whole and as it is
_LARGEST_CHUNK = 16 << 20
_STILL_SHARE = 0.5  # of the pixels that a camera which stands still sees unchanged from one end of a chunk to the other
_LOOKED_AT = 61  # every how many-th byte is compared; no divisor of usual widths
_numbers = itertools.count()  # HDF5 wants open files to differ in name, also those in memory


class Layout(NamedTuple):
    """How an array lies in a file.

    Args:
        dtype: NumPy's name of the type.
        chunks: Shape of a chunk; None: whole and as it is.
        sizes: Bytes of each part: of the chunks in order, or of the whole.
    """

    dtype: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...] | None
    sizes: tuple[int, ...]


def require_codec(codec: str) -> str:
    """Returns the codec, or raises BadInput with the ones there are."""
    if codec not in CODECS:
        raise BadInput(f"unknown codec {codec!r}{nearest(codec, CODECS)} Available: {', '.join(CODECS)}.")
    return codec


def chunk_shape(shape: tuple[int, ...], itemsize: int, frames: int = FRAMES_PER_CHUNK) -> tuple[int, ...]:
    """Blocks of at most `frames` rows for images and of all rows otherwise, never above 16 MiB, all about equal.

    Args:
        shape: (rows, ...) of the array; images have four axes (T, H, W, C).
    """
    rows = shape[0]
    row_bytes = itemsize * int(np.prod(shape[1:], dtype=np.int64))
    most = frames if len(shape) >= 4 else rows
    most = max(1, min(most, rows, _LARGEST_CHUNK // row_bytes))
    blocks = -(-rows // most)
    return (-(-rows // blocks), *shape[1:])


def filters_of(codec: str, dtype: np.dtype, chunk: tuple[int, ...], still: bool = False) -> Filters:
    """The filters for a chunk.

    Bytes are shuffled only where an element has several. Pictures of a camera that stands still are stored by what
    differs from the first of the chunk, which LZ4 finds faster than Zstandard and nearly as small; a chunk says itself
    which of the two Blosc2 used.
    """
    itemsize = dtype.itemsize
    shuffle: Filters = ((h5z.FILTER_SHUFFLE, (itemsize,)),) if itemsize > 1 else ()
    if codec == "gzip":
        return (*shuffle, (h5z.FILTER_DEFLATE, (4,)))
    if codec == "zstd":
        return (*shuffle, (hdf5plugin.Zstd.filter_id, (1,)))
    size = itemsize * math.prod(chunk)
    if still and itemsize == 1:
        return blosc2("lz4", 1, hdf5plugin.Blosc2.DELTA, size // chunk[0])
    return blosc2("zstd", 1, hdf5plugin.Blosc2.SHUFFLE if itemsize > 1 else hdf5plugin.Blosc2.NOFILTER, size)


def chunk_filters(codec: str, chunk: np.ndarray) -> Filters:
    """The filters for a chunk with this content."""
    return filters_of(codec, chunk.dtype, chunk.shape, _is_still(chunk))


def _is_still(block: np.ndarray) -> bool:
    """Whether these are pictures of which the last is mostly the first."""
    if block.ndim < 4 or len(block) < 2 or block.dtype.itemsize > 1:
        return False
    first, last = (block[row].reshape(-1)[::_LOOKED_AT] for row in (0, -1))
    return bool(np.count_nonzero(first == last) >= _STILL_SHARE * len(first))


def encode(array: np.ndarray, codec: str) -> tuple[Layout, list[bytes | memoryview]]:
    """Compresses an array in C order and little-endian, a chunk at a time; what is not compressed is not copied."""
    chunks = None
    if codec != "raw" and array.nbytes > SMALL:
        chunks = chunk_shape(array.shape, array.dtype.itemsize)
    if chunks is None:
        parts: list[bytes | memoryview] = [array.reshape(-1).view(np.uint8).data]
    else:
        parts = [apply(chunk_filters(codec, block), block) for block in _blocks(array, chunks[0])]
    return Layout(array.dtype.str, array.shape, chunks, tuple(map(len, parts))), parts


def _blocks(array: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """The content of the chunks; the last one is filled with its last row."""
    for start in range(0, len(array), rows):
        block = array[start : start + rows]
        missing = rows - len(block)
        yield np.concatenate([block, np.repeat(block[-1:], missing, axis=0)]) if missing else block


def scratch_file() -> h5py.File:
    """A file in memory, to be closed by the caller."""
    return h5py.File(f"scratch-{next(_numbers)}", "w", driver="core", backing_store=False, libver=LIBVER)


def declare(
    group: h5g.GroupID | h5f.FileID,
    name: str | None,
    dtype: np.dtype,
    shape: tuple[int, ...],
    chunks: tuple[int, ...] | None,
    filters: Filters = (),
) -> h5d.DatasetID:
    """Creates a dataset that is about to be written whole; without a name it is gone once nobody holds it."""
    options, access = _properties(chunks, filters)
    return h5d.create(group, name and name.encode(), _hdf5_type(dtype), _space(shape), options, dapl=access)


@functools.lru_cache(maxsize=256)
def _space(shape: tuple[int, ...]) -> h5s.SpaceID:
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)


@functools.lru_cache(maxsize=128)
def _properties(chunks: tuple[int, ...] | None, filters: Filters) -> tuple[h5p.PropDCID, h5p.PropDAID]:
    options, access = h5p.create(h5p.DATASET_CREATE), h5p.create(h5p.DATASET_ACCESS)
    options.set_fill_time(h5d.FILL_TIME_NEVER)
    options.set_obj_track_times(False)  # the same content gives the same bytes
    access.set_chunk_cache(0, 0, 1.0)  # a chunk passes the filters when it is written, not later
    if chunks is not None:
        options.set_chunk(chunks)
        for number, values in filters:
            options.set_filter(number, h5z.FLAG_MANDATORY, values)
    return options, access


@functools.cache
def _group_properties() -> h5p.PropGCID:
    options = h5p.create(h5p.GROUP_CREATE)
    options.set_obj_track_times(False)
    return options


@functools.lru_cache(maxsize=32)
def _hdf5_type(dtype: np.dtype) -> h5t.TypeID:
    return h5t.py_create(dtype)


class GroupWriter:
    """Writes encoded arrays below a group; with h5py's low-level calls, since an episode has many small arrays."""

    def __init__(self, group: h5py.Group) -> None:
        self._groups: dict[str, h5g.GroupID] = {"": group.id}

    def write(self, path: str, layout: Layout, parts: Sequence[bytes | memoryview], codec: str) -> None:
        """Writes what `encode` returned."""
        dtype = np.dtype(layout.dtype)
        chunks = layout.chunks
        filters = filters_of(codec, dtype, chunks) if chunks is not None else ()
        dataset = self.declare(path, dtype, layout.shape, chunks, filters)
        if chunks is None:
            dataset.write(h5s.ALL, h5s.ALL, np.ndarray(layout.shape, dtype, parts[0]), _hdf5_type(dtype))
            return
        beside = (0,) * (len(chunks) - 1)
        for number, part in enumerate(parts):
            dataset.write_direct_chunk((number * chunks[0], *beside), part)

    def declare(
        self, path: str, dtype: np.dtype, shape: tuple[int, ...], chunks: tuple[int, ...] | None, filters: Filters
    ) -> h5d.DatasetID:
        """`declare` for an array below the group."""
        parent, _, name = path.rpartition("/")
        return declare(self._group(parent), name, dtype, shape, chunks, filters)

    def _group(self, path: str) -> h5g.GroupID:
        if path not in self._groups:
            parent, _, name = path.rpartition("/")
            self._groups[path] = h5g.create(self._group(parent), name.encode(), gcpl=_group_properties())
        return self._groups[path]


def array_paths(group: h5py.Group) -> list[str]:
    """Sorted paths of all arrays below `group`."""
    paths: list[str] = []
    group.visititems(lambda path, item: paths.append(path) if isinstance(item, h5py.Dataset) else None)
    return sorted(paths)


def read_arrays(group: h5py.Group) -> dict[str, np.ndarray]:
    """All arrays below `group`, decoded."""
    arrays: dict[str, np.ndarray] = {}
    for path in array_paths(group):
        item = group[path]
        assert isinstance(item, h5py.Dataset)
        arrays[path] = np.asarray(item[()])
    return arrays
