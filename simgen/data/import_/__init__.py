"""Other people's recordings as a dataset of ours: LeRobot, ManiSkill, robomimic, videos and folders of images.

One importer per format behind a small protocol (`base.py`), found by the entry point `simgen.importers`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.data.import_.base import ImportOptions
    from simgen.data.import_.run import ImportSummary, import_dataset

__all__ = ["ImportOptions", "ImportSummary", "import_dataset"]

_HOMES = {"ImportOptions": "base", "ImportSummary": "run", "import_dataset": "run"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
