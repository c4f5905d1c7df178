"""The page about a curation: examples of what was dropped and why, and histograms of what was measured."""

from __future__ import annotations

from simgen.view.curation.write import write_page

__all__ = ["write_page"]
