"""Where files are: simgen's tasks and assets, the user's assets, and the cache of things derived from them.

A wheel carries tasks and assets inside the package (`simgen/_bundled`); in a checkout they lie beside it.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def tasks_dir() -> Path:
    """Returns the folder with the task files that simgen ships."""
    return _shipped("tasks")


def assets_dir() -> Path:
    """Returns the folder with the robot cards, object cards and small models that simgen ships."""
    return _shipped("assets")


def user_assets_dir() -> Path:
    """Returns the folder of the user's own assets: $SIMGEN_ASSETS, else one in the user's data folder."""
    chosen = os.environ.get("SIMGEN_ASSETS")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("simgen", appauthor=False) / "assets"


def asset_folders() -> tuple[Path, ...]:
    """Returns the folders in which assets are looked for by name: the user's, then simgen's."""
    return user_assets_dir(), assets_dir() / "objects"


def cache_dir() -> Path:
    """Returns the folder for derived files, created if needed: $SIMGEN_CACHE, else the user's cache folder."""
    chosen = os.environ.get("SIMGEN_CACHE")
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("simgen", appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _shipped(name: str) -> Path:
    bundled = _PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
