"""Phases of a dataset: which episodes are tried, by which policy, and how they reach the writer."""

from __future__ import annotations

from simgen.generate.options import GenerateOptions
from simgen.generate.run import Summary, generate

__all__ = ["GenerateOptions", "Summary", "generate"]
