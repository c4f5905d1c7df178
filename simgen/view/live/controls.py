"""The controls of `simgen view`: which episode, which moment, what is shown of it, and what is said about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simgen.data.reader import Dataset
from simgen.view.live.pictures import first_choice
from simgen.view.live.shown import ShownEpisode
from simgen.view.live.text import escaped, verdict
from simgen.world.robot.links import links_of

if TYPE_CHECKING:
    import viser

ALL = "all"
NONE = "none"
SPEEDS = ("0.25 x", "0.5 x", "1 x", "2 x", "4 x")
OUTCOMES = (ALL, "success", "no success")


@dataclass(frozen=True)
class Wishes:
    """What was asked for since the last look; None: nothing."""

    number: int | None = None
    moment: int | None = None
    playing: bool | None = None
    changed: bool = False


class EpisodeControls:
    """The panel of `simgen view`.

    Args:
        server: Where.
        dataset: What there is to choose from.
        wake: Called when something was asked for.
    """

    def __init__(self, server: viser.ViserServer, dataset: Dataset, wake: Callable[[], None]) -> None:
        self._server, self._dataset, self._wake = server, dataset, wake
        self._lock = threading.Lock()
        self._number: int | None = None
        self._moment: int | None = None
        self._playing: bool | None = None
        self._changed = self._telling = False
        self._current = 0
        self._outputs: tuple[tuple[str, str], ...] = ()
        self._boxes: dict[tuple[str, str], viser.GuiCheckboxHandle] = {}
        self._plot: viser.GuiUplotHandle | None = None
        self._make_episode()
        self._make_time()
        self._make_shown()

    def _make_episode(self) -> None:
        gui, last = self._server.gui, len(self._dataset) - 1
        with gui.add_folder("Episode"):
            self.number = gui.add_number("number", 0, min=0, max=max(last, 0), step=1, hint=f"0 to {last}")
            self._steps = gui.add_button_group("", ("◀ previous", "next ▶"))
            self.phase = gui.add_dropdown("phase", (ALL, *self._dataset.phases))
            self.outcome = gui.add_dropdown("outcome", OUTCOMES, hint="◀ and ▶ stop at these episodes only")
            self._facts = gui.add_markdown("")
        self.number.on_update(lambda event: self._ask(number=int(self.number.value)))
        self._steps.on_click(lambda event: self._walk(1 if self._steps.value.startswith("next") else -1))
        for chooser in (self.phase, self.outcome):
            chooser.on_update(lambda event: self._walk(0))

    def _make_time(self) -> None:
        gui = self._server.gui
        with gui.add_folder("Time"):
            self.slider = gui.add_slider("step", min=0, max=1, step=1, initial_value=0)
            self.play = gui.add_button("Play", icon=None)
            self._speed = gui.add_dropdown("speed", SPEEDS, initial_value="1 x")
            self._now = gui.add_markdown("")
        self._plots = gui.add_folder("Reward")
        self.slider.on_update(lambda event: self._ask(moment=int(self.slider.value)))
        self.play.on_click(lambda event: self._ask(playing=self.play.label == "Play"))

    def _make_shown(self) -> None:
        gui = self._server.gui
        with gui.add_folder("Shown"):
            self._trails = gui.add_checkbox("trails", True, hint="ways of the tool and of what it moves")
            self._cameras = gui.add_checkbox("cameras", True)
            self._cloud = gui.add_dropdown(
                "depth cloud", _options(()), hint="points that a camera measured, in its colours"
            )
            self.shadows = gui.add_checkbox("shadows", True, hint="without them slow machines draw faster")
            self._pictures = gui.add_folder("pictures", expand_by_default=False)
        self.shadows.on_update(lambda event: self._server.scene.configure_default_lights(True, self.shadows.value))
        for box in (self._trails, self._cameras, self._cloud):
            box.on_update(lambda event: self._ask(changed=True))

    def _ask(
        self,
        number: int | None = None,
        moment: int | None = None,
        playing: bool | None = None,
        changed: bool = False,
    ) -> None:
        if self._telling:  # the value was set by ourselves
            return
        with self._lock:
            self._number = number if number is not None else self._number
            self._moment = moment if moment is not None else self._moment
            self._playing = playing if playing is not None else self._playing
            self._changed |= changed
        self._wake()

    def _walk(self, direction: int) -> None:
        """Goes to the next episode that has the phase and outcome chosen; 0: stays if this one has."""
        count = len(self._dataset)
        for distance in range(count):
            number = (self._current + (direction or 1) * (distance + abs(direction))) % count
            if self._matches(number):
                self._ask(number=number)
                return

    def _matches(self, number: int) -> bool:
        episode = self._dataset[number]
        phase, outcome = self.phase.value, self.outcome.value
        return phase in (ALL, episode.phase) and outcome in (ALL, OUTCOMES[1 if episode.success else 2])

    def wishes(self) -> Wishes:
        """Returns what was asked for since the last call."""
        with self._lock:
            wishes = Wishes(self._number, self._moment, self._playing, self._changed)
            self._number = self._moment = self._playing = None
            self._changed = False
        if wishes.playing is not None:
            self.play.label = "Pause" if wishes.playing else "Play"
        return wishes

    @property
    def speed(self) -> float:
        """1 is real time."""
        return float(self._speed.value.split()[0])

    @property
    def trails(self) -> bool:
        """Whether trails are shown."""
        return self._trails.value

    @property
    def cameras(self) -> bool:
        """Whether cameras are shown."""
        return self._cameras.value

    @property
    def cloud_camera(self) -> str | None:
        """The camera whose points are shown."""
        return None if self._cloud.value == NONE else self._cloud.value

    @property
    def chosen_pictures(self) -> list[tuple[str, str]]:
        """Camera and output of the pictures that are shown."""
        return [name for name, box in self._boxes.items() if box.value]

    @staticmethod
    def link_names(shown: ShownEpisode) -> tuple[str, ...]:
        """Names of the links, in the order of their poses."""
        card = shown.setting.card
        return links_of(card.model_dump_json()).names if card is not None else ()

    def show(self, shown: ShownEpisode) -> None:
        """Says what there is to know about another episode."""
        episode = shown.episode
        self._current = episode.number
        self._telling = True
        try:
            self.number.value = episode.number
            self.slider.max, self.slider.value = max(1, shown.count - 1), 0
            self._offer_cloud(shown)
            self._offer_pictures(shown)
        finally:
            self._telling = False
        rate = shown.setting.control_seconds
        rows = [
            f"**{escaped(episode.instruction or episode.task)}**",
            f"{verdict(episode.success, episode.flags)} · {escaped(episode.phase)} {episode.index} "
            f"of {escaped(episode.task)}",
            f"{episode.length} steps, {episode.length * rate:.1f} s · return **{episode.reward_sum:.3g}** "
            f"· seed {episode.seed}",
            *(f"*{escaped(note)}*" for note in shown.notes),
        ]
        self._facts.content = "\n\n".join(rows)
        self._plot_reward(shown)

    def _offer_cloud(self, shown: ShownEpisode) -> None:
        measured = [
            name for name, outputs in shown.outputs.items() if "depth" in outputs and shown.camera(name, 0) is not None
        ]
        options = _options(measured)
        if tuple(self._cloud.options) != options:
            self._cloud.options = options
            self._cloud.value = NONE

    def _offer_pictures(self, shown: ShownEpisode) -> None:
        names = tuple((camera, output) for camera, outputs in shown.outputs.items() for output in outputs)
        if names == self._outputs:
            return
        for box in self._boxes.values():
            box.remove()
        self._outputs, chosen = names, first_choice(shown.outputs)
        with self._pictures:
            self._boxes = {
                name: self._server.gui.add_checkbox(f"{name[0]} · {name[1]}", name in chosen) for name in names
            }
        for box in self._boxes.values():
            box.on_update(lambda event: self._ask(changed=True))

    def _plot_reward(self, shown: ShownEpisode) -> None:
        if self._plot is not None:
            self._plot.remove()
            self._plot = None
        rewards = shown.array("rewards")
        self._rewards = None if rewards is None else np.nan_to_num(np.asarray(rewards, float).reshape(-1))
        if self._rewards is None or len(self._rewards) < 2:
            return
        from viser import uplot

        with self._plots:
            self._plot = self._server.gui.add_uplot(
                self._curves(0),
                (
                    uplot.Series(label="step"),
                    uplot.Series(label="reward", stroke="#2e6ec8", width=1.5),
                    uplot.Series(label="now", stroke="#d64545", width=0, points={"show": True, "size": 9}),
                ),
                scales={"x": uplot.Scale(time=False), "y": uplot.Scale(auto=False, range=_around(self._rewards))},
                legend=uplot.Legend(show=False),
                height=130,
            )

    def _curves(self, moment: int) -> tuple[np.ndarray, ...]:
        assert self._rewards is not None
        steps, now = np.arange(1.0, len(self._rewards) + 1), np.full(len(self._rewards), np.nan)
        if moment:
            now[min(moment, len(now)) - 1] = self._rewards[min(moment, len(now)) - 1]
        return steps, self._rewards, now

    def show_moment(self, shown: ShownEpisode, moment: int) -> None:
        """Says what there is to know about a moment."""
        self._telling = True
        try:
            self.slider.value = moment
        finally:
            self._telling = False
        self._now.content = self._said(shown, moment)
        if self._plot is not None:
            self._plot.data = self._curves(moment)

    def _said(self, shown: ShownEpisode, moment: int) -> str:
        text = f"{moment * shown.setting.control_seconds:.2f} s"
        if self._rewards is not None and moment:
            done = self._rewards[:moment]
            text += f" · reward {done[-1]:.3g} · return so far {done.sum():.3g}"
        stages, subtask = shown.episode.subtasks, shown.array("subtask")
        if stages and subtask is not None and len(subtask):
            index = int(subtask[min(moment, len(subtask) - 1)])
            if 0 <= index < len(stages):
                text += f"\n\nstage: {escaped(stages[index].get('instruction') or stages[index]['name'])}"
        return text


def _options(cameras: Sequence[str]) -> tuple[str, ...]:
    return (NONE, *cameras)


def _around(values: np.ndarray) -> tuple[float, float]:
    """Returns a range in which all values are seen well."""
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin
