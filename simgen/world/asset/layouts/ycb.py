"""YCB objects: ManiSkill's folder (models/<id>/textured.obj, collision.ply, info_pick_v0.json) and the original one.

The original has <id>/google_16k/textured.obj (or tsdf/textured.obj). Reference: B. Calli et al., "Benchmarking in
Manipulation Research: The YCB Object and Model Set", 2015.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from simgen.errors import BadInput
from simgen.world.asset.add import AddOptions
from simgen.world.asset.layouts.item import Item, pieces_as_given, with_defaults
from simgen.world.asset.read_mesh import read_mesh_asset

SOURCE = "YCB Object and Model Set, https://www.ycbbenchmarks.com"
LICENCE = "CC BY 4.0"
_INFO = "info_pick_v0.json"
_SCANS = ("google_16k", "google_64k", "google_512k", "tsdf", "poisson")


def matches(folder: Path) -> bool:
    """Says whether a folder, or the data set's folder in it, holds YCB objects."""
    return bool(_maniskill(folder)) or any(_scan(each) for each in _folders(folder))


def items(folder: Path, options: AddOptions) -> Iterator[Item]:
    """Yields the objects by id."""
    info = _info(folder)
    for model in _maniskill(folder):
        entry = info.get(model.name, {})
        scale = float((entry.get("scales") or [1.0])[0])
        told = with_defaults(options, model.name, _word(model.name), SOURCE, LICENCE, scale, entry.get("density"))
        collision = next((path for path in (model / "collision.ply", model / "collision.obj") if path.is_file()), None)
        told = told if collision is None else pieces_as_given(told)
        yield Item(model / "textured.obj", told, partial(read_mesh_asset, collision=collision))
    if not _maniskill(folder):
        for each in _folders(folder):
            scan = _scan(each)
            if scan is not None:
                yield Item(scan, with_defaults(options, each.name, _word(each.name), SOURCE, LICENCE))


def _maniskill(folder: Path) -> list[Path]:
    models = folder / "models" if (folder / "models").is_dir() else folder
    return [each for each in _folders(models) if (each / "textured.obj").is_file()]


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir())


def _scan(folder: Path) -> Path | None:
    return next((path for scan in _SCANS if (path := folder / scan / "textured.obj").is_file()), None)


def _info(folder: Path) -> dict[str, Any]:
    path = next((each for each in (folder / _INFO, folder.parent / _INFO) if each.is_file()), None)
    if path is None:
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise BadInput(f"{path}: is no JSON ({error}).") from error


def _word(name: str) -> str:
    """Returns the word for an object: 002_master_chef_can is a master_chef_can."""
    return re.sub(r"^\d+(-[a-z])?_", "", name) or name
