"""Numbers for people: intervals, and values with the unit and the digits that a reader wants."""

from __future__ import annotations

import datetime


def count(value: float) -> str:
    """12345 -> "12,345"; from ten million on "12.3 million"."""
    if abs(value) >= 1e9:
        return f"{value / 1e9:.3g} billion"
    if abs(value) >= 1e7:
        return f"{value / 1e6:.3g} million"
    return f"{value:,.0f}"


def byte_size(value: float) -> str:
    """Bytes in decimal units: 91457267 -> "91.5 MB"."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if abs(value) < 1000 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "bytes" or abs(value) >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def duration(seconds: float) -> str:
    """Seconds, minutes or hours: 474 -> "7.9 min"."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{count(seconds / 3600)} h" if seconds >= 360_000 else f"{seconds / 3600:.1f} h"


def percent(rate: float) -> str:
    """0.953 -> "95.3 %"; never rounds up to 100 % or down to 0 % what is not."""
    value = 100 * rate
    if 99.9 < value < 100 or 0 < value < 0.1:
        return "> 99.9 %" if value > 50 else "< 0.1 %"
    return f"{value:.1f}".removesuffix(".0") + " %"


def interval(bounds: tuple[float, float]) -> str:
    """(0.943, 1.0) -> "94.3 to 100 %"."""
    return f"{percent(bounds[0]).removesuffix(' %')} to {percent(bounds[1])}"


def date(text: str | None) -> str:
    """An ISO time in words: "21 November 2026, 15:40 UTC"; text that is no time stays as it is."""
    try:
        moment = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return str(text or "")
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"


def shape(sizes: list[int | None]) -> str:
    """[128, None, 3] -> "128 × any × 3"; [] -> "scalar"."""
    return " × ".join("any" if size is None else str(size) for size in sizes) or "scalar"
