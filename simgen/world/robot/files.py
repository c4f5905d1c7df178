"""Finds the files of robots: our own, and those that the mani_skill wheel carries, without importing it (that would
load SAPIEN)."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from simgen.errors import SimgenError
from simgen.paths import assets_dir

_PACKAGE = "mani_skill"


@cache
def mani_skill_robots_dir() -> Path:
    """Returns the folder `assets/robots` inside the installed mani_skill package.

    Raises:
        SimgenError: If mani_skill is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise SimgenError(
            "The robots' URDF files and meshes come with the package mani_skill, which is not installed; "
            "run `pip install mani_skill` (simgen reads its files and does not import it)."
        )
    return Path(spec.origin).parent / "assets" / "robots"


def robot_file(relative: str) -> Path:
    """Returns a file below our robots folder or, if there is none, below the wheel's.

    Raises:
        SimgenError: If mani_skill is not installed, or this version of it has no such file.
    """
    own = assets_dir() / "robots" / relative
    if own.is_file():
        return own
    path = mani_skill_robots_dir() / relative
    if not path.is_file():
        raise SimgenError(
            f"The installed mani_skill has no robot file {relative!r}; the robot cards were made for mani_skill 3.0.1."
        )
    return path
