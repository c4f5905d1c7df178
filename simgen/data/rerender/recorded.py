"""Recorded rows of `env_states`, turned back into the state of all worlds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from simgen.errors import SimgenError
from simgen.world.engine.base import WorldState
from simgen.world.scene.slots import Layout

PREFIX = "env_states/"
_ROOT = 13  # position, quaternion wxyz, linear and angular velocity


class RecordedStates:
    """The states that E worlds are to show: the inverse of `simgen.env.states.env_state_rows`.

    Args:
        layout: Of the worlds.
        dof: Joints of the robot.
        num_worlds: E.
        device: Of the states.
    """

    def __init__(self, layout: Layout, dof: int, num_worlds: int, device: torch.device) -> None:
        self._layout, self._dof, self._device = layout, dof, device
        self._robot = f"{PREFIX}articulations/{layout.robot}"
        self._own: dict[int, list[int]] = {}  # of a recorded body: its joints among the scene's
        self._paths: dict[int, str] = {}
        for index, slot in enumerate(layout.bodies):
            if slot.parent is not None or slot.scenery:
                continue
            own = [layout.joints.index(member) for member in layout.members(index)[1:]]
            self._own[index] = own
            self._paths[index] = f"{PREFIX}{'articulations' if own else 'actors'}/{slot.name}"
        widths = {path: _ROOT + 2 * len(self._own[index]) for index, path in self._paths.items()}
        widths[self._robot] = _ROOT + 2 * dof
        self._rows = {path: np.zeros((num_worlds, width), np.float32) for path, width in widths.items()}
        self._pose = torch.zeros(num_worlds, len(layout.bodies), 7, device=device)

    @property
    def paths(self) -> tuple[str, ...]:
        """The arrays of an episode that are needed."""
        return tuple(self._rows)

    def require(self, arrays: Mapping[str, np.ndarray], name: str) -> None:
        """Refuses an episode, called so, whose states are not those of such worlds.

        Raises:
            SimgenError: Names the array.
        """
        for path, rows in self._rows.items():
            if path not in arrays or arrays[path].shape[1:] != rows.shape[1:]:
                found = f"of shape {list(arrays[path].shape)}" if path in arrays else "missing"
                raise SimgenError(
                    f"{name}: {path} is {found}; needed are {rows.shape[1]} numbers for each frame. Its states cannot "
                    "be drawn."
                )

    def begin(self, worlds: Sequence[int], state: WorldState) -> None:
        """Takes note of where the scenes have put what is not recorded in worlds whose episodes begin."""
        ids = list(worlds)
        self._pose[ids] = torch.cat([state.body_position, state.body_quaternion], -1)[ids]

    def put(self, world: int, arrays: Mapping[str, np.ndarray], frame: int) -> None:
        """Lets a world show a frame of an episode."""
        for path, rows in self._rows.items():
            rows[world] = arrays[path][frame]

    def state(self) -> WorldState:
        """Returns the state of all worlds."""
        rows = {path: torch.from_numpy(table).to(self._device) for path, table in self._rows.items()}
        count, bodies = self._pose.shape[:2]
        pose, velocity = self._pose.clone(), torch.zeros(count, bodies, 6, device=self._device)
        joints = torch.zeros(2, count, len(self._layout.joints), device=self._device)
        for index, path in self._paths.items():
            row, own = rows[path], self._own[index]
            pose[:, index], velocity[:, index] = row[:, :7], row[:, 7:_ROOT]
            if own:
                joints[0][:, own], joints[1][:, own] = row[:, _ROOT:].chunk(2, -1)
        robot = rows[self._robot]
        return WorldState(
            qpos=robot[:, _ROOT : _ROOT + self._dof],
            qvel=robot[:, _ROOT + self._dof :],
            link_position=robot[:, None, :3],
            link_quaternion=robot[:, None, 3:7],
            body_position=pose[..., :3],
            body_quaternion=pose[..., 3:],
            body_linear_velocity=velocity[..., :3],
            body_angular_velocity=velocity[..., 3:],
            joint_position=joints[0],
            joint_velocity=joints[1],
            root_velocity=robot[:, 7:_ROOT],
        )
