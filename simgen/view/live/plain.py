"""Sliders for the numbers of an action, for robots that have neither a tool nor a base that drives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simgen.world.robot.control.mode import ActionMode, Actions

if TYPE_CHECKING:
    import viser

_UNBOUNDED = 3.2  # what stands for a bound that is none


class PlainActions:
    """One slider for each number of an action.

    Args:
        server: Where.
        mode: What the numbers mean.
        tell: Called with all of them when one has changed.
    """

    def __init__(self, server: viser.ViserServer, mode: Actions, tell: Callable[[list[float]], None]) -> None:
        names = mode.names if isinstance(mode, ActionMode) else [f"action {index}" for index in range(mode.dim)]
        self._tell = tell
        with server.gui.add_folder("Action", order=3.5):
            self.sliders = [
                self._slider(server.gui, name, max(low, -_UNBOUNDED), min(high, _UNBOUNDED))
                for name, low, high in zip(names, mode.low.tolist(), mode.high.tolist(), strict=True)
            ]
            rest = server.gui.add_button("All as at the start")
        self._start = [slider.value for slider in self.sliders]
        rest.on_click(lambda event: self._rest())

    def _slider(self, gui: viser.GuiApi, name: str, low: float, high: float) -> viser.GuiInputHandle[float]:
        slider = gui.add_slider(
            name, min=low, max=high, step=(high - low) / 200, initial_value=min(max(0.0, low), high)
        )
        slider.on_update(lambda event: self._tell([each.value for each in self.sliders]))
        return slider

    def _rest(self) -> None:
        for slider, value in zip(self.sliders, self._start, strict=True):
            slider.value = value
