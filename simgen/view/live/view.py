"""`simgen view`: recorded episodes in the browser; the loop of `run` does all work, handlers only leave wishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simgen.data.reader import Dataset
from simgen.errors import BadInput
from simgen.view.live.cameras import CameraViews
from simgen.view.live.controls import EpisodeControls
from simgen.view.live.drawing import SceneView
from simgen.view.live.motion import Settings
from simgen.view.live.pictures import Colors, Pictures
from simgen.view.live.playback import Playback
from simgen.view.live.server import Address, served, until_told
from simgen.view.live.shown import ShownEpisode
from simgen.view.live.trails import Trails

if TYPE_CHECKING:
    import viser

_TICK = 1 / 30  # between two looks at the clock [s]


class DatasetView:
    """A dataset in the browser.

    Args:
        server: Where.
        dataset: What is shown.
        number: The episode that is shown first.

    Attributes:
        controls: What the person sees and moves.
        playback: The time.
        shown: The episode that is shown.
    """

    def __init__(self, server: viser.ViserServer, dataset: Dataset, number: int = 0) -> None:
        self._server, self._dataset = server, dataset
        self._settings = Settings(dataset.spec)
        self._scene, self._cameras = SceneView(server), CameraViews(server)
        self._trails, self._pictures, self._colors = Trails(server), Pictures(server), Colors()
        self._frames: dict[str, viser.FrameHandle] = {}
        self._wake = threading.Event()
        self.playback = Playback()
        self.controls = EpisodeControls(server, dataset, self._wake.set)
        self._moment = -1
        self._looked_at: str | None = None
        self.open(number)

    def run(self, told: threading.Event) -> None:
        """Follows the person's wishes until told to stop."""
        while not told.is_set():
            self.step()
            self._wake.wait(_TICK if self.playback.playing else 0.1)

    def step(self) -> None:
        """Does what is wished now."""
        self._wake.clear()
        wishes = self.controls.wishes()
        if wishes.number is not None and wishes.number != self.number:
            self.open(wishes.number)
        if wishes.playing is not None:
            self.playback.play(wishes.playing)
        self.playback.speed = self.controls.speed
        if wishes.moment is not None and wishes.moment != self._moment:
            self.playback.jump(wishes.moment)
        self.playback.tick()
        if wishes.changed or self.playback.moment != self._moment:
            self._show(self.playback.moment)

    def open(self, number: int) -> None:
        """Shows an episode from its start."""
        episode = self._dataset[number]
        self.number = number
        self.shown = shown = ShownEpisode(episode, self._settings.of(episode))
        self.playback.begin(shown.count, shown.setting.control_seconds)
        self._cameras.clear()
        self._colors.forget()
        for handle in self._frames.values():
            handle.remove()
        self._frames = {}
        setting = shown.setting
        if setting.layout is not None and setting.scene is not None and setting.card is not None:
            self._scene.show(setting.layout, setting.card, setting.scene)
        else:
            self._scene.clear()
            if setting.card is not None and shown.motion.links is not None:
                self._scene.show_robot(setting.card)
            self._show_frames()
        self._trails.show(shown.motion.paths)
        self.controls.show(shown)
        if self._looked_at != episode.task:
            place = setting.scene is not None and setting.scene.place is not None
            self._scene.aim(shown.root, shown.points, place)
            self._looked_at = episode.task
        self._show(0)

    def _show_frames(self) -> None:
        for name in self.shown.motion.frames:
            frame = self._server.scene.add_frame(f"/frames/{name}", axes_length=0.08, axes_radius=0.003)
            self._server.scene.add_label(f"/frames/{name}/name", name)
            self._frames[name] = frame

    def _show(self, moment: int) -> None:
        self._moment = moment
        shown, controls = self.shown, self.controls
        with self._server.atomic():
            motion = shown.motion
            links = None if motion.links is None else motion.links[moment]
            bodies = None if motion.bodies is None else motion.bodies[moment]
            if links is not None or bodies is not None:
                self._scene.move(links, bodies, controls.link_names(shown))
            for name, frame in self._frames.items():
                frame.position, frame.wxyz = motion.frames[name][moment, :3], motion.frames[name][moment, 3:]
            self._trails.set_visible(controls.trails)
            self._show_images(moment)
            controls.show_moment(shown, moment)

    def _show_images(self, moment: int) -> None:
        shown, controls = self.shown, self.controls
        painted: dict[tuple[str, str], Any] = {}
        for camera, output in controls.chosen_pictures:
            image = shown.image(camera, output, moment)
            painted[camera, output] = self._colors.paint(camera, output, image, shown.ids)
        self._pictures.show(painted)
        self._cameras.set_visible(controls.cameras)
        for camera, outputs in shown.outputs.items():
            pose = shown.camera(camera, moment)
            if pose is None or not outputs:
                continue
            first = (camera, outputs[0])
            image = painted.get(first)
            if image is None:
                image = self._colors.paint(*first, shown.image(*first, moment), shown.ids)
            self._cameras.show(camera, pose, image)
        self._show_points(moment)

    def _show_points(self, moment: int) -> None:
        shown, camera = self.shown, self.controls.cloud_camera
        pose = None if camera is None else shown.camera(camera, moment)
        if camera is None or pose is None or "depth" not in shown.outputs.get(camera, ()):
            self._cameras.hide_points()
            return
        colors = shown.image(camera, "rgb", moment) if "rgb" in shown.outputs[camera] else None
        self._cameras.show_points(pose, shown.image(camera, "depth", moment)[..., 0], colors)


def view_dataset(
    dataset: Dataset,
    number: int = 0,
    address: Address | None = None,
    announce: Callable[[Address], None] = lambda address: None,
) -> float:
    """Shows a dataset in the browser until Ctrl-C or SIGTERM.

    Args:
        dataset: What is shown.
        number: The episode that is shown first.
        address: Where to listen.
        announce: Called with where it is, once it can be opened.

    Returns:
        For how long it was shown [s].

    Raises:
        BadInput: No such episode, or an address that cannot be used.
        SimgenError: viser is not installed, or the data cannot be read.
    """
    if not len(dataset):
        raise BadInput(f"{dataset.path}: has no finished episode to show.")
    if not -len(dataset) <= number < len(dataset):
        raise BadInput(f"{dataset.path}: there is no episode {number}; allowed: 0 to {len(dataset) - 1}.")
    with until_told() as told, served(address or Address(), f"simgen · {dataset.path.name}") as (server, place):
        view = DatasetView(server, dataset, number % len(dataset))
        announce(place)
        started = time.monotonic()
        view.run(told)
        return time.monotonic() - started
