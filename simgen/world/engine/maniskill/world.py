"""One world of the engine in a worker process: a batch of one, which writes what it has into its rows."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from simgen.errors import SimgenError
from simgen.world.engine.base import WorldState
from simgen.world.engine.maniskill.batch import Batch
from simgen.world.engine.maniskill.config import BatchConfig, Start


@dataclass(frozen=True)
class WorldFacts:
    """What the owner of a world wants to know of it."""

    link_names: tuple[str, ...]


class SapienWorld:
    """See `simgen.world.workers.World`.

    Args:
        config: What all worlds share.
    """

    def __init__(self, config: BatchConfig) -> None:
        torch.set_num_threads(1)
        self._batch = Batch(config)
        self._rows: dict[str, np.ndarray] = {}
        self._watching = False
        self._commands = {
            "reset": self._reset,
            "step": self._step,
            "render": self._render,
            "contacts": self._watch,
            "set_state": self._set_state,
        }

    def describe(self) -> WorldFacts:
        """Returns the robot's links in the order of the rows."""
        return WorldFacts(self._batch.link_names)

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        """Takes its row of every shared array."""
        self._rows = rows

    def call(self, command: str, payload: Any = None) -> Any:
        """Does "reset" (a Start), "set_state" (a WorldState of one row), "step", "contacts" or "render"."""
        try:
            return self._commands[command](payload)
        except RuntimeError as error:
            raise SimgenError(f"the maniskill engine failed in {command}: {error}") from error

    def close(self) -> None:
        """Frees the world."""
        self._batch.close()

    def _reset(self, start: Start) -> None:
        self._batch.rendering = start.rendering
        self._watching = start.watching
        self._batch.build([start.scene])
        gc.collect()  # ManiSkill's objects refer to each other in circles; left alone, each reset leaks half a megabyte
        self._rows["forces"][:] = 0.0  # nothing presses before the first step
        self._write_state()

    def _set_state(self, state: WorldState) -> None:
        self._batch.set_state([0], state)
        self._rows["forces"][:] = 0.0
        self._write_state()

    def _move_bodies(self) -> None:
        """Puts fixed bodies where the owner wants them."""
        for slot in np.flatnonzero(self._rows["moved"]):
            self._batch.move_body(int(slot), self._rows["body"][slot, :7])
        self._rows["moved"][:] = 0

    def _step(self, _: None) -> None:
        self._move_bodies()
        self._batch.set_targets(torch.from_numpy(self._rows["targets"][None]))
        wrenches = self._rows["wrenches"]
        for row in np.flatnonzero(wrenches.any(axis=1)):
            self._batch.apply_wrench(self._batch.row_names[row], torch.from_numpy(wrenches[None, row]))
        self._batch.step()
        if self._watching:
            self._rows["forces"][:] = self._batch.contact_matrix()
        self._write_state()

    def _watch(self, _: None) -> None:
        """Contacts are wanted: those of the last step now, and those of all steps to come."""
        self._watching = True
        self._rows["forces"][:] = self._batch.contact_matrix()

    def _render(self, _: None) -> None:
        self._move_bodies()
        for camera, images in self._batch.render().items():
            for output, image in images.items():
                self._rows[f"image/{camera}/{output}"][:] = image[0].numpy()
        for camera, matrix in self._batch.cam2world_gl().items():
            self._rows[f"camera/{camera}"][:] = matrix[0].numpy()

    def _write_state(self) -> None:
        state, rows = self._batch.state(), self._rows
        bodies, joints = state.body_position.shape[1], state.joint_position.shape[1]
        rows["qpos"][:], rows["qvel"][:], rows["root"][:] = state.qpos[0], state.qvel[0], state.root_velocity[0]
        rows["link"][:, :3], rows["link"][:, 3:] = state.link_position[0], state.link_quaternion[0]
        rows["body"][:bodies, :3], rows["body"][:bodies, 3:7] = state.body_position[0], state.body_quaternion[0]
        rows["body"][:bodies, 7:10] = state.body_linear_velocity[0]
        rows["body"][:bodies, 10:] = state.body_angular_velocity[0]
        rows["moved"][:] = 0
        rows["joint"][0, :joints], rows["joint"][1, :joints] = state.joint_position[0], state.joint_velocity[0]


def make_world(config: BatchConfig) -> SapienWorld:
    """Makes a world; the pool's factory."""
    return SapienWorld(config)
