"""What the cameras show in an observation: the engine's images, and those derived from how things have moved since."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.spec.camera import PIXELS
from simgen.world.derived import derive, motion_back, part_poses
from simgen.world.engine.base import Engine, WorldState
from simgen.world.engine.bookkeeping import FIRST_LINK_ID
from simgen.world.scene.slots import CameraSlot

_Images = dict[str, dict[str, torch.Tensor]]
_PIXELS = {"cpu": 1 << 18, "cuda": 1 << 22}  # at once: what is in between takes some 150 bytes of memory for each


class Frames:
    """The frames of E worlds, and the poses of one control step ago.

    Where no camera derives anything, it remembers nothing and passes on what the engine makes.

    Args:
        engine: Who draws.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._cameras = engine, engine.layout.cameras
        self._deriving = any(slot.derived for slot in self._cameras)
        self._now = self._before = torch.empty(0)
        self._derived: _Images = {slot.name: {} for slot in self._cameras}
        bodies = [slot.name for slot in engine.layout.bodies]
        parts = {name: row for row, name in enumerate([*engine.link_names, *bodies], FIRST_LINK_ID)}
        self._mounts = {slot.name: parts[slot.mount] if slot.mount else 0 for slot in self._cameras}

    def begin(self, env_ids: torch.Tensor, state: WorldState) -> None:
        """Takes note that episodes have begun in these worlds, whose state is now this: nothing has moved yet."""
        if not self._deriving:
            return
        self._now = part_poses(state)
        if len(self._before) == 0:
            self._before = self._now
        self._before = self._before.clone()
        self._before[env_ids] = self._now[env_ids]

    def step(self, state: WorldState) -> None:
        """Takes note that a control step has been done in all worlds, which has led to this state."""
        if self._deriving:
            self._before, self._now = self._now, part_poses(state)

    def take(self, worlds: Sequence[int] | None = None, copy: bool = True) -> tuple[_Images, _Images]:
        """Returns the parameters and the images of all cameras; see `BaseEnv.observe` for the arguments."""
        drawn = self._engine.render(worlds)
        parameters = self._engine.camera_parameters()
        if self._deriving:
            device = self._now.device
            everywhere = worlds is None or len(worlds) == self._engine.num_envs
            ids = torch.arange(len(self._now), device=device) if everywhere else torch.as_tensor(worlds, device=device)
            self._derive(drawn, parameters, ids)
        shown = {
            slot.name: {name: image for name, image in drawn[slot.name].items() if name not in slot.hidden}
            | self._derived[slot.name]
            for slot in self._cameras
        }
        if copy:
            shown = {name: {key: image.clone() for key, image in images.items()} for name, images in shown.items()}
        return parameters, shown

    def _derive(self, drawn: _Images, parameters: _Images, ids: torch.Tensor) -> None:
        """Brings the derived images of these worlds up to date."""
        back = motion_back(self._now[ids], self._before[ids])
        for slot in self._cameras:
            if not slot.derived:
                continue
            images = self._buffers(slot, ids.device)
            at_once = max(1, _PIXELS[ids.device.type] // (slot.width * slot.height))
            for some, motion in zip(ids.split(at_once), back.split(at_once), strict=True):
                depth, segmentation = (drawn[slot.name][name][some] for name in ("depth", "segmentation"))
                intrinsic, extrinsic = (parameters[slot.name][name][some] for name in ("intrinsic_cv", "extrinsic_cv"))
                made = derive(
                    depth, segmentation, intrinsic, extrinsic, motion, self._mounts[slot.name], slot.near, slot.derived
                )
                for name, image in made.items():
                    images[name][some] = image

    def _buffers(self, slot: CameraSlot, device: torch.device) -> dict[str, torch.Tensor]:
        images = self._derived[slot.name]
        for name in slot.derived:
            if name not in images:
                size = (self._engine.num_envs, slot.height, slot.width, PIXELS[name][0])
                images[name] = torch.zeros(size, device=device)
        return images
