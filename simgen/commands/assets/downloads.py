"""What ManiSkill's environments need beyond its package: fetching it and listing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from simgen.commands.output import console, show_table, write_json
from simgen.env.registered.catalogue import Source, asset_dir, catalogue, expand, groups, sources
from simgen.env.registered.download import fetch


@dataclass
class Fetch:
    """Download what is not on disk yet, with mani_skill's own downloader."""

    id: tyro.conf.Positional[str]
    """Id of an environment, a download or a set of downloads."""
    json: bool = False
    """Print one JSON object as the last line."""


def run_fetch(arguments: Fetch) -> int:
    """Downloads what an environment needs."""
    needed = expand(arguments.id)
    fetched = fetch(arguments.id, _announce)
    if arguments.json:
        names = [source.id for source in fetched]
        write_json({"id": arguments.id, "needs": [source.id for source in needed], "fetched": names})
    elif not needed:
        console().print(f"{arguments.id} is complete in the mani_skill package: nothing to download", markup=False)
    else:
        console().print(f"{arguments.id}: {len(fetched)} downloaded, {len(needed)} on disk in {asset_dir()}")
    return 0


def show_downloads(rows: list[dict[str, Any]]) -> None:
    """Shows what `download_rows` returned."""
    columns = ("id", "on disk", "size", "needed by")
    shown = [
        (row["id"], f"{row['present']} of {row['parts']}", _megabytes(row["bytes"]), _few(row["needed_by"]))
        for row in rows
    ]
    show_table(f"Downloads of mani_skill, in {asset_dir()}", columns, shown)
    console().print("The sizes of what is not on disk are not known before it is fetched.")


def download_rows() -> list[dict[str, Any]]:
    """Returns the downloads, and the sets whose parts have no names of their own."""
    environments = {environment.id: environment.downloads for environment in catalogue()}
    single = {name: (source,) for name, source in sources().items() if "/" not in name}
    sets = {name: expand(name) for name, parts in groups().items() if len(parts) > 1 and name not in environments}
    return [
        {
            "id": name,
            "present": sum(source.present for source in parts),
            "parts": len(parts),
            "bytes": _bytes(parts),
            "needed_by": [env for env, downloads in environments.items() if name in downloads],
        }
        for name, parts in (single | sets).items()
    ]


def _announce(source: Source, number: int, count: int) -> None:
    console().print(f"{number}/{count}: {source.id}", markup=False)


def _bytes(parts: Iterable[Source]) -> int:
    return sum(_file_bytes(source.path) for source in parts if source.present)


def _file_bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count else ""
