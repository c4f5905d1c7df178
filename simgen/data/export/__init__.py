"""Datasets in the formats of the programs that train on them: LeRobot, ManiSkill and whatever else is registered.

One exporter per format behind a small protocol (`base.py`), found by the entry point `simgen.exporters`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.data.export.base import ExportOptions, ExportSummary
    from simgen.data.export.run import export_dataset

__all__ = ["ExportOptions", "ExportSummary", "export_dataset"]

_HOMES = {"ExportOptions": "base", "ExportSummary": "base", "export_dataset": "run"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
