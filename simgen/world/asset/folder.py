"""Imports a data set's folder, asset by asset: those that are there already stay, one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from simgen.errors import BadInput
from simgen.spec.asset import CARD
from simgen.world.asset.add import AddOptions, add_raw, asset_name
from simgen.world.asset.card import AssetCard
from simgen.world.asset.layouts import LAYOUTS, detect


@dataclass
class FolderResult:
    """What became of a folder's assets.

    Args:
        layout: Name of the layout.
        added: Cards of the assets that were made.
        kept: Names of those that were there before.
        failed: What is wrong, by name.
        scenes: Files with the places of assets, where the data set has scenes.
    """

    layout: str
    added: list[AssetCard] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    scenes: list[Path] = field(default_factory=list)


def add_folder(
    folder: Path,
    out: Path,
    options: AddOptions,
    layout: str | None = None,
    announce: Callable[[str, int, int], None] = lambda name, number, count: None,
) -> FolderResult:
    """Imports every asset of a folder.

    Args:
        folder: Of the data set.
        out: The folder of assets that they go to.
        options: What the user says; the data set fills in the rest.
        layout: Name of the layout; None finds out.
        announce: Called before each asset with its name, its number from 1 and how many there are.

    Raises:
        BadInput: No such folder, or one that has not this layout.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder.")
    name = layout or detect(folder)
    if not LAYOUTS[name].matches(folder):
        raise BadInput(f"{folder}: does not have the layout {name!r}.")
    result = FolderResult(name)
    items = list(LAYOUTS[name].items(folder, options))
    for number, item in enumerate(items, 1):
        own = asset_name(item.options.name, item.file)
        announce(own, number, len(items))
        if (out / own / CARD).is_file() and not options.replace:
            result.kept.append(own)
            continue
        try:
            result.added.append(add_raw(item.file, item.read(item.file), out, item.options)[1])
        except BadInput as error:
            result.failed[own] = str(error)
    finish = LAYOUTS[name].finish
    if finish is not None and (result.added or result.kept):
        result.scenes = finish(folder, out)
    return result
