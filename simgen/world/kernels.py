"""Warp as simgen uses it: silent unless something is wrong, its arrays as torch tensors.

Import this wherever kernels are launched first.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import torch
import warp as wp

from simgen.errors import unknown

wp.config.log_level = wp.LOG_ERROR  # below it are a banner and one line per module that is loaded

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
_tiles = threading.RLock()


def alone(work: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorates what launches kernels with tiles, such as a solver's: one thread at a time gets in.

    On the CPU Warp keeps the place of a module's tiles in a static variable, so two threads that launched such a kernel
    would write into each other's; the result is a wrong state or a crash. Kernels without tiles, such as the
    renderer's, need no such care and may run beside.
    """

    @functools.wraps(work)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with _tiles:
            return work(*args, **kwargs)

    return guarded


def required(array: wp.array | None) -> wp.array:
    """Returns an array that Newton types as optional, because not every model has one, and that all of ours have."""
    assert array is not None, "the Newton model or state lacks an array that each of simgen's worlds needs"
    return array


def require_device(device: str) -> str:
    """Returns the name of a device, or raises BadInput with those that this machine has."""
    present = [str(each.alias) for each in wp.get_devices()]
    if device not in present:
        raise unknown("device", device, present)
    return device


def as_torch(array: wp.array | None) -> torch.Tensor:
    """Returns the torch view of a Warp array: the same memory."""
    return wp.to_torch(required(array))


def _initialize_without_gpu() -> None:
    """Initializes Warp where there is no CUDA driver, without its line on stderr that there is none.

    Where there is a driver, Warp starts by itself when it is first used.
    """
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        with _silent_stderr():
            wp.init()


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Discards what native code writes to stderr; `contextlib.redirect_stderr` covers Python's only."""
    if sys.stderr is None:  # closed by whoever started the process
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


_initialize_without_gpu()
