"""The user's own assets as a task names them: folders with a card, by name or pattern."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from simgen.errors import nearest
from simgen.paths import asset_folders
from simgen.spec.base import wrong
from simgen.spec.pattern import matches

CARD = "asset.yaml"


def read_card_yaml(card: Path) -> Any:
    """Returns what a card says, unchecked; libyaml reads it ten times as fast as Python, where it is there."""
    return yaml.load(card.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def asset_paths(pattern: str, folders: Iterable[Path]) -> list[Path]:
    """Returns the assets that a name, path or pattern means, from the first of the folders that has any, by name.

    Args:
        pattern: Name or path of an asset's folder, or a pattern with `*`, `?` or `[]`.
        folders: Where relative ones are looked for.
    """
    for found in matches(pattern, folders):
        assets = [path for path in found if not path.name.startswith(".") and (path / CARD).is_file()]
        if assets:
            return assets
    return []


def asset_names(folders: Iterable[Path]) -> list[str]:
    """Returns the names of all assets in some folders."""
    return [path.name for folder in folders for path in asset_paths("*", [folder])]


def asset_parts(pattern: str) -> tuple[str, ...]:
    """Returns the names of the moving parts that all assets of a pattern have; none for what is rigid."""
    parts = [parts for parts, _ in _facts(pattern)]
    return tuple(name for name in parts[0] if all(name in others for others in parts)) if parts else ()


def asset_fixed(pattern: str) -> bool:
    """Says whether all assets of a pattern stand still where a task does not say otherwise."""
    facts = _facts(pattern)
    return bool(facts) and all(fixed for _, fixed in facts)


def located_asset(pattern: str, task_folder: Path | None) -> str:
    """Returns the pattern if it names assets, or an absolute one if they are beside the task's file.

    Raises:
        PydanticCustomError: Nothing matches; names the asset that comes closest.
    """
    if "**" in pattern:
        raise wrong(f"{ascii(pattern)} would search whole folder trees. Allowed: * within a name")
    if asset_paths(pattern, asset_folders()):
        return pattern
    if task_folder is not None and asset_paths(pattern, [task_folder]):
        return str(task_folder.resolve() / pattern)
    names = asset_names(asset_folders())
    allowed = (
        ", ".join(names[:20]) + (" ..." if len(names) > 20 else "") or "none yet; `simgen assets add FILE` makes one"
    )
    raise wrong(f"no asset is called {ascii(pattern)}. Allowed: {allowed}{nearest(pattern, names)}")


def _facts(pattern: str) -> list[tuple[tuple[str, ...], bool]]:
    cards = [path / CARD for path in asset_paths(pattern, asset_folders())]
    return [_card_facts(card, card.stat().st_mtime_ns) for card in cards]


@lru_cache(maxsize=1024)
def _card_facts(card: Path, changed: int) -> tuple[tuple[str, ...], bool]:
    """Names of moving parts, and whether it is fixed; `changed` is the card's time, so that a new one is read."""
    try:
        data = read_card_yaml(card)
        return tuple(str(name) for name in data["parts"]), bool(data["fixed"])
    except (OSError, yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError):
        return (), False  # whoever loads the asset says what is wrong with its card
