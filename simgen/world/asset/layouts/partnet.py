"""PartNet-Mobility objects: <id>/mobility.urdf with textured_objs, meta.json and semantics.txt.

Reference: F. Xiang et al., "SAPIEN: A SimulAted Part-based Interactive ENvironment", 2020.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from simgen.world.asset.add import AddOptions
from simgen.world.asset.layouts.item import Item, pieces_as_given, with_defaults
from simgen.world.asset.raw import RawAsset
from simgen.world.asset.read_urdf import read_urdf_asset

SOURCE = "PartNet-Mobility, https://sapien.ucsd.edu/browse, object "
LICENCE = "PartNet-Mobility and ShapeNet terms of use: research only, no redistribution"
_CONVEX = "mobility_cvx.urdf"
_URDFS = (_CONVEX, "mobility.urdf", "mobility_fixed.urdf")  # the first has convex pieces, as ManiSkill brings it


def matches(folder: Path) -> bool:
    """Says whether a folder is such an object or holds some."""
    return bool(_objects(folder))


def items(folder: Path, options: AddOptions) -> Iterator[Item]:
    """Yields the objects by id."""
    for each in _objects(folder):
        urdf = _urdf(each)
        assert urdf is not None, "only folders with a URDF are objects"
        category = _snake(str(_meta(each).get("model_cat") or "object"))
        scale = _usual_scales().get(each.name)
        told = with_defaults(options, f"{category}_{each.name}", category, SOURCE + each.name, LICENCE, scale)
        yield Item(urdf, pieces_as_given(told) if urdf.name == _CONVEX else told, _read)


def _read(path: Path) -> RawAsset:
    """Reads an object, its links called what the data set says they are: drawer_1, rotation_door_1."""
    raw = read_urdf_asset(path)
    names = {link: link for link in raw.links} | _meanings(path.parent / "semantics.txt", set(raw.links))
    links = {names[name]: replace(link, name=names[name]) for name, link in raw.links.items()}
    joints = tuple(replace(joint, parent=names[joint.parent], child=names[joint.child]) for joint in raw.joints)
    return replace(raw, root=names[raw.root], links=links, joints=joints)


def _meanings(path: Path, links: set[str]) -> dict[str, str]:
    """Returns numbered names of links from lines such as "link_0 slider drawer"."""
    counts: dict[str, int] = {}
    names = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        link, *rest = line.split()[:1] + line.split()[-1:]
        if link in links and rest and len(line.split()) >= 3:
            word = _snake(rest[0])
            counts[word] = counts.get(word, 0) + 1
            names[link] = f"{word}_{counts[word]}"
    return names


def _objects(folder: Path) -> list[Path]:
    if _urdf(folder) is not None:
        return [folder]
    return sorted(each for each in folder.iterdir() if each.is_dir() and _urdf(each) is not None)


def _urdf(folder: Path) -> Path | None:
    return next((path for name in _URDFS if (path := folder / name).is_file()), None)


def _meta(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "meta.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


@cache
def _usual_scales() -> dict[str, float]:
    """Returns the sizes that ManiSkill gives to these objects, whose files have them about two units large."""
    spec = importlib.util.find_spec("mani_skill")
    if spec is None or spec.origin is None:
        return {}
    files = sorted((Path(spec.origin).parent / "assets" / "partnet_mobility" / "meta").glob("info_*.json"))
    entries = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {name: float(value["scale"]) for entry in entries for name, value in entry.items() if "scale" in value}


def _snake(word: str) -> str:
    """Returns StorageFurniture as storage_furniture."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()).strip("_")
