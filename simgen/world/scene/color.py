"""Named colours that a camera and a reader can tell apart, and the step between sRGB and linear light."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np

from simgen.errors import BadInput, unknown

Color = tuple[float, float, float]

# sRGB in 0..1, the values a colour picker shows.
COLORS: dict[str, Color] = {
    "red": (0.84, 0.13, 0.13),
    "green": (0.16, 0.62, 0.22),
    "blue": (0.12, 0.34, 0.85),
    "yellow": (0.96, 0.82, 0.12),
    "orange": (0.97, 0.52, 0.09),
    "purple": (0.50, 0.20, 0.70),
    "pink": (0.96, 0.53, 0.70),
    "cyan": (0.10, 0.76, 0.86),
    "magenta": (0.83, 0.11, 0.60),
    "lime": (0.62, 0.87, 0.13),
    "teal": (0.05, 0.49, 0.49),
    "navy": (0.07, 0.13, 0.40),
    "brown": (0.45, 0.27, 0.13),
    "olive": (0.47, 0.47, 0.10),
    "maroon": (0.45, 0.06, 0.14),
    "turquoise": (0.35, 0.87, 0.74),
    "lavender": (0.73, 0.66, 0.93),
    "beige": (0.90, 0.82, 0.66),
    "wood": (0.80, 0.62, 0.42),
    "white": (0.94, 0.94, 0.92),
    "silver": (0.74, 0.75, 0.77),
    "gray": (0.48, 0.49, 0.50),
    "black": (0.07, 0.07, 0.08),
}
_SPELLINGS = {"grey": "gray", "violet": "purple"}


def parse_color(value: str | Sequence[float]) -> Color:
    """Reads a colour name or three numbers.

    Args:
        value: A name of `COLORS`, or red, green and blue in 0..1 (sRGB).

    Returns:
        Red, green and blue in 0..1 (sRGB).

    Raises:
        BadInput: Unknown name, not three numbers, or numbers outside 0..1.
    """
    if isinstance(value, str):
        if value in COLORS:
            return COLORS[value]
        name = _SPELLINGS.get(value.strip().lower(), value.strip().lower())
        if name not in COLORS:
            raise unknown("color", value, COLORS)
        return COLORS[name]
    try:
        numbers = [float(number) for number in value]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 3:
        raise BadInput(f"a color is a name or three numbers [r, g, b] in 0..1, not {value!r}.")
    if not all(0.0 <= number <= 1.0 for number in numbers):
        bytes_meant = all(0.0 <= number <= 255.0 for number in numbers)
        hint = f"; did you mean {[round(number / 255, 3) for number in numbers]}?" if bytes_meant else "."
        raise BadInput(f"color {list(value)!r} is outside 0..1{hint}")
    return numbers[0], numbers[1], numbers[2]


def color_name(color: Sequence[float]) -> str:
    """Returns the name in `COLORS` that looks most like an sRGB colour in 0..1."""
    return _nearest_name(tuple(color))


@lru_cache(maxsize=256)
def _nearest_name(color: tuple[float, ...]) -> str:
    names, known = _oklab_palette()
    return names[int(((known - _oklab(np.asarray(color, np.float64))) ** 2).sum(1).argmin())]


@cache
def _oklab_palette() -> tuple[list[str], np.ndarray]:
    return list(COLORS), np.stack([_oklab(np.asarray(color)) for color in COLORS.values()])


def srgb_to_linear(color: np.ndarray | Sequence[float]) -> np.ndarray:
    """Turns sRGB values in 0..1 into linear light, any shape (IEC 61966-2-1)."""
    color = np.asarray(color, np.float64)
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(color: np.ndarray | Sequence[float]) -> np.ndarray:
    """Turns linear light in 0..1 into sRGB values, any shape (IEC 61966-2-1)."""
    color = np.clip(np.asarray(color, np.float64), 0.0, 1.0)
    return np.where(color <= 0.0031308, color * 12.92, 1.055 * color ** (1 / 2.4) - 0.055)


def _oklab(color: np.ndarray) -> np.ndarray:
    """Oklab of an sRGB colour (Björn Ottosson, public domain matrices)."""
    to_cone = np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    )  # fmt: skip
    to_lab = np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    )  # fmt: skip
    return to_lab @ np.cbrt(to_cone @ srgb_to_linear(color))


def linear_rgb(srgb: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Returns the linear colour of an sRGB one, as plain numbers."""
    return _linear_rgb(tuple(srgb))


@lru_cache(maxsize=256)
def _linear_rgb(srgb: tuple[float, ...]) -> Color:
    red, green, blue = (float(value) for value in srgb_to_linear(srgb))
    return red, green, blue
