"""How fast, how much memory: measurements of whole environment steps, as ManiSkill's benchmark script takes them."""

from __future__ import annotations

from simgen.bench.measure import BenchOptions, bench

__all__ = ["BenchOptions", "bench"]
