"""A live world in the browser as a person works with it: looks, changes, drives, records; one loop does it all."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simgen.env.base import BaseEnv
from simgen.errors import BadInput, SimgenError
from simgen.spec import TaskSpec
from simgen.view.live.driving import Driver, Held, Inputs
from simgen.view.live.human import HumanRecording
from simgen.view.live.live_drawing import LiveDrawing
from simgen.view.live.pad import DrivePanel
from simgen.view.live.panel import Asked, WatchPanel
from simgen.view.live.plain import PlainActions
from simgen.view.live.ranges import Ranges
from simgen.view.live.text import escaped
from simgen.view.live.world import LiveWorld
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed

if TYPE_CHECKING:
    import viser

LIVE = "live"  # phase of the seeds of what is only looked at
_TOLD_EVERY = 0.1  # between two changes of words and pictures [s]
_LATE = 0.25  # behind real time that is made up for [s]
_LINGER = 1.5  # on an episode that has ended [s]


@dataclass(frozen=True)
class WatchOptions:
    """What `simgen watch` is asked for.

    Args:
        seed: Of the dataset, and of the episodes that are looked at.
        engine: "newton" or "maniskill"; None: the task's own.
        out: Directory for what is recorded.
        command: To be recorded.
    """

    seed: int = 0
    engine: str | None = None
    out: Path | None = None
    command: str | None = None


class WatchView:
    """A world in the browser; all work is done in the loop of `run`, handlers only leave wishes.

    Args:
        server: Where.
        env: One world.
        options: What is asked for.

    Attributes:
        world, panel, inputs, driver, recording: Its parts; no recording without a directory.
        paused: Whether the world stands still.
        waiting: Whether a recorded episode has not begun: it does with the person's first move.
        ended: How the episode has ended; "" while it goes on.
    """

    def __init__(self, server: viser.ViserServer, env: BaseEnv, options: WatchOptions) -> None:
        self.world, self.options = LiveWorld(env), options
        self.inputs, self._asked = Inputs(), Asked()
        self.driver = Driver(env)
        out = options.out
        self.recording = (
            None if out is None else HumanRecording(env, out, options.seed, options.engine, options.command)
        )
        self._number, self.simulated = 0, 0
        seed = self._seed_of(0)
        self.panel = WatchPanel(server, self.world, self._asked, seed, None if out is None else str(out))
        DrivePanel(server, self.driver, self.inputs, out is not None)
        if not (self.driver.has_tool or self.driver.drives):
            PlainActions(server, env.action_mode, self.driver.set_plain)
        self._drawing = LiveDrawing(server, self.world)
        self._ranges = Ranges(env.task, env.layout) if isinstance(env.task, TaskSpec) else None
        self.paused = self.waiting = False
        self.ended, self._ended_at, self._trouble = "", 0.0, ""
        self._told_at, self._times = 0.0, collections.deque(maxlen=20)
        self._start_from_seed(seed)
        if self._ranges is not None:
            with contextlib.suppress(BadInput):
                self._ranges.prepare(seed)
            self.panel.offer(self._ranges.knobs, self.world.scene.values)
        if self.world.has_teacher:
            self.panel.tell(teacher=True)

    def run(self, told: threading.Event) -> None:
        """Steps in real time until told to stop."""
        due = time.monotonic()
        while not told.is_set():
            self.step()
            due += self.world.env.control_seconds
            late = time.monotonic() - due
            if late > _LATE:  # slower than real time: no rush to catch up
                due += late
            told.wait(max(0.0, due - time.monotonic()))

    def step(self) -> None:
        """Does what is asked for, then one control step if it is time for one."""
        single = False
        for what in (*self._asked.take(), *self.inputs.presses()):
            single |= what == "step"
            self._do(what)
        held = self.inputs.held()
        if self.waiting and held.any:
            self.waiting = False
        if not self.ended and not self.waiting and (single or not self.paused):
            self._simulate(held)
        if self.ended and not self.recording_now:
            self._go_on()
        self._tell(single)

    @property
    def recording_now(self) -> bool:
        """Whether a recorded episode is under way, or waits to be saved or thrown away."""
        return self.recording is not None and self.recording.running

    def _do(self, what: str) -> None:
        """Does one thing that was asked for; what is wrong with it is said in the page."""
        self._trouble = ""
        actions: dict[str, Callable[[], None]] = {
            "new": self._new, "again": self._again, "turned": self._turned, "record": self._switch_recording,
            "save": self._save, "discard": self._discard, "teacher": self._switch_teacher,
            "gripper": self._gripper, "pause": lambda: setattr(self, "paused", not self.paused),
            "step": lambda: setattr(self, "paused", True),
        }  # fmt: skip
        try:
            actions[what]()
        except BadInput as error:
            self._trouble = str(error).splitlines()[0]

    def _simulate(self, held: Held) -> None:
        world = self.world
        if self.panel.teacher.value and world.has_teacher and not self.recording_now:
            action, gave_up = world.taught()
        else:
            action, gave_up = self.driver.action(held, self.inputs.heading), False
        outcome = world.step(action)
        self.simulated += 1
        self._times.append(time.monotonic())
        if self.recording_now:
            assert self.recording is not None
            self.recording.add(action, outcome, world.obs)
        self._drawing.follow()
        self.ended = world.verdict or ("the teacher gave up" if gave_up else "")
        if self.ended:
            self._end()

    def _end(self) -> None:
        self._ended_at = time.monotonic()
        if not self.recording_now:
            return
        if not self.world.trusted:
            self._discard()
        elif self.ended == "success" and self.panel.at_once.value:
            self._save()

    def _go_on(self) -> None:
        if self.panel.go_on.value and not self.paused and time.monotonic() - self._ended_at > _LINGER:
            self._new()

    def _seed_of(self, number: int) -> int:
        return episode_seed(self.options.seed, self.world.env.task.name, LIVE, number)

    def _new(self) -> None:
        if self.recording_now:
            self._discard()
            return
        self._number += 1
        self._start_from_seed(self._seed_of(self._number))

    def _again(self) -> None:
        if self.recording_now:
            self._record_next()
        else:
            self._start_from_seed(int(self.panel.seed.value))

    def _turned(self) -> None:
        if not self.recording_now:
            self._start_from_seed(int(self.panel.seed.value))

    def _start_from_seed(self, seed: int) -> None:
        """Starts the episode of a seed with the knobs as they are turned; passes over seeds that cannot be drawn."""
        for _ in range(20):
            try:
                self._start(self._scene(seed))
                return
            except BadInput as error:
                if self.panel.turned:
                    raise
                self._trouble = str(error).splitlines()[0]
                self._number += 1
                seed = self._seed_of(self._number)
        raise BadInput(f"{self._trouble} (20 episodes in a row could not be drawn.)")

    def _scene(self, seed: int) -> Scene:
        if self._ranges is None:
            return self.world.env.sampler.sample(seed)
        return self._ranges.scene(seed, self.panel.turned)

    def _start(self, scene: Scene) -> None:
        self.world.start(scene)
        self.driver.begin()
        self._drawing.show()
        self.ended, self._told_at = "", 0.0
        self.panel.tell(seed=scene.seed)
        self.panel.tell_values(scene.values)

    def _switch_teacher(self) -> None:
        if self.panel.teacher.value and self.recording_now:
            self.panel.tell(teacher=False)
            self._trouble = "while a person is recorded, the teacher rests."
        elif self.panel.teacher.value:
            self.world.teach()
        else:
            self.driver.begin()

    def _gripper(self) -> None:
        self.driver.toggle_gripper()
        self.waiting = False

    def _switch_recording(self) -> None:
        assert self.recording is not None
        assert self.panel.recording is not None
        wanted = bool(self.panel.recording.value)
        if wanted and not self.recording_now:
            self.panel.tell(teacher=False)
            self.panel.turned = {}  # what is recorded is drawn from its seed alone, so that it can be replayed
            try:
                self._record_next()
            except SimgenError:
                self.panel.tell(recording=False)
                raise
        elif not wanted and self.recording_now:
            self.recording.running = self.waiting = False
        self.panel.enable_knobs(not self.recording_now)

    def _record_next(self) -> None:
        assert self.recording is not None
        self._start(self.recording.next_scene())
        self.recording.begin(self.world.obs)
        self.waiting = True

    def _save(self) -> None:
        if not self.recording_now:
            return
        assert self.recording is not None
        if not self.recording.steps:
            self._trouble = "there is nothing to save yet."
            return
        self.recording.keep()
        self._record_next()

    def _discard(self) -> None:
        if not self.recording_now:
            return
        assert self.recording is not None
        if self.recording.steps:
            self.recording.discard()
        self._record_next()

    def _tell(self, at_once: bool) -> None:
        now = time.monotonic()
        if now - self._told_at < _TOLD_EVERY and not at_once:
            return
        self._told_at = now
        self._drawing.tell()
        self.panel.tell_world(self.world, self._state(), self._pace())
        if self.recording is not None:
            self.panel.tell_recording(self._recorded())

    def _pace(self) -> float:
        if self.paused or self.ended or self.waiting or len(self._times) < 2:
            return 0.0
        passed = self._times[-1] - self._times[0]
        return (len(self._times) - 1) * self.world.env.control_seconds / max(passed, 1e-6)

    def _state(self) -> str:
        if self._trouble:
            return f"*{escaped(self._trouble)}*"
        if self.ended:
            return f"**{escaped(self.ended)}**"
        if self.waiting:
            return "**recording** begins with your first move"
        if self.recording_now:
            return "**recording**"
        if self.paused:
            return "paused"
        return "the teacher acts" if self.panel.teacher.value else "you act"

    def _recorded(self) -> str:
        assert self.recording is not None
        recording = self.recording
        said = f"{recording.kept} saved, {recording.successes} of them successful · {recording.dropped} discarded"
        if recording.before:
            said += f" · {recording.before} before"
        if recording.running and self.ended:
            said += "\n\n**save or discard this one?**"
        return said

    def close(self) -> None:
        """Keeps what is finished: an episode that has ended and waits for an answer is saved."""
        if self.recording is None:
            return
        if self.recording_now and self.ended and self.recording.steps:
            self.recording.keep()
        self.recording.close()
