"""Arrays that are expensive to compute, kept in the user's cache directory under a hash of what they came from."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from simgen.paths import cache_dir

logger = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def content_hash(*parts: object) -> str:
    """Returns a hash of arrays (type, shape and values) and of the repr of everything else."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        elif isinstance(part, bytes):
            digest.update(part)
        else:
            digest.update(repr(part).encode())
        digest.update(b"|")
    return digest.hexdigest()[:32]


def cached_arrays(folder: str, key: str, names: Iterable[str], compute: Callable[[], Arrays]) -> Arrays:
    """Reads arrays from the cache, or computes and stores them.

    A file that cannot be read or lacks an array is ignored and written anew; a directory that cannot be written only
    costs the time to compute again.

    Args:
        folder: Below the cache directory, one per kind of content and version of the algorithm.
        key: From `content_hash`.
        names: Arrays that must be there.
        compute: Makes the arrays.
    """
    name = f"{folder}/{key}.npz"
    stored = _read(name, set(names))
    if stored is not None:
        return stored
    arrays = compute()
    try:
        _write(name, arrays)
    except OSError as error:
        logger.warning("cannot write the cache %s (%s); the result will be computed again next time", name, error)
    return arrays


def _read(name: str, needed: set[str]) -> Arrays | None:
    try:
        with np.load(cache_dir() / name, allow_pickle=False) as archive:
            arrays = {array: archive[array] for array in archive.files}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        logger.warning("ignoring the unreadable cache file %s (%s)", name, error)
        return None
    return arrays if needed <= arrays.keys() else None


def _write(name: str, arrays: Arrays) -> None:
    path = cache_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
