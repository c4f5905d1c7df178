"""Names inside a dataset directory, JSON in canonical form, and writes that are either whole or absent.

Nothing here knows what an episode is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simgen.errors import BadInput, SimgenError

MANIFEST = "dataset.json"
INDEX = "episodes.jsonl"
SHARDS = "shards"
STAGING = ".staging"
APPEND = ".append"  # where what is appended to a dataset is built
READY = "ready.json"  # in it: it is built, and what remains is to move it

RESUME_HINT = "`simgen generate ... --resume` writes what is missing again"
_PLAIN = frozenset({str, int, bool, type(None)})
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def plain(value: Any, where: str) -> Any:
    """Turns numpy values, tuples and non-string keys into what JSON holds, so that a round trip changes nothing.

    Raises:
        BadInput: for anything else, and for numbers that are not finite; `where` names the place in the message.
    """
    kind = type(value)
    if kind in _PLAIN or (kind is float and math.isfinite(value)):
        return value
    if isinstance(value, dict):
        return {str(plain(key, where)): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, where) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), where)
    if isinstance(value, np.generic):
        return plain(value.item(), where)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"{where}: {value} is not a finite number.")
    if isinstance(value, bool | int | float | str):
        return value
    raise BadInput(f"{where}: cannot store a {type(value).__name__} as JSON.")


def canonical_json(value: Any) -> bytes:
    """One byte string per value: keys sorted, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        SimgenError: names the file if it is missing, unreadable or not a JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SimgenError(f"{path}: cannot be read as JSON ({error}).") from error
    if not isinstance(value, dict):
        raise SimgenError(f"{path}: holds no JSON object.")
    return value


def temporary(path: Path) -> Path:
    """The name beside `path` under which it is written first; `is_temporary` recognises it."""
    return path.with_name(f".{path.name}.tmp")


def is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".tmp")


def sync_directory(path: Path) -> None:
    """Makes renames inside `path` durable, where the file system can."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(path: Path, durable: bool = True) -> None:
    """Renames the written `temporary(path)` to `path`; with `durable` file and directory are synced."""
    if durable:
        with open(temporary(path), "rb+") as file:
            os.fsync(file.fileno())
    os.replace(temporary(path), path)
    if durable:
        sync_directory(path.parent)


def write_whole(path: Path, content: bytes | memoryview, durable: bool = True) -> None:
    """Writes a file so that a reader, also one after a crash, sees all of it or none of it."""
    write_parts(path, [content], durable)


def write_parts(path: Path, parts: Iterable[bytes | memoryview], durable: bool = True) -> None:
    """`write_whole` for content that lies in several places."""
    try:
        with open(temporary(path), "wb") as file:
            file.writelines(parts)
        put_in_place(path, durable)
    except BaseException:
        temporary(path).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any, durable: bool = True, indent: int | None = 1) -> None:
    """`write_whole` for a JSON object; without `indent` it is several times faster."""
    write_whole(path, json.dumps(value, indent=indent, allow_nan=False).encode() + b"\n", durable)


def write_failure(
    path: Path | str, error: OSError | RuntimeError, again: str = "continue with --resume"
) -> SimgenError:
    """The message for a failed write, with how to go on; HDF5 hides the error number in its text."""
    number = getattr(error, "errno", None)
    match = re.search(r"errno = (\d+)", str(error))
    if number is None and match:
        number = int(match.group(1))
    if number in _FULL:
        reason = f"no space left ({os.strerror(number)}); free some space and {again}"
    else:
        reason = f"{os.strerror(number) if number else error}"
    return SimgenError(f"{path}: cannot be written: {reason}. Everything that was finished is kept.")


@contextlib.contextmanager
def clear_write_errors(path: Path | str, again: str = "continue with --resume") -> Iterator[None]:
    """Turns an OSError of the block, or HDF5's RuntimeError, into the SimgenError of `write_failure`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise write_failure(path, error, again) from error


def lock_directory(path: Path, patience: float = 30.0) -> int | None:
    """Takes the advisory lock that one writer (with its encoders) holds on a dataset.

    Args:
        patience: how long to wait for the encoders of a writer that was killed to finish what they do [s].

    Returns:
        a file descriptor that holds the lock until it is closed in every process that has it; None where the file
        system has no locks.

    Raises:
        SimgenError: if another writer keeps the lock.
    """
    descriptor = os.open(path, os.O_RDONLY)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise SimgenError(f"{path}: another process is writing this dataset.") from None
            time.sleep(0.05)
        except OSError:
            os.close(descriptor)
            return None
