"""One self-contained HTML page that shows what is in a dataset: videos, numbers, distributions, how to load it.

Names are imported when first used, so that `simgen --help` loads neither the video encoder nor NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.view.report.write import WrittenReport, write_report

__all__ = ["WrittenReport", "write_report"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("simgen.view.report.write"), name)
