"""Small quantities in the unit that one says them in."""

from __future__ import annotations

import math


def length(metres: float | None) -> str:
    """0.0004 -> "0.4 mm"; 0.153 -> "15.3 cm"."""
    if metres is None:
        return "none"
    if metres >= 0.01:
        return f"{100 * metres:.3g} cm"
    return f"{1000 * metres:.2g} mm" if metres >= 1e-6 else "0 mm"


def angle(radians: float | None) -> str:
    """0.0004 -> "0.023°"; 0.15 -> "8.6°"."""
    if radians is None:
        return "none"
    degrees = math.degrees(radians)
    return f"{degrees:.2g}°" if degrees >= 1e-4 else "0°"


def seconds(value: float | None) -> str:
    """0.05 -> "0.05 s"."""
    return "none" if value is None else f"{value:.3g} s"
