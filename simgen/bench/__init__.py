"""How fast, how much memory, how alike: measurements of whole environment steps, the peer's beside ours, and parity.

Names are imported when they are first used: the peer's processes must not load our engines.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.bench.measure import BenchOptions, bench
    from simgen.bench.mixed import bench_mixture

__all__ = ["BenchOptions", "bench", "bench_mixture"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "mixed" if name == "bench_mixture" else "measure"
    return getattr(importlib.import_module(f"simgen.bench.{module}"), name)
