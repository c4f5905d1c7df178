"""What is known of the episodes that were judged so far, on disk: a line and a signature each, safe against `kill -9`.

The journal is worth what it cost: a run that goes on, also with other thresholds of some filters, judges only what is
missing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from simgen.data.curate.signature import Kind
from simgen.data.files import canonical_json, is_temporary, read_json, write_json
from simgen.errors import BadInput, SimgenError

HEADER, JUDGED, KINDS = "header.json", "judged.jsonl", "kinds.jsonl"


class Journal:
    """The judgements of a run.

    Args:
        folder: Where it is kept; made if it is not there.
        source: Tells the dataset from others.
        digests: Of the settings of each filter.
    """

    def __init__(self, folder: Path, source: str, digests: Mapping[str, str]) -> None:
        self.folder = folder
        self._kinds: dict[str, int] = {}
        self._specs: list[Kind] = []
        self._counts: list[int] = []
        self._tables: list[IO[bytes]] = []
        header = {"source": source, "digests": dict(digests)}
        known = self._known()
        if known is not None and known.get("source") == source:
            self._take_over(known["digests"], header)
        else:
            self._clear()
            write_json(folder / HEADER, header)
        self._read_kinds()
        self._settle()
        self._lines = open(folder / JUDGED, "ab")  # noqa: SIM115
        self._reader = open(folder / JUDGED, "rb")  # noqa: SIM115

    def _known(self) -> dict[str, Any] | None:
        try:
            return read_json(self.folder / HEADER)
        except SimgenError:
            return None

    def _clear(self) -> None:
        others = [path.name for path in self.folder.iterdir() if not _is_ours(path)]
        if others:
            raise BadInput(f"{self.folder}: is needed for the judgements, and holds other things ({others[0]}).")
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def _take_over(self, before: Mapping[str, str], header: dict[str, Any]) -> None:
        """Keeps of each judgement what filters with the same settings have said."""
        now = header["digests"]
        stale = {name for name in before if now.get(name) != before[name]}
        if stale:
            temporary = self.folder / f".{JUDGED}.tmp"
            with open(temporary, "wb") as file:
                for line in _whole_lines(self.folder / JUDGED):
                    kept = {name: verdict for name, verdict in line["filters"].items() if name not in stale}
                    file.write(canonical_json({**line, "filters": kept}) + b"\n")
            os.replace(temporary, self.folder / JUDGED)
        write_json(self.folder / HEADER, header)

    def _read_kinds(self) -> None:
        """The kinds of signatures, each with its table."""
        for entry in _whole_lines(self.folder / KINDS):
            self._open_table(Kind(**entry))

    def _open_table(self, kind: Kind) -> int:
        number = len(self._specs)
        self._kinds[kind.name] = number
        self._specs.append(kind)
        path = self.table_path(number)
        self._counts.append(path.stat().st_size // kind.dtype.itemsize if path.exists() else 0)
        self._tables.append(open(path, "ab"))  # noqa: SIM115
        return number

    def _settle(self) -> None:
        """Cuts off what a killed run has left half written."""
        path = self.folder / JUDGED
        if path.exists():
            whole = path.read_bytes().rfind(b"\n") + 1 if path.stat().st_size < 1 << 20 else _end_of_lines(path)
            os.truncate(path, whole)
        for number, kind in enumerate(self._specs):
            os.truncate(self.table_path(number), self._counts[number] * kind.dtype.itemsize)

    def table_path(self, number: int) -> Path:
        """Where the signatures of a kind are."""
        return self.folder / f"signatures-{number}.bin"

    def index(self) -> dict[str, int]:
        """Where the judgement of each episode begins, by its key; of one that was judged twice, the last."""
        found: dict[str, int] = {}
        start = 0
        with open(self.folder / JUDGED, "rb") as file:
            for line in file:
                found[json.loads(line)["key"]] = start
                start += len(line)
        return found

    def read(self, start: int) -> dict[str, Any]:
        """The judgement that begins there."""
        self._reader.seek(start)
        return json.loads(self._reader.readline())

    def add_signature(self, kind: Kind, signature: np.ndarray) -> tuple[int, int]:
        """Stores a signature; returns the number of its kind and its row there."""
        number = self._kinds.get(kind.name)
        if number is None:
            with open(self.folder / KINDS, "ab") as file:
                file.write(canonical_json(asdict(kind)) + b"\n")
            number = self._open_table(kind)
        self._tables[number].write(signature.tobytes())
        self._tables[number].flush()
        self._counts[number] += 1
        return number, self._counts[number] - 1

    def add(self, line: Mapping[str, Any]) -> None:
        """Stores the judgement of an episode; with it everything before it is on its way to the disk."""
        self._lines.write(canonical_json(line) + b"\n")
        self._lines.flush()

    def kinds(self) -> list[Kind]:
        """All kinds of signatures, by number."""
        return list(self._specs)

    def table(self, number: int) -> np.ndarray:
        """The signatures of a kind, mapped from the disk. Shape: (N,)."""
        return np.memmap(self.table_path(number), self._specs[number].dtype, "r")

    def close(self) -> None:
        """Closes the files."""
        for file in (self._lines, self._reader, *self._tables):
            file.close()


def _is_ours(path: Path) -> bool:
    return path.name in (HEADER, JUDGED, KINDS) or path.name.startswith("signatures-") or is_temporary(path)


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of which the last line may be cut off."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _end_of_lines(path: Path) -> int:
    """Where the last whole line ends."""
    with open(path, "rb") as file:
        file.seek(-(1 << 20), os.SEEK_END)
        start = file.tell()
        return start + file.read().rfind(b"\n") + 1
