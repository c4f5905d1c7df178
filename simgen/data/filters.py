"""HDF5's filters applied to memory: what a chunk becomes on its way into a file, without a file.

HDF5 takes a filter from a shared library as a function with a fixed interface. It is called here directly, which spares
the copies that a chunk makes inside HDF5. Importing this module registers the filters of hdf5plugin with h5py.
"""

from __future__ import annotations

import ctypes
import functools
import zlib
from pathlib import Path
from typing import Literal

import hdf5plugin
import numpy as np
from h5py import h5z  # pyright: ignore[reportAttributeAccessIssue]

from simgen.errors import SimgenError

Filters = tuple[tuple[int, tuple[int, ...]], ...]  # numbers of HDF5's filters with their options, in order

_BLOSC2_FORMAT = 1  # of the options as HDF5 completes them: format, block, element, chunk [bytes], then the user's
_memory = ctypes.CDLL(None)
_memory.malloc.argtypes, _memory.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
_memory.free.argtypes, _memory.free.restype = [ctypes.c_void_p], None


class _Description(ctypes.Structure):
    """A filter, as its library describes it; Source: H5Z_class2_t and H5Z_func_t in HDF5's H5Zdevelop.h."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("number", ctypes.c_int),
        ("encoder_present", ctypes.c_uint),
        ("decoder_present", ctypes.c_uint),
        ("name", ctypes.c_char_p),
        ("can_apply", ctypes.c_void_p),
        ("set_local", ctypes.c_void_p),
        (
            "function",
            ctypes.CFUNCTYPE(
                ctypes.c_size_t,
                ctypes.c_uint,
                ctypes.c_size_t,
                ctypes.POINTER(ctypes.c_uint),
                ctypes.c_size_t,
                ctypes.POINTER(ctypes.c_size_t),
                ctypes.POINTER(ctypes.c_void_p),
            ),
        ),
    )


def blosc2(compressor: Literal["lz4", "zstd"], level: int, filters: int, block: int = 0) -> Filters:
    """Blosc2 with blocks of so many bytes, 0 for its own choice; `filters` are those of `hdf5plugin.Blosc2`."""
    options = hdf5plugin.Blosc2(compressor, level, filters).filter_options
    return ((hdf5plugin.Blosc2.filter_id, (options[0], block, *options[2:])),)


def apply(filters: Filters, block: np.ndarray) -> bytes:
    """Returns the bytes of a chunk as they lie in a file.

    For Blosc2 the chunk has one axis: with several it would cut it into boxes, which are slower to pack and to unpack.

    Args:
        block: The chunk's content, in C order.
    """
    content = block.reshape(-1).view(np.uint8)
    for number, options in filters:
        if number == h5z.FILTER_SHUFFLE:
            content = content.reshape(-1, options[0]).T.ravel()
        elif number == h5z.FILTER_DEFLATE:
            content = np.frombuffer(zlib.compress(content.data, *options), np.uint8)
        else:
            if number == hdf5plugin.Blosc2.filter_id:
                options = (_BLOSC2_FORMAT, options[1], block.itemsize, block.nbytes, *options[4:])
            content = np.frombuffer(_pass(number, options, content), np.uint8)
    return content.tobytes()


def _pass(number: int, options: tuple[int, ...], content: np.ndarray) -> bytes:
    """Calls a filter of hdf5plugin: it gives the memory back that it gets, and returns some of its own."""
    values = (ctypes.c_uint * len(options))(*options)
    size = ctypes.c_size_t(content.nbytes)
    place = ctypes.c_void_p(_memory.malloc(content.nbytes))
    if not place:
        raise MemoryError(f"no memory for a chunk of {content.nbytes} bytes")
    ctypes.memmove(place, content.ctypes.data, content.nbytes)
    try:
        length = _description(number).function(0, len(options), values, content.nbytes, size, place)
        if length == 0:
            raise SimgenError(f"the filter {number} of HDF5 failed on a chunk of {content.nbytes} bytes.")
        return ctypes.string_at(place, length)
    finally:
        _memory.free(place)


@functools.cache
def _description(number: int) -> _Description:
    """The filter of hdf5plugin with this number."""
    name = next(each.filter_name for each in (hdf5plugin.Blosc2, hdf5plugin.Zstd) if each.filter_id == number)
    if not Path(_library(name)).is_file():  # where HDF5_PLUGIN_PATH is set, hdf5plugin leaves the filter to others
        hdf5plugin.register((name,), force=True)
    try:
        library = ctypes.CDLL(_library(name))
    except OSError as error:
        raise SimgenError(f"the package hdf5plugin has no filter {name} that can be loaded: {error}.") from error
    library.H5PLget_plugin_info.restype = ctypes.POINTER(_Description)
    return library.H5PLget_plugin_info().contents


def _library(name: str) -> str:
    """The file of a filter, as hdf5plugin knows it."""
    return hdf5plugin.get_config().registered_filters.get(name, "")
