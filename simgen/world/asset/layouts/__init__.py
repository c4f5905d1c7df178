"""Folders of well-known data sets that a user has on disk: each layout says which assets are in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from simgen.errors import BadInput
from simgen.world.asset.add import AddOptions
from simgen.world.asset.layouts import partnet, replicacad, ycb
from simgen.world.asset.layouts.item import Item

LayoutName = Literal["ycb", "partnet", "replicacad"]


@dataclass(frozen=True)
class FolderLayout:
    """How a data set lies on disk.

    Args:
        matches: Whether a folder looks like it.
        items: Its assets, in order, with what the data set says about each on top of what the user says.
        finish: Writes what belongs to all of them together, and returns the files; takes folder, out and items.
    """

    matches: Callable[[Path], bool]
    items: Callable[[Path, AddOptions], Iterator[Item]]
    finish: Callable[[Path, Path], list[Path]] | None = None


LAYOUTS: dict[str, FolderLayout] = {
    "ycb": FolderLayout(ycb.matches, ycb.items),
    "partnet": FolderLayout(partnet.matches, partnet.items),
    "replicacad": FolderLayout(replicacad.matches, replicacad.items, replicacad.write_scenes),
}
assert tuple(LAYOUTS) == get_args(LayoutName)


def detect(folder: Path) -> str:
    """Returns the name of the layout that a folder has.

    Raises:
        BadInput: None that is known.
    """
    for name, layout in LAYOUTS.items():
        if layout.matches(folder):
            return name
    raise BadInput(
        f"{folder}: has no layout that is known. Allowed: ycb (models/<id>/textured.obj or "
        "<id>/google_16k/textured.obj), partnet (mobility.urdf or <id>/mobility.urdf), replicacad (objects, stages, "
        "configs/scenes)."
    )


__all__ = ["LAYOUTS", "FolderLayout", "Item", "LayoutName", "detect"]
