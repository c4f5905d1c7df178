"""What a generator draws: things on the floor, each to stand in a slot of its group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simgen.world.scene.model import ObjectModel


@dataclass(frozen=True)
class Group:
    """Slots of one kind.

    Args:
        count: How many slots every world has.
        candidates: What may stand in each.
        texture_size: Side of what a texture shows [m].
    """

    count: int
    candidates: tuple[ObjectModel, ...]
    texture_size: float = 0.8


@dataclass(frozen=True)
class Thing:
    """One thing in its place.

    Args:
        group: Name of its group.
        candidate: Index into the group's candidates.
        xy: [m].
        yaw: [rad].
        scale: Factors along its own axes.
        color: sRGB; it tints what has no colour of its own.
        texture: Name, or None.
    """

    group: str
    candidate: int
    xy: tuple[float, float]
    yaw: float = 0.0
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    texture: str | None = None


@dataclass(frozen=True)
class Draft:
    """A place as drawn: its things, and points (N, 2) [m] between which a robot must be able to drive."""

    things: list[Thing]
    gates: list[tuple[float, float]]


@dataclass(frozen=True)
class Rectangle:
    """A rectangle along the axes of the world: lowest and highest corner [m]."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def around(cls, xy: Sequence[float], size: Sequence[float]) -> Rectangle:
        """Returns the rectangle of a size (2,) around a point (2,) [m]."""
        return cls(xy[0] - size[0] / 2, xy[1] - size[1] / 2, xy[0] + size[0] / 2, xy[1] + size[1] / 2)

    @property
    def size(self) -> tuple[float, float]:
        """Sides along x and y [m]."""
        return self.x1 - self.x0, self.y1 - self.y0

    def grown(self, by: float) -> Rectangle:
        """Returns the rectangle with all sides moved outwards [m]."""
        return Rectangle(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def meets(self, other: Rectangle) -> bool:
        """Says whether they overlap."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def holds(self, other: Rectangle) -> bool:
        """Says whether the other lies inside."""
        return self.x0 <= other.x0 and self.y0 <= other.y0 and self.x1 >= other.x1 and self.y1 >= other.y1


def footprint(model: ObjectModel, xy: Sequence[float], yaw: float, scale: float = 1.0) -> Rectangle:
    """Returns the rectangle around a model that stands at a point, turned by yaw [rad]."""
    low, high = model.bounds[0, :2] * scale, model.bounds[1, :2] * scale
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    c, s = np.cos(yaw), np.sin(yaw)
    turned = corners @ np.array([[c, s], [-s, c]]) + xy
    return Rectangle(*(float(value) for value in (*turned.min(0), *turned.max(0))))
