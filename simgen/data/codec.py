"""Arrays to and from an HDF5 group: chunks per block of frames, lossless compression.

Importing this module registers the Blosc2 and Zstandard filters with h5py.
"""

from __future__ import annotations

from typing import Any

import h5py
import hdf5plugin
import numpy as np

from simgen.errors import BadInput, nearest

CODECS = ("blosc2", "zstd", "gzip", "raw")
DEFAULT_CODEC = "blosc2"
FRAMES_PER_CHUNK = 16
_SMALL = 4096
_LARGEST_CHUNK = 16 << 20


def require_codec(codec: str) -> str:
    """Returns the codec, or raises BadInput with the ones there are."""
    if codec not in CODECS:
        raise BadInput(f"unknown codec {codec!r}{nearest(codec, CODECS)} Available: {', '.join(CODECS)}.")
    return codec


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Blocks of at most 16 frames for images and of all rows otherwise, never above 16 MiB, all about equal.

    Args:
        shape: (rows, ...) of the array; images have four axes (T, H, W, C).
    """
    rows = shape[0]
    row_bytes = itemsize * int(np.prod(shape[1:], dtype=np.int64))
    most = FRAMES_PER_CHUNK if len(shape) >= 4 else rows
    most = max(1, min(most, rows, _LARGEST_CHUNK // row_bytes))
    blocks = -(-rows // most)
    return (-(-rows // blocks), *shape[1:])


def storage_options(array: np.ndarray, codec: str) -> dict[str, Any]:
    """Arguments of h5py's create_dataset: nothing for small arrays, else chunks and a filter.

    Bytes are shuffled only where an element has several: shuffling RGB costs time and gains nothing.
    """
    if codec == "raw" or array.ndim == 0 or array.nbytes <= _SMALL:
        return {}
    chunks = chunk_shape(array.shape, array.dtype.itemsize)
    wide = array.dtype.itemsize > 1
    if codec == "gzip":
        return {"chunks": chunks, "compression": "gzip", "compression_opts": 4, "shuffle": wide}
    if codec == "zstd":
        return {"chunks": chunks, "compression": hdf5plugin.Zstd(clevel=1), "shuffle": wide}
    filters = hdf5plugin.Blosc2.SHUFFLE if wide else hdf5plugin.Blosc2.NOFILTER
    return {"chunks": chunks, "compression": hdf5plugin.Blosc2(cname="zstd", clevel=1, filters=filters)}


def write_arrays(group: h5py.Group, arrays: dict[str, np.ndarray], codec: str) -> None:
    """Writes each array at its path below `group`, in the order of the paths."""
    for path in sorted(arrays):
        group.create_dataset(path, data=arrays[path], **storage_options(arrays[path], codec))


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
