"""How fast, how much memory, how alike: measurements of whole environment steps, the peer's beside ours, and parity.

Names are imported when they are first used: the peer's processes and our own workers load no more than they need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.bench.measure import bench
    from simgen.bench.mixed import bench_mixture
    from simgen.bench.options import BenchOptions
    from simgen.bench.plot import check_picture, draw_plot, read_results
    from simgen.bench.sweep import Sweep, run_sweep

_HOMES = {
    "measure": ("bench",),
    "mixed": ("bench_mixture",),
    "options": ("BenchOptions",),
    "plot": ("check_picture", "draw_plot", "read_results"),
    "sweep": ("Sweep", "run_sweep"),
}
__all__ = [
    "BenchOptions", "Sweep", "bench", "bench_mixture", "check_picture", "draw_plot", "read_results", "run_sweep",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"simgen.bench.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
