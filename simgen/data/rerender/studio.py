"""Worlds in which recorded states are put before the cameras: an engine that never steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from simgen.data.episode_view import EpisodeView
from simgen.data.rerender.recorded import PREFIX, RecordedStates
from simgen.env.frames import Frames
from simgen.env.numpy_view import to_numpy
from simgen.errors import SimgenError
from simgen.spec.look import is_look
from simgen.spec.task import TaskSpec
from simgen.world.engine.make import make_engine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

Images = dict[str, np.ndarray]


@dataclass(frozen=True)
class Take:
    """An episode that is to be drawn.

    Args:
        episode: The recorded one.
        variant: Number of this version of it.
        looks_seed: What its looks are drawn from; None: the episode's own seed.
    """

    episode: EpisodeView
    variant: int = 0
    looks_seed: int | None = None


@dataclass
class _Running:
    """A take in a world: its scene, recorded states, and the images so far."""

    take: Take
    scene: Scene
    states: dict[str, np.ndarray]
    images: Images
    frame: int = 0

    def keep(self, drawn: Mapping[str, np.ndarray], world: int) -> None:
        for path, rows in drawn.items():
            row = rows[world]
            if path not in self.images:
                self.images[path] = np.empty((self.take.episode.length + 1, *row.shape), row.dtype)
            self.images[path][self.frame] = row
        self.frame += 1

    @property
    def is_done(self) -> bool:
        return self.frame > self.take.episode.length


class Studio:
    """E worlds of one task, each of which shows an episode frame by frame.

    Args:
        task: The task as it shall look.
        engine: "newton" or "maniskill".
        num_worlds: E.
        device: "cpu" or "cuda:0".

    Attributes:
        began: When the first frame was there, on the clock of time.perf_counter [s]; until then it is built.
    """

    def __init__(self, task: TaskSpec, engine: str, num_worlds: int, device: str = "cpu") -> None:
        layout, episode = layout_of(task), task.episode
        self._sampler = SceneSampler(task, layout)
        self._engine = make_engine(engine, layout, num_worlds, episode.substeps, episode.control_seconds, device)
        self._frames = Frames(self._engine)
        self._derives = any(slot.derived for slot in layout.cameras)
        self._states = RecordedStates(layout, len(self._engine.joint_names), num_worlds, self._engine.device)
        self._everywhere = torch.arange(num_worlds)
        self.began: float | None = None

    def draw(self, takes: Iterable[Take]) -> Iterator[tuple[Take, Scene, Images]]:
        """Yields the scene and the images of each take, in the order in which they end.

        Images are by their path in an episode, "obs/sensor_data/..." and "obs/sensor_param/...", with a row for each
        frame. At most E takes are in memory.
        """
        waiting = iter(takes)
        running: list[_Running | None] = [None] * self._engine.num_envs
        while True:
            begun = self._fill(running, waiting)
            if not any(running):
                return
            drawn = self._drawn(running, begun)
            for world, one in enumerate(running):
                if one is None:
                    continue
                one.keep(drawn, world)
                if one.is_done:
                    running[world] = None
                    yield one.take, one.scene, one.images

    def _fill(self, running: list[_Running | None], waiting: Iterator[Take]) -> list[int]:
        """Starts takes in the worlds that have none; returns these worlds."""
        begun: dict[int, _Running] = {}
        for world in (world for world, one in enumerate(running) if one is None):
            take = next(waiting, None)
            if take is None:
                break
            running[world] = begun[world] = self._prepared(take)
        if begun:
            self._engine.reset(torch.tensor(list(begun)), [one.scene for one in begun.values()])
            self._states.begin(list(begun), self._engine.state())
        return list(begun)

    def _prepared(self, take: Take) -> _Running:
        episode = take.episode
        name = f"{episode.phase} episode {episode.index}"
        states = {path: episode.arrays[path][()] for path in episode.arrays if path.startswith(PREFIX)}
        self._states.require(states, name)
        scene = self._sampler.sample(episode.seed, take.looks_seed)
        for path, value in scene.values.items():
            if not is_look(path) and episode.randomisation.get(path, value) != value:
                raise SimgenError(
                    f"{name}: its seed now gives {path} = {value}, and {episode.randomisation[path]} when it was "
                    "recorded; draw it with the version of simgen that recorded it."
                )
        return _Running(take, scene, states, {})

    def _drawn(self, running: list[_Running | None], begun: list[int]) -> Images:
        """The images of all worlds now, by their path in an episode; rows of idle worlds mean nothing."""
        busy = [world for world, one in enumerate(running) if one is not None]
        for world in busy:
            one = running[world]
            assert one is not None
            self._states.put(world, one.states, one.frame)
        self._engine.set_state(self._everywhere, self._states.state())
        if self._derives:
            state = self._engine.state()
            self._frames.step(state)
            self._frames.begin(torch.tensor(begun, dtype=torch.int64, device=self._engine.device), state)
        parameters, images = self._frames.take(busy, copy=False)
        self.began = self.began or time.perf_counter()
        flat: Images = {}
        for folder, cameras in (("sensor_param", parameters), ("sensor_data", images)):
            for camera, values in to_numpy(cameras).items():
                flat |= {f"obs/{folder}/{camera}/{name}": rows for name, rows in values.items()}
        return flat

    def close(self) -> None:
        """Frees the engine."""
        self._engine.close()
