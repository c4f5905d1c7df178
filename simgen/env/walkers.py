"""Moves the people of a scene along their tracks; who would walk into the robot waits, then turns back."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.world import rotation
from simgen.world.engine.base import Engine
from simgen.world.robot.card import RobotCard
from simgen.world.scene.place import PERSON_RADIUS
from simgen.world.scene.scene import Scene

POLITE = 0.2  # what people keep between themselves and a robot [m]
PATIENCE = 2.0  # so long they wait before they turn back [s]


class Walkers:
    """The bodies with tracks of E worlds.

    Args:
        engine: Whose worlds they are.
        card: The robot.
        max_steps: Length of an episode.
        control_seconds: Length of a control step [s].
    """

    def __init__(self, engine: Engine, card: RobotCard, max_steps: int, control_seconds: float) -> None:
        self._engine, self._max_steps = engine, max_steps
        self._patience = max(1, round(PATIENCE / control_seconds))
        base = card.planar_base
        corners = torch.tensor([[0.0, 0.0], [0.0, 0.0]] if base is None else base.footprint)
        self._middle = corners.mean(0)
        self._away = float(0.5 * (corners[1] - corners[0]).norm()) + PERSON_RADIUS + POLITE
        self._tracks: dict[str, torch.Tensor] = {}  # of what walks in some world: x, y, z, yaw (E, max_steps + 1, 4)
        self._clocks: dict[str, torch.Tensor] = {}  # how far along its track it is (E,)
        self._moving: dict[str, torch.Tensor] = {}  # 1 forwards, -1 back (E,)
        self._waited: dict[str, torch.Tensor] = {}  # control steps (E,)

    def begin(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Reads the tracks of new episodes."""
        for env, scene in zip(env_ids.tolist(), scenes, strict=True):
            for slot, body in zip(self._engine.layout.bodies, scene.bodies, strict=True):
                if body.track is None and slot.name not in self._tracks:
                    continue
                row = self._table(slot.name)[env]
                row[:] = 0.0
                row[:, :3] = torch.as_tensor(body.position, dtype=torch.float32)
                if body.track is not None:
                    row[:, [0, 1, 3]] = torch.as_tensor(body.track, dtype=torch.float32)[: self._max_steps + 1]
                self._clocks[slot.name][env] = self._waited[slot.name][env] = 0
                self._moving[slot.name][env] = 1

    def _table(self, name: str) -> torch.Tensor:
        if name not in self._tracks:
            count, device = self._engine.num_envs, self._engine.device
            where = self._engine.state().body_position[:, self._engine.layout.slot(name)]
            self._tracks[name] = torch.zeros(count, self._max_steps + 1, 4, device=device)
            self._tracks[name][..., :3] = where[:, None]
            self._clocks[name] = torch.zeros(count, dtype=torch.int64, device=device)
            self._waited[name] = torch.zeros_like(self._clocks[name])
            self._moving[name] = torch.ones_like(self._clocks[name])
        return self._tracks[name]

    def apply(self, position: torch.Tensor, quaternion: torch.Tensor) -> None:
        """Puts everyone where they are after the next control step.

        Args:
            position: Of the robot's base [m]. Shape: (E, 3).
            quaternion: Of it, wxyz. Shape: (E, 4).
        """
        if not self._tracks:
            return
        offset = torch.zeros_like(position)
        offset[:, :2] = self._middle.to(position)
        robot = (position + rotation.rotate(quaternion, offset))[:, :2]
        worlds = torch.arange(len(robot), device=robot.device)
        for name, tracks in self._tracks.items():
            clock, moving = self._clocks[name], self._moving[name]
            following = (clock + moving).clamp(0, self._max_steps)
            now, then = ((tracks[worlds, at, :2] - robot).norm(dim=-1) for at in (clock, following))
            waits = ((then < self._away) & (then < now)) | (following == clock)
            waited = torch.where(waits, self._waited[name] + 1, 0)
            turns = waited >= self._patience
            self._waited[name] = torch.where(turns, 0, waited)
            self._moving[name] = moving = torch.where(turns, -moving, moving)
            self._clocks[name] = clock = torch.where(waits, clock, following)
            pose = tracks[worlds, clock]
            yaw = pose[:, 3] + torch.where(moving < 0, torch.pi, 0.0)
            self._engine.move_body(name, pose[:, :3], rotation.about_z(yaw))
