"""Colours: what a segmentation mask looks like, what a distance looks like, and the names the style sheet knows."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np

from simgen.world.scene.color import COLORS

NOTHING = (22, 25, 31)
_SURROUNDINGS = {"ground": (84, 92, 106), "table": (150, 127, 102), "wall": (112, 118, 128)}
_OBJECTS = (
    (242, 142, 43), (52, 168, 104), (226, 84, 158), (38, 166, 198), (232, 189, 48), (150, 108, 222),
    (225, 87, 89), (140, 190, 60), (190, 130, 96), (110, 200, 190),
)  # fmt: skip
_LINKS = ((76, 110, 196), (126, 156, 226), (56, 84, 158), (160, 182, 236), (94, 126, 210), (44, 66, 128))

Color = tuple[int, int, int]


class SegmentationColors:
    """A colour for each name, the same in all episodes of a report: links are blue, objects bright, the rest muted."""

    def __init__(self) -> None:
        self._colors: dict[str, Color] = {}
        self._links: list[str] = []
        self._objects: list[str] = []

    def register(self, name: str, kind: str) -> Color:
        """Returns the colour of a name, choosing one the first time."""
        if name in self._colors:
            return self._colors[name]
        if kind == "robot":
            color = _LINKS[len(self._links) % len(_LINKS)]
            self._links.append(name)
        elif name in _SURROUNDINGS or kind in _SURROUNDINGS:
            color = _SURROUNDINGS.get(name) or _SURROUNDINGS[kind]
        else:
            color = _OBJECTS[len(self._objects) % len(_OBJECTS)]
            self._objects.append(name)
        self._colors[name] = color
        return color

    def is_link(self, name: str) -> bool:
        return name in self._links

    def table(self, ids: Mapping[int, Mapping[str, Any]], highest: int) -> np.ndarray:
        """Colours by instance id, for indexing. Shape: (highest + 1, 3), uint8."""
        table = np.empty((highest + 1, 3), np.uint8)
        table[:] = NOTHING
        for number in range(1, highest + 1):
            entry = ids.get(number, {})
            table[number] = self.register(str(entry.get("name", f"id {number}")), str(entry.get("class", "")))
        return table


@functools.cache
def depth_colors() -> np.ndarray:
    """Colours from far to near. Shape: (256, 3), uint8."""
    return (matplotlib.colormaps["viridis"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _depth_table(near: float, far: float) -> np.ndarray:
    """Colours by distance [mm]. Shape: (32768, 3), uint8."""
    nearness = 1.0 / np.arange(1, 1 << 15)
    shade = np.clip((nearness - 1.0 / far) / (1.0 / near - 1.0 / far) * 255, 0, 255).astype(np.uint8)
    return np.concatenate([np.array([NOTHING], np.uint8), depth_colors()[shade]])


def color_depth(depth: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """Colours depth images by 1 / distance, which tells apart what is near; where there is none, it is dark.

    Args:
        depth: [mm], 0 = none. Shape: (..., H, W).
        bounds: nearest and farthest distance [mm].

    Returns:
        Shape: (..., H, W, 3), uint8.
    """
    table = _depth_table(*bounds)
    if depth.dtype.kind == "f":
        depth = np.nan_to_num(depth, nan=0.0, posinf=0.0, neginf=0.0)
    return table[np.clip(depth, 0, len(table) - 1).astype(np.int16)]


def name_color(word: str) -> str | None:
    """The colour that a word names, for showing it in its own colour; None if it names none."""
    known = COLORS.get(word)
    return css((round(255 * known[0]), round(255 * known[1]), round(255 * known[2]))) if known else None


def css(color: Color) -> str:
    """(255, 0, 0) -> "#ff0000"."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def phase_color(number: int) -> str:
    """The style sheet's colour of a phase."""
    return f"var(--phase-{number % 4})"


def object_color(number: int) -> str:
    """The colour of the object with this number, as in segmentation masks."""
    return css(_OBJECTS[number % len(_OBJECTS)])
