"""Import the user's own assets, list and show them, and fetch what ManiSkill's environments need beyond its package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

import tyro

from simgen.commands.assets.add import Add, run_add
from simgen.commands.assets.downloads import Fetch, download_rows, run_fetch, show_downloads
from simgen.commands.assets.own import Show, own_rows, run_show, show_own
from simgen.commands.output import parse, write_json
from simgen.env.registered.catalogue import asset_dir
from simgen.paths import user_assets_dir


@dataclass
class List:
    """List your assets, and the downloads of ManiSkill: which environments need them, and which are on disk."""

    json: bool = False
    """Print one JSON object as the last line."""


Arguments = (
    Annotated[Add, tyro.conf.subcommand("add")]
    | Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Show, tyro.conf.subcommand("show")]
    | Annotated[Fetch, tyro.conf.subcommand("fetch")]
)


def main(argv: list[str]) -> int:
    """Imports, lists, shows or fetches assets."""
    arguments = parse(cast("type[Add | List | Show | Fetch]", Arguments), argv, "assets")
    if isinstance(arguments, Add):
        return run_add(arguments)
    if isinstance(arguments, Show):
        return run_show(arguments)
    if isinstance(arguments, Fetch):
        return run_fetch(arguments)
    return _list(arguments)


def _list(arguments: List) -> int:
    if arguments.json:
        own = {"own_folder": user_assets_dir(), "own": own_rows()}
        write_json({"folder": str(asset_dir()), "assets": download_rows(), **own})
    else:
        show_own()
        show_downloads(download_rows())
    return 0
