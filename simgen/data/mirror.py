"""Datasets at a URL as directories of this machine: what is small is copied, the shards' files when they are read."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from simgen.data.files import INDEX, MANIFEST, SHARDS, clear_write_errors
from simgen.data.target import Target, is_url
from simgen.errors import SimgenError

_RECORD, _ARRAYS = re.compile(r"shard-\d+\.json"), re.compile(r"shard-\d+\.h5")


class Readable:
    """A dataset that can be read here.

    Args:
        root: Its directory, or where it is mirrored.
        source: Where it is in truth, if it is mirrored.
    """

    def __init__(self, root: Path, source: Target | None = None) -> None:
        self.root, self._source = root, source

    @contextlib.contextmanager
    def fetched(self, file: str | None) -> Iterator[None]:
        """Has the file of a shard here inside the block; None: of a shard without episodes, which has no file."""
        path = self.root / SHARDS / (file or "")
        if self._source is None or file is None or not path.exists():
            yield
            return
        try:
            self._source.get(f"{SHARDS}/{file}", path, durable=False)
        except FileNotFoundError:
            raise SimgenError(f"{self._source.url}/{SHARDS}/{file}: is not there any more.") from None
        try:
            yield
        finally:
            _stand_in(path, path.stat().st_size)


@contextlib.contextmanager
def readable(place: str | Path) -> Iterator[Readable]:
    """Makes a dataset in a directory or at a URL readable, as long as the block lasts; errors name the URL.

    Raises:
        BadInput: If there is no such protocol, or its package is not installed.
        SimgenError: If the URL cannot be reached.
    """
    if not is_url(place):
        yield Readable(Path(place))
        return
    source = Target(str(place))
    with tempfile.TemporaryDirectory(prefix="simgen-mirror-") as folder, named(source.url, Path(folder)):
        mirror(source, Path(folder))
        yield Readable(Path(folder), source)


@contextlib.contextmanager
def named(url: str, root: Path) -> Iterator[None]:
    """Has errors of the block name a URL instead of the directory where it is mirrored."""
    try:
        yield
    except SimgenError as error:
        raise type(error)(str(error).replace(str(root), url)) from error


def mirror(source: Target, root: Path) -> None:
    """Copies the manifest, the index and the records of a dataset; its other files get stand-ins of their size."""
    for name in source.sizes():
        if name in (MANIFEST, INDEX):
            (root / name).write_bytes(source.read(name))
    with clear_write_errors(root):
        (root / SHARDS).mkdir(exist_ok=True)
        for name, size in source.sizes(SHARDS).items():
            if _RECORD.fullmatch(name):
                with contextlib.suppress(FileNotFoundError):  # a writer has just replaced it
                    (root / SHARDS / name).write_bytes(source.read(f"{SHARDS}/{name}"))
            elif _ARRAYS.fullmatch(name):
                _stand_in(root / SHARDS / name, size)


def _stand_in(path: Path, size: int) -> None:
    """Makes a file of this size that takes no room on the disk [bytes]."""
    with open(path, "wb") as file:
        file.truncate(size)
