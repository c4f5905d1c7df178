"""One self-contained HTML page that shows how far two engines are apart."""

from __future__ import annotations

from simgen.bench.parity.report.write import check_folder, write_report

__all__ = ["check_folder", "write_report"]
