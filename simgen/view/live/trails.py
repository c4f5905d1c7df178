"""The ways that things take, as lines in the scene: what has been and what is to come, in two shades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import viser

_COLORS = ((230, 60, 60), (40, 150, 90), (240, 150, 30), (130, 80, 210), (20, 150, 190), (200, 70, 150))
_STILL = 0.005  # what moves less than this leaves no trail [m]
_MOST = 24  # trails
_LONGEST = 600  # points of a trail


class Trails:
    """Draws trails.

    Args:
        server: Where.
    """

    def __init__(self, server: viser.ViserServer) -> None:
        self._scene = server.scene
        self._handles: list[viser.LineSegmentsHandle] = []

    def clear(self) -> None:
        """Takes all away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def show(self, paths: Mapping[str, np.ndarray]) -> None:
        """Replaces all trails by those of these ways [m]; things that stand still have none. Shape: (T, 3) each."""
        self.clear()
        moving = {name: path for name, path in paths.items() if len(path) > 1 and np.ptp(path, 0).max() > _STILL}
        for number, (name, path) in enumerate(list(moving.items())[:_MOST]):
            points = path[:: -(-len(path) // _LONGEST)]
            first, last = np.array(_COLORS[number % len(_COLORS)]), np.full(3, 255)
            shade = np.linspace(0.55, 0.0, len(points))[:, None]  # pale where it begins
            colors = np.round((1 - shade) * first + shade * last).astype(np.uint8)
            pairs = np.stack([points[:-1], points[1:]], 1), np.stack([colors[:-1], colors[1:]], 1)
            self._handles.append(
                self._scene.add_line_segments(
                    f"/trails/{name}", pairs[0].astype(np.float32), pairs[1], thickness=2.5, thickness_units="screen"
                )
            )

    def set_visible(self, visible: bool) -> None:
        """Shows or hides them."""
        for handle in self._handles:
            handle.visible = visible
