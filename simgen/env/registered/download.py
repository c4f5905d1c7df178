"""Fetches what environments need with mani_skill's own downloader, whole or not at all.

mani_skill takes an existing folder away before it downloads, and leaves an empty one when that fails, which it then
takes for the download. So it downloads into a folder beside, in a child process, and what came whole is moved.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from simgen.env.registered.catalogue import Source, asset_dir, expand
from simgen.errors import SimgenError
from simgen.world.engine.probe.child import ask

SOCKET_SECONDS = 30.0  # without an answer


def fetch(name: str, progress: Callable[[Source, int, int], None] | None = None) -> tuple[Source, ...]:
    """Downloads what an environment, a set of downloads or one download needs and is not on disk.

    Args:
        name: Id of any of them.
        progress: Called before each download with it, its number (from 1) and how many there are.

    Returns:
        What was downloaded.

    Raises:
        BadInput: If there is nothing of this name.
        SimgenError: If a download failed; what came before it stays.
    """
    absent = [source for source in expand(name) if not source.present]
    for number, source in enumerate(absent, start=1):
        if progress is not None:
            progress(source, number, len(absent))
        _fetch(source)
    return tuple(absent)


def _fetch(source: Source) -> None:
    root = asset_dir()
    created = _make(root)
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=root))
    try:
        answer = ask(__name__, source.id, str(staging), timeout=None, show=True)
        error = answer.facts.get("error", answer.failure)
        staged = staging / source.path.relative_to(root)
        if not error and not (any(staged.iterdir()) if staged.is_dir() else staged.is_file()):
            error = "nothing came"
        if error:
            raise SimgenError(_failed(source, error))
        _move(staged, source.path)
    except OSError as error:
        raise SimgenError(_failed(source, str(error))) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(created)


def _failed(source: Source, error: str) -> str:
    return (
        f"cannot download {source.id!r}: {error}. Nothing of it was kept. Is there a network? On a machine that has "
        f"one, `simgen assets fetch {source.id}` or mani_skill's own downloader puts it into {source.path}; "
        "copy that folder to the same place here."
    )


def _move(staged: Path, place: Path) -> None:
    """Puts a download in its place; where another one's folder lies in it, beside that."""
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(place)
        return
    for child in staged.iterdir():
        if not (place / child.name).exists():
            child.replace(place / child.name)


def _make(folder: Path) -> list[Path]:
    """Creates a folder with its parents and returns those that were not there, the innermost first."""
    created = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SimgenError(f"cannot create the download folder {folder}: {error.strerror}.") from error
    return created


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _main(name: str, folder: str) -> None:
    """Downloads one source below another folder than mani_skill's; run as a child."""
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # mani_skill's messages
    tempfile.tempdir = folder  # what is half there is taken away with the folder
    socket.setdefaulttimeout(SOCKET_SECONDS)
    error = ""
    try:
        from mani_skill import ASSET_DIR
        from mani_skill.utils.assets import DATA_SOURCES
        from mani_skill.utils.download_asset import download

        source = DATA_SOURCES[name]
        target = os.path.relpath(Path(source.output_dir) / str(source.target_path), ASSET_DIR)
        download(dataclasses.replace(source, output_dir=folder, target_path=target), non_interactive=True)
    except Exception as problem:  # whatever the network, the archive or the disk does
        error = str(problem).strip().partition("\n")[0] or type(problem).__name__
    results.write(json.dumps({"error": error}) + "\n")
    results.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
