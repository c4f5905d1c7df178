"""How fast, how much memory, how alike: measurements of whole environment steps, the peer's beside ours, and parity.

Names are imported when they are first used: the peer's processes must not load our engines.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.bench.measure import BenchOptions, bench

__all__ = ["BenchOptions", "bench"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("simgen.bench.measure"), name)
