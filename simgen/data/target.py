"""Folders on file systems that fsspec knows (s3://, ftp://, file://, ...): whole files in, whole files out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from simgen.data.files import SHARDS, put_in_place, temporary
from simgen.data.shard import ShardRange
from simgen.errors import BadInput, SimgenError, unknown

T = TypeVar("T")
_TRIES = 3
_PAUSE = 1.0  # before the next try [s]; connections that were idle for long are often cut


def is_url(place: str | Path) -> bool:
    """Whether a dataset's place is a URL and not a path."""
    return "://" in str(place)


def require_path(place: str | Path, advice: str) -> Path:
    """Returns a dataset's place as a path.

    Raises:
        BadInput: If it is a URL; says the advice.
    """
    if is_url(place):
        raise BadInput(f"{place}: {advice}")
    return Path(place)


class Unreachable(SimgenError):
    """Somebody else's machine does not answer, or refuses."""


class Target:
    """A folder at a URL. To be used from one thread; everything raises Unreachable after a few tries.

    Raises:
        BadInput: If there is no such protocol, or its package is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._connect()

    def _connect(self) -> None:
        from fsspec.core import url_to_fs  # here, because most datasets are directories
        from fsspec.registry import known_implementations

        protocol = self.url.partition("://")[0]
        if protocol not in known_implementations:
            raise unknown("protocol", protocol, known_implementations, where=self.url)
        try:
            self._fs, self._root = url_to_fs(self.url, skip_instance_cache=True, use_listings_cache=False)
        except ImportError as error:
            raise BadInput(f"{self.url}: {error}") from error
        except Exception as error:
            raise Unreachable(f"{self.url}: cannot be reached ({type(error).__name__}: {error}).") from error

    def _try(self, action: Callable[[], T]) -> T:
        """Does something, with a fresh connection if the old one does not work any more."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return action()
            except FileNotFoundError:
                raise
            except Exception as error:  # every file system has its own
                if not tries_left:
                    raise Unreachable(
                        f"{self.url}: {type(error).__name__}: {error}. Everything that was finished is kept."
                    ) from error
                time.sleep(_PAUSE)
                self._connect()
        raise AssertionError

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def make(self) -> None:
        """Makes the folders, where the file system has any."""
        self._try(lambda: self._fs.makedirs(self._path(SHARDS), exist_ok=True))

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Returns name and size of the files in a folder [bytes]."""
        try:
            found: list[dict[str, Any]] = self._try(lambda: self._fs.ls(self._path(folder).rstrip("/"), detail=True))
        except FileNotFoundError:
            return {}
        return {entry["name"].rstrip("/").rpartition("/")[2]: int(entry.get("size") or 0) for entry in found}

    def read(self, name: str) -> bytes:
        """Returns a file's bytes."""
        return self._try(lambda: self._fs.cat_file(self._path(name)))

    def write(self, name: str, content: bytes) -> None:
        """Writes a file."""
        self._try(lambda: self._fs.pipe_file(self._path(name), content))

    def get(self, name: str, path: Path, durable: bool = True) -> None:
        """Copies a file from here to a path, whole or not at all.

        Args:
            durable: Whether it shall survive a power cut.
        """
        try:
            self._try(lambda: self._fs.get_file(self._path(name), str(temporary(path))))
            put_in_place(path, durable)
        except BaseException:
            temporary(path).unlink(missing_ok=True)
            raise

    def remove(self, name: str) -> None:
        """Removes a file, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            self._try(lambda: self._fs.rm_file(self._path(name)) if self._fs.exists(self._path(name)) else None)

    def publish(self, site: Path, shard: ShardRange) -> None:
        """Moves a shard from a directory to here: first its file, then its record, which makes it count."""
        record, h5 = shard.record_path(site), shard.h5_path(site)
        self.remove(f"{SHARDS}/{record.name}")  # of the shard that this one goes on with
        if h5.exists():
            self._try(lambda: self._fs.put_file(str(h5), self._path(f"{SHARDS}/{h5.name}")))
        self.write(f"{SHARDS}/{record.name}", record.read_bytes())
        record.unlink()
        h5.unlink(missing_ok=True)

    def fetch(self, site: Path, shard: ShardRange) -> None:
        """Copies a shard from here to a directory; it stays here too."""
        for path in (shard.h5_path(site), shard.record_path(site)):
            with contextlib.suppress(FileNotFoundError):  # a shard of discarded attempts has no file
                self.get(f"{SHARDS}/{path.name}", path)
