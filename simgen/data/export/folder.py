"""The folder of an export: its plan, a journal of finished episodes, and a list of the files that were written.

What is unfinished lies in `.simgen-export` inside it; a finished export keeps `simgen_export.json`, which says what it
is and lists its files, so that `--overwrite` removes these and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from simgen.data.files import clear_write_errors, lock_directory, read_json, sync_directory, write_json
from simgen.errors import BadInput, SimgenError

STATE = ".simgen-export"
RECEIPT = "simgen_export.json"
_PLAN, _JOURNAL, _FILES = "plan.json", "journal.jsonl", "files.jsonl"
_PATIENCE = 1.0  # with another export to the same place [s]


class ExportFolder:
    """Where an export is written. Every file that it writes must come from `new` or `file`.

    Args:
        out: the folder.
        plan: what is exported: JSON that must be the same for a run that goes on.
    """

    def __init__(self, out: Path, plan: Mapping[str, Any]) -> None:
        self.out, self.plan = out, plan
        self._state = out / STATE
        self._lock: int | None = None
        self._ours: set[str] = set()
        self._done = 0

    def open(self, overwrite: bool) -> None:
        """Begins an export or goes on with it.

        Raises:
            BadInput: something else is there, or an export with other options.
        """
        require_place(self.out, self.plan, overwrite)
        with clear_write_errors(self.out):
            self.out.mkdir(parents=True, exist_ok=True)
            self._lock = lock_directory(self.out, _PATIENCE)
            if overwrite:
                remove_export(self.out)
            self._state.mkdir(exist_ok=True)
            if not (self._state / _PLAN).exists():
                write_json(self._state / _PLAN, self.plan)
            self._ours = set(_lines(self._state / _FILES))
            self._done = sum(1 for _ in self.entries())

    def close(self) -> None:
        """Lets another process write here."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def done(self) -> int:
        """How many episodes are finished: those with the numbers below it."""
        return self._done

    def entries(self) -> Iterator[dict[str, Any]]:
        """What the exporter returned for each finished episode, in order; read anew from the disk."""
        yield from _lines(self._state / _JOURNAL)

    def record(self, entry: Mapping[str, Any]) -> None:
        """Notes durably that the next episode is finished."""
        _append(self._state / _JOURNAL, entry)
        self._done += 1

    @contextlib.contextmanager
    def new(self, name: str) -> Iterator[Path]:
        """Yields a path to write a file at; when the block ends it is put in place whole and durably.

        Args:
            name: its path below the folder, with slashes.

        Raises:
            SimgenError: a file of this name is there that no export wrote.
        """
        path = self.file(name)
        draft = self.scratch(f"drafts/{name.replace('/', '-')}")
        draft.unlink(missing_ok=True)
        try:
            yield draft
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync(draft)
        os.replace(draft, path)
        sync_directory(path.parent)

    def file(self, name: str) -> Path:
        """Returns the path of a file that is about to be written in place; it counts as the export's from now on.

        Raises:
            SimgenError: a file of this name is there that no export wrote.
        """
        path = self.out / _require_inside(name, self.out)
        if name not in self._ours:
            if path.exists():
                raise SimgenError(
                    f"{path}: was not written by an export and is in the way; move it and run this again."
                )
            _append(self._state / _FILES, name)
            self._ours.add(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def scratch(self, name: str) -> Path:
        """Returns a path for what is needed only until the export is finished."""
        path = self._state / "scratch" / _require_inside(name, self.out)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def move_in(self, source: Path, name: str) -> Path:
        """Puts a file in place that was written below `scratch`, whole and durably; returns its path."""
        path = self.file(name)
        _sync(source)
        os.replace(source, path)
        sync_directory(path.parent)
        return path

    def remove(self, name: str) -> None:
        """Removes a file of the export, e.g. one that is replaced by another."""
        if name in self._ours:
            (self.out / name).unlink(missing_ok=True)

    @property
    def is_written(self) -> bool:
        """Whether only the check and the card are missing."""
        return (self._state / "written").exists()

    def mark_written(self) -> None:
        """Notes durably that the exporter has finished."""
        write_json(self._state / "written", {})

    def bytes(self) -> int:
        """Returns the size of all files of the export."""
        return sum(path.stat().st_size for path in map(self.out.joinpath, self._ours) if path.is_file())

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Turns the export into a finished one.

        Args:
            facts: what to keep in its receipt beside the plan.
        """
        files = sorted(name for name in self._ours if (self.out / name).is_file())
        shutil.rmtree(self._state / "scratch", ignore_errors=True)
        write_json(self.out / RECEIPT, {**self.plan, **facts, "files": files})
        shutil.rmtree(self._state, ignore_errors=True)


def require_place(out: Path, plan: Mapping[str, Any], overwrite: bool) -> None:
    """Refuses a place where this export may not be written.

    Raises:
        BadInput: says what is there and what is allowed.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise BadInput(f"{out}: is a file; an export is a folder.")
    if (out / RECEIPT).is_file():
        if not overwrite:
            found = read_json(out / RECEIPT)
            raise BadInput(
                f"{out}: already holds a finished export ({found.get('format')}, {found.get('episodes')} episodes); "
                "choose another folder, or --overwrite replaces it."
            )
    elif (out / STATE / _PLAN).is_file():
        if not overwrite:
            _require_same(out, read_json(out / STATE / _PLAN), plan)
    else:
        there = sorted(path.name for path in out.iterdir() if path.name != STATE)
        if there:
            shown = ", ".join(there[:3]) + ", ..." * (len(there) > 3)
            raise BadInput(
                f"{out}: is not empty and holds no export of simgen ({shown}); "
                "choose another folder. --overwrite removes only what an export wrote."
            )


def _require_same(out: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    lines = []
    for key in sorted({**old, **new}):
        before, now = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            names = sorted(name for name in {**before, **now} if before.get(name) != now.get(name))
            lines += [
                f"  {name}: {json.dumps(before.get(name))} then, {json.dumps(now.get(name))} now" for name in names
            ]
        elif before != now:
            lines.append(f"  {key}: {json.dumps(before)} then, {json.dumps(now)} now")
    if lines:
        raise BadInput(
            "\n".join([f"{out}: holds an unfinished export that was begun with other options:", *lines])
            + "\nGive the same options to go on, choose another folder, or --overwrite to begin anew."
        )


def remove_export(out: Path) -> None:
    """Removes an export, finished or not: the files that it wrote, and folders that are empty then."""
    names: set[str] = set(_lines(out / STATE / _FILES))
    receipt = out / RECEIPT
    if receipt.is_file():
        names |= {str(name) for name in read_json(receipt).get("files", ())}
    for name in names:
        path = out / _require_inside(name, out)
        if path.resolve().is_relative_to(out.resolve()):  # not through a link that somebody put there
            path.unlink(missing_ok=True)
    folders = {out / parent for name in names for parent in PurePosixPath(name).parents if str(parent) != "."}
    for folder in sorted(folders, key=lambda path: -len(path.parts)):
        with contextlib.suppress(OSError):  # not empty: something of the user's is in it
            folder.rmdir()
    receipt.unlink(missing_ok=True)
    shutil.rmtree(out / STATE, ignore_errors=True)


def _require_inside(name: str, out: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise SimgenError(f"{out}: {name!r} does not lie in the folder of the export.")
    return path


def _lines(path: Path) -> Iterator[Any]:
    """The lines of a file of JSON lines; one that a crash has cut off does not count."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _append(path: Path, value: Any) -> None:
    """Adds a line durably, in the place of one that a crash has cut off."""
    with open(path, "ab+") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(value, allow_nan=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
