"""Shards of bounded size out of what single episodes became: files that need only be put one behind the other.

An episode is durable in a file of its own; once enough of them are there, they become a shard, which is put in place
whole. Which episodes a shard gets follows from their sizes alone, so that a run that goes on makes the same shards.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simgen.data.export.folder import ExportFolder
from simgen.data.files import put_in_place, temporary


@dataclass(frozen=True)
class Shard:
    """Attributes:
    first: number of its first episode.
    count: of its episodes.
    bytes: of them.
    """

    first: int
    count: int
    bytes: int


def shards_of(sizes: Iterable[int], most: int) -> list[Shard]:
    """Returns the shards: as many episodes in each as fit into `most` bytes, at least one."""
    found: list[Shard] = []
    for size in sizes:
        _place(found, size, most)
    return found


def _place(shards: list[Shard], size: int, most: int) -> None:
    last = shards[-1] if shards else None
    if last is not None and last.bytes + size <= most:
        shards[-1] = Shard(last.first, last.count + 1, last.bytes + size)
    else:
        shards.append(Shard(last.first + last.count if last else 0, 1, size))


class ShardWriter:
    """Puts the files of episodes into shards.

    Args:
        most: bytes of a shard.
        tail: bytes that end each shard.
    """

    def __init__(self, folder: ExportFolder, most: int, tail: bytes = b"") -> None:
        self._folder, self._most, self._tail = folder, most, tail
        self._shards = shards_of((int(entry["bytes"]) for entry in folder.entries()), most)

    def part(self, number: int) -> Path:
        """The file of an episode."""
        return self._folder.scratch(f"parts/{number:08d}")

    def shard(self, place: int) -> Path:
        """The file of a shard until `finish` gives it its name."""
        return self._folder.scratch(f"shards/{place:06d}")

    def add(self, number: int, content: Iterable[bytes]) -> Mapping[str, Any]:
        """Writes an episode durably; returns what the journal must hold of it."""
        path = self.part(number)
        with open(temporary(path), "wb") as file:
            for block in content:
                file.write(block)
        put_in_place(path)
        size = path.stat().st_size
        _place(self._shards, size, self._most)
        if len(self._shards) > 1 and self._shards[-1].count == 1:
            self._join(len(self._shards) - 2, self._shards[-2])
        return {"bytes": size}

    def _join(self, place: int, shard: Shard) -> None:
        path = self.shard(place)
        numbers = range(shard.first, shard.first + shard.count)
        if not path.exists():
            with open(temporary(path), "wb") as file:
                for number in numbers:
                    with open(self.part(number), "rb") as part:
                        shutil.copyfileobj(part, file, 1 << 20)
                file.write(self._tail)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(path)
        for number in numbers:
            self.part(number).unlink(missing_ok=True)

    def finish(self, name: str) -> list[tuple[str, Shard]]:
        """Puts all shards in place.

        Args:
            name: of a shard, with {place} and {count} to be filled in.

        Returns:
            their names, and what is in them.
        """
        shards = self._shards
        named = [(name.format(place=place, count=len(shards)), shard) for place, shard in enumerate(shards)]
        for place, (target, shard) in enumerate(named):
            if not self.shard(place).exists() and (self._folder.out / target).exists():
                continue  # a crash came after it was put in place
            self._join(place, shard)
            self._folder.move_in(self.shard(place), target)
        return named
