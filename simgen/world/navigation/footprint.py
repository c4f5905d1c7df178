"""What a driving robot covers of the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simgen.world.robot.card import PlanarBase

SAFETY = 0.1  # between the robot's sides and what it drives past [m]
_SPACING = 0.1  # of points along the outline [m]


@dataclass(frozen=True)
class Footprint:
    """A rectangle in the frame of the link that drives: lowest and highest x (forwards) and y [m]."""

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def of(cls, base: PlanarBase) -> Footprint:
        """Returns the footprint of a base that drives."""
        return cls(*base.footprint)

    @property
    def width(self) -> float:
        """How far from its way something must be that the robot drives past [m]."""
        return max(-self.low[1], self.high[1]) + SAFETY

    @property
    def reach(self) -> float:
        """How far its farthest corner is from its axis [m]."""
        return float(np.linalg.norm(np.maximum(np.abs(self.low), np.abs(self.high))))

    def outline(self) -> np.ndarray:
        """Returns points along the edges, corners included, about 0.1 m apart [m]. Shape: (K, 2)."""
        (x0, y0), (x1, y1) = self.low, self.high
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])
        edges = []
        for first, second in zip(corners[:-1], corners[1:], strict=True):
            count = max(1, int(np.ceil(np.linalg.norm(second - first) / _SPACING)))
            edges.append(first + np.linspace(0.0, 1.0, count, endpoint=False)[:, None] * (second - first))
        return np.concatenate(edges)

    def discs(self) -> tuple[np.ndarray, float]:
        """Returns equal discs that cover the rectangle: middles along x [m] (K,), and their radius [m]."""
        length, width = self.high[0] - self.low[0], self.high[1] - self.low[1]
        count = max(1, int(np.ceil(1.5 * length / width)))
        middles = self.low[0] + (np.arange(count) + 0.5) * length / count
        return middles, float(np.hypot(0.5 * length / count, 0.5 * width))
