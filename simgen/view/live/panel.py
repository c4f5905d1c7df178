"""The panel of `simgen watch`: world, teacher, knobs, reward and recording; what is asked for waits for the loop."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simgen.view.live.ranges import Knob
from simgen.view.live.text import escaped, number, table
from simgen.view.live.world import LiveWorld

if TYPE_CHECKING:
    import viser

_LARGEST_SEED = (1 << 53) - 1


class Asked:
    """What was asked for, in its order; handlers put, the loop takes."""

    def __init__(self) -> None:
        self._items: list[str] = []
        self._lock = threading.Lock()

    def put(self, what: str) -> None:
        """Asks for something."""
        with self._lock:
            self._items.append(what)

    def take(self) -> list[str]:
        """Returns what was asked for since the last call."""
        with self._lock:
            items, self._items = self._items, []
        return items


class WatchPanel:
    """Controls and words.

    Args:
        server: Where.
        world: What is controlled.
        asked: Where wishes are put: "new", "again", "pause", "step", "save", "discard", "record", "teacher", "turned".
        seed: Of the first episode.
        out: Where recordings go; None: nothing is recorded.
    """

    def __init__(self, server: viser.ViserServer, world: LiveWorld, asked: Asked, seed: int, out: str | None) -> None:
        self._gui, self._asked, self._telling = server.gui, asked, False
        self._knobs: dict[Knob, list[Any]] = {}
        self.turned: dict[Knob, Any] = {}
        self._make_world(world, seed)
        self.recording = None if out is None else self._make_recording(out)

    def _make_world(self, world: LiveWorld, seed: int) -> None:
        gui = self._gui
        with gui.add_folder("World", order=1):
            self._facts = gui.add_markdown("")
            self.seed = gui.add_number("seed", seed, min=0, max=_LARGEST_SEED, step=1)
            self._starts = gui.add_button_group("", ("again", "new"))
            self._pace = gui.add_button_group("", ("pause", "one step"))
            self.teacher = gui.add_checkbox("teacher", False, disabled=not world.has_teacher, hint=world.no_teacher)
            self.go_on = gui.add_checkbox("next by itself", True, hint="a new episode when one has ended")
        self._rewards = gui.add_folder("Reward", order=4)
        with self._rewards:
            self._terms = gui.add_markdown("")
        self.seed.on_update(lambda event: self._ask("again"))
        self._starts.on_click(lambda event: self._ask(self._starts.value))
        self._pace.on_click(lambda event: self._ask("pause" if self._pace.value == "pause" else "step"))
        self.teacher.on_update(lambda event: self._ask("teacher"))

    def _make_recording(self, out: str) -> viser.GuiCheckboxHandle:
        gui = self._gui
        with gui.add_folder("Record", order=2):
            recording = gui.add_checkbox("record", False, hint=f"what you do becomes episodes in {out}")
            self.at_once = gui.add_checkbox("save successes", True, hint="as soon as the task is done")
            self._ends = gui.add_button_group("", ("save", "discard"))
            self._recorded = gui.add_markdown("")
        recording.on_update(lambda event: self._ask("record"))
        self._ends.on_click(lambda event: self._ask(self._ends.value))
        return recording

    def _ask(self, what: str) -> None:
        if not self._telling:
            self._asked.put(what)

    def offer(self, knobs: tuple[Knob, ...], values: Mapping[str, Any]) -> None:
        """Makes a control for each knob."""
        if not knobs:
            return
        gui = self._gui
        with gui.add_folder("Randomisation", order=5, expand_by_default=len(knobs) <= 12):
            loose = gui.add_button("As the seed draws it")
            loose.on_click(lambda event: self._loosen())
            for knob in knobs:
                self._knobs[knob] = self._controls(knob)
        self.tell_values(values)

    def _controls(self, knob: Knob) -> list[Any]:
        if knob.words:
            made = [self._gui.add_dropdown(knob.name, knob.words)]
        else:
            made = [
                self._gui.add_slider(label, min=low, max=high if high > low else low + 1e-6,
                                     step=max((high - low) / 200, 1e-9), initial_value=low, disabled=high <= low)
                for label, low, high in zip(knob.labels, knob.low, knob.high, strict=True)
            ]  # fmt: skip
        for control in made:
            control.on_update(lambda event, knob=knob: self._turn(knob))
        return made

    def _turn(self, knob: Knob) -> None:
        if self._telling:
            return
        values = [control.value for control in self._knobs[knob]]
        self.turned = self.turned | {knob: values[0] if knob.words or knob.scalar else values}
        self._asked.put("turned")

    def _loosen(self) -> None:
        self.turned = {}
        self._asked.put("turned")

    def tell_values(self, values: Mapping[str, Any]) -> None:
        """Sets the knobs to what the scene has drawn."""
        self._telling = True
        try:
            for knob, controls in self._knobs.items():
                value = values.get(knob.name, self.turned.get(knob))
                if value is None:
                    continue
                parts = [value] if isinstance(value, str) or not isinstance(value, list | tuple) else list(value)
                if knob.words and value not in knob.words:
                    continue
                for control, part in zip(controls, parts, strict=False):
                    control.value = part
        finally:
            self._telling = False

    def enable_knobs(self, enabled: bool) -> None:
        """Lets knobs be turned, or not."""
        for controls in self._knobs.values():
            for control in controls:
                control.disabled = not enabled

    def tell(self, *, seed: int | None = None, teacher: bool | None = None, recording: bool | None = None) -> None:
        """Sets controls without asking for anything."""
        self._telling = True
        try:
            if seed is not None:
                self.seed.value = seed
            if teacher is not None:
                self.teacher.value = teacher
            if recording is not None and self.recording is not None:
                self.recording.value = recording
        finally:
            self._telling = False

    def tell_world(self, world: LiveWorld, state: str, pace: float) -> None:
        """Says how it goes."""
        task = world.env.task
        rows = [
            f"**{escaped(world.scene.instruction or task.name)}**",
            f"{escaped(task.name)} · {world.steps * world.env.control_seconds:.1f} s of "
            f"{world.env.max_steps * world.env.control_seconds:.0f} s · {pace:.1f} x real time",
            state,
        ]
        self._facts.content = "\n\n".join(row for row in rows if row)
        reward = 0.0 if world.outcome is None else float(world.outcome.reward[0])
        terms = {name: number(value) for name, value in world.reward_terms.items()}
        self._terms.content = table(
            {**terms, "reward of the step": number(reward), "return": number(world.total)}, ("term", "value")
        )

    def tell_recording(self, said: str) -> None:
        """Says how the recording goes."""
        self._recorded.content = said
