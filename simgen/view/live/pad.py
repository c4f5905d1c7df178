"""The part of the page that hears keys and gamepad: a frame inside the panel, and the field that it reports through."""

from __future__ import annotations

import html
import json
import math
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from simgen.view.live.driving import Driver, Inputs

if TYPE_CHECKING:
    import viser

FIELD = "pad"  # label of the field; the frame looks for it
_HEIGHT = 24  # of a row of keys [px]
_TOOL = (
    ("forward, back", "KeyW", "KeyS"),
    ("left, right", "KeyA", "KeyD"),
    ("up, down", "KeyR", "KeyF"),
    ("turn left, right", "KeyJ", "KeyL"),
    ("tilt", "KeyI", "KeyK"),
    ("roll", "KeyU", "KeyO"),
)
_BASE = (("forward, back", "KeyW", "KeyS"), ("turn left, right", "KeyA", "KeyD"))
_GRIPPER = ("gripper", "Space")
_OTHERS = (("slowly", "ShiftLeft"), ("new episode", "KeyN"), ("pause", "KeyP"))
_RECORD = (("save the episode", "Enter"), ("discard it", "Backspace"))
_LABELS = {"Space": "space", "Enter": "⏎", "Backspace": "⌫", "ShiftLeft": "shift"}
_JOGS = {"▲ forward": (0, 1.0), "▼ back": (0, -1.0), "◀ left": (1, 1.0), "▶ right": (1, -1.0), "⤒ up": (2, 1.0),
         "⤓ down": (2, -1.0), "↺ turn": (5, 1.0), "↻ turn": (5, -1.0)}  # fmt: skip
_AS_SEEN, _OF_ROBOT = "as I look", "of the robot"
_JOG_RATE = 10.0  # [Hz]


class DrivePanel:
    """Shows how to drive, and takes in what the person does.

    Args:
        server: Where.
        driver: Says what can be driven.
        inputs: Where it is noted.
        records: Whether episodes are recorded here.
    """

    def __init__(self, server: viser.ViserServer, driver: Driver, inputs: Inputs, records: bool) -> None:
        self._inputs, self._driver = inputs, driver
        gui = server.gui
        rows = _rows(driver, records)
        with gui.add_folder("Drive", order=3):
            if driver.has_tool or driver.drives:
                self.speed = gui.add_slider("speed", min=0.1, max=2.0, step=0.1, initial_value=1.0)
                self.directions = gui.add_dropdown("directions", (_AS_SEEN, _OF_ROBOT))
                self.speed.on_update(lambda event: setattr(driver, "speed", float(self.speed.value)))
            self.field = gui.add_text(FIELD, "")
            gui.add_html(_frame(rows))
            if driver.has_tool or driver.drives:
                self._add_jogs(gui)
            if driver.has_gripper:
                self.gripper = gui.add_button("Gripper: open or close")
                self.gripper.on_click(lambda event: inputs.press("gripper"))
        self.field.on_update(self._report)

    async def _report(self, event: viser.GuiEvent) -> None:
        """In the server's own loop, so that reports stay in their order."""
        self._inputs.heading = self._heading(event)
        self._inputs.report(self.field.value)

    def _heading(self, event: viser.GuiEvent) -> float | None:
        """Where forward is for whoever looks, level and in steps of a quarter turn [rad]."""
        if not hasattr(self, "directions") or self.directions.value != _AS_SEEN or event.client is None:
            return None
        camera = event.client.camera
        ahead = np.asarray(camera.look_at) - np.asarray(camera.position)
        if np.linalg.norm(ahead[:2]) < 1e-6:
            return None
        return round(math.atan2(ahead[1], ahead[0]) / (math.pi / 2)) * math.pi / 2

    def _add_jogs(self, gui: viser.GuiApi) -> None:
        with gui.add_folder("Buttons to hold", expand_by_default=False):
            for label, (axis, direction) in _JOGS.items():
                if self._driver.drives and axis not in (0, 5):
                    continue
                button = gui.add_button(label)

                async def jog(event: viser.GuiEvent, axis: int = axis, direction: float = direction) -> None:
                    self._inputs.heading = self._heading(event)
                    self._inputs.jog(axis, direction)

                button.on_hold(jog, callback_hz=_JOG_RATE)


def _rows(driver: Driver, records: bool) -> list[tuple[str, ...]]:
    moves = _BASE if driver.drives else _TOOL if driver.has_tool else ()
    gripper = (_GRIPPER,) if driver.has_gripper and driver.has_tool else ()
    return [*moves, *gripper, *_OTHERS, *(_RECORD if records else ())]


def _frame(rows: list[tuple[str, ...]]) -> str:
    """Returns the frame with its page inside, so that nothing else has to be served."""
    labelled = [[what, *([code, _LABELS.get(code, code[-1].lower())] for code in codes)] for what, *codes in rows]
    page = (files("simgen.view.live") / "pad.html").read_text(encoding="utf-8")
    page = page.replace("ROWS", json.dumps(labelled).replace("</", "<\\/"))
    height = _HEIGHT * len(rows) + 24
    return (
        f'<iframe title="keys and gamepad" srcdoc="{html.escape(page, quote=True)}" '
        f'style="width:100%;height:{height}px;border:0;padding:0 0.75em;box-sizing:border-box"></iframe>'
    )
