"""Which processes still write into a dataset's staging folder: each holds the lock of a file there as long as it lives.

The lock passes on to the encoders that a process starts, so it tells of them too. Where the file system has no locks,
nobody is waited for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from simgen.data.files import STAGING
from simgen.errors import SimgenError

PATIENCE = 60.0  # with encoders whose owner is gone: they finish what they do [s]


def presence_path(root: Path, name: str) -> Path:
    """The file that a process keeps locked; a temporary one, which goes when the dataset is next opened."""
    return root / STAGING / f".present-{name}.tmp"


def announce(root: Path, name: str) -> int:
    """Says that this process writes here, until the descriptor is closed in every process that has it."""
    descriptor = os.open(presence_path(root, name), os.O_RDWR | os.O_CREAT, 0o666)
    with contextlib.suppress(OSError):  # no locks here
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def await_end(root: Path, name: str, patience: float = PATIENCE) -> None:
    """Waits until a process and its encoders are gone.

    Raises:
        SimgenError: if that takes longer than `patience` [s].
    """
    try:
        descriptor = os.open(presence_path(root, name), os.O_RDWR)
    except FileNotFoundError:
        return
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SimgenError(f"{root}: worker {name} of an earlier run is still writing.") from None
                time.sleep(0.02)
            except OSError:
                return
    finally:
        os.close(descriptor)


def await_all(root: Path, patience: float = PATIENCE) -> None:
    """Waits as `await_end` does, for everyone."""
    for path in (root / STAGING).glob(".present-*.tmp"):
        await_end(root, path.name.removeprefix(".present-").removesuffix(".tmp"), patience)
