"""Puts what a scene says about looks into the renderer: one instance per part, colours, textures, cameras, light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import warp as wp

from simgen.world import host
from simgen.world.engine.appearance import HORIZON, METRES_PER_REPEAT
from simgen.world.engine.base import Backend
from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.parts import PartList
from simgen.world.engine.newton.render.camera import CameraBatch
from simgen.world.engine.newton.render.instances import FIXED, NO_TEXTURE
from simgen.world.engine.newton.render.light import LightBatch
from simgen.world.engine.newton.render.renderer import Renderer
from simgen.world.engine.newton.render.textures import texture_arrays
from simgen.world.robot.card import RobotCard
from simgen.world.scene.scene import CameraView, Light, Scene
from simgen.world.scene.slots import Layout
from simgen.world.scene.texture import TEXTURES, texture

REPLAY_SHARE = 0.5  # of the worlds: where fewer are asked for, drawing only them is less work than replaying all


class Drawing:
    """The pictures of N worlds.

    Args:
        world: The built model; its body rows move the instances.
        layout: What the worlds share.
        card: The robot.
        backend: "auto", "raster" or "trace".
    """

    def __init__(self, world: WorldModel, layout: Layout, card: RobotCard, backend: Backend = "auto") -> None:
        self._world, self._layout = world, layout
        device, worlds = world.model.device, world.num_worlds
        self._parts = PartList(world, layout, card)
        instances = self._parts.instances(worlds, device)
        self._view = instances.views
        images = [texture(name) for name in TEXTURES] if layout.textures else []
        self._light = LightBatch(worlds, device)
        self._renderer = Renderer(
            self._parts.pool,
            instances,
            world.bodies_per_world,
            device,
            backend=backend,
            shadows=layout.shadows,
            textures=texture_arrays(images, size=256, device=device),
            samples=layout.samples,
        )
        self.cameras = self._cameras()
        # On a CPU there are few launches, and in a graph they would follow each other on one core.
        self._replays = host.waits_for(torch.device(str(device)))
        self._graph: wp.Graph | None = None
        self._images: dict[str, dict[str, torch.Tensor]] = {}  # that the graph writes

    def _cameras(self) -> dict[str, CameraBatch]:
        world, layout = self._world, self._layout
        rows = {name: index for index, name in enumerate(world.link_names)}
        rows |= {slot.name: row for slot, row in zip(layout.bodies, world.slot_body, strict=True)}
        return {
            slot.name: CameraBatch(
                world.num_worlds,
                slot.width,
                slot.height,
                slot.near,
                slot.far,
                body=FIXED if slot.mount is None else rows[slot.mount],
                device=world.model.device,
            )
            for slot in layout.cameras
        }

    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Writes the looks of the scenes into their worlds."""
        for env, scene in zip(env_ids, scenes, strict=True):
            for index in range(len(scene.bodies)):
                self._write_body(env, index, scene)
            size = METRES_PER_REPEAT["ground"]
            self._surface(env, self._parts.ground, scene.ground_color, scene.ground_texture, size)
            if self._parts.table is not None:
                size = METRES_PER_REPEAT["table"]
                self._surface(env, self._parts.table, scene.table_color, scene.table_texture, size)
            self._write_light(env, scene.light)
        for index, camera in enumerate(self.cameras.values()):
            self._aim(camera, env_ids, [scene.cameras[index] for scene in scenes])

    def _aim(self, camera: CameraBatch, env_ids: Sequence[int], views: Sequence[CameraView]) -> None:
        where = torch.as_tensor(list(env_ids))
        camera.set_fov(torch.tensor([view.fov for view in views]), where)
        vectors = np.array([[view.eye, view.look_at, view.up] for view in views], np.float32)
        eye, target, up = torch.from_numpy(vectors).unbind(1)
        camera.look_at(eye, target, up, where)

    def _write_body(self, env: int, index: int, scene: Scene) -> None:
        body, instance = scene.bodies[index], self._parts.slots[index]
        self._view["mesh"][env, instance] = self._parts.slot_meshes[index][body.candidate]
        self._view["scale"][env, instance] = torch.as_tensor(body.scale).float()
        if self._world.slot_body[index] < 0:
            w, x, y, z = body.quaternion
            pose = torch.tensor([*body.position, x, y, z, w], dtype=torch.float32)
            self._view["transform"][env, instance] = pose
        size = self._layout.bodies[index].texture_size
        self._surface(env, instance, body.color, body.texture, size)

    def _surface(self, env: int, instance: int, color: Sequence[float], name: str | None, size: float) -> None:
        textured = name is not None and self._layout.textures
        self._view["color"][env, instance] = torch.tensor(color, dtype=torch.float32)
        self._view["texture"][env, instance] = TEXTURES.index(name) if textured and name else NO_TEXTURE
        self._view["texture_scale"][env, instance] = size

    def _write_light(self, env: int, light: Light) -> None:
        views = self._light.views
        views["direction"][env] = torch.as_tensor(light.direction).float()
        views["intensity"][env] = light.intensity
        views["color"][env] = torch.tensor(light.color)
        views["ambient"][env] = light.ambient
        views["background_high"][env] = torch.tensor(light.background)
        views["background_low"][env] = torch.tensor(light.background) * HORIZON

    def render(self, body_q: wp.array, worlds: Sequence[int] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """Draws all cameras, at least in these worlds; the tensors are overwritten by the next call.

        Args:
            body_q: The poses of all bodies; always the same array.
            worlds: None: all.
        """
        if not self.cameras:
            return {}
        if not self._replays or (worlds is not None and len(worlds) < REPLAY_SHARE * self._world.num_worlds):
            return self._draw(body_q, worlds)
        if self._graph is None:
            self._images = self._draw(body_q)  # compiles, allocates
            with wp.ScopedDevice(self._world.model.device), wp.ScopedCapture() as capture:
                self._draw(body_q)
            self._graph = capture.graph
        assert self._graph is not None
        wp.capture_launch(self._graph)
        return self._images

    def _draw(self, body_q: wp.array, worlds: Sequence[int] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        self._renderer.update(body_q, self._light)
        return {
            slot.name: self._renderer.view(body_q, self.cameras[slot.name], slot.outputs, worlds)
            for slot in self._layout.cameras
        }

    def close(self) -> None:
        """Ends the renderer's threads."""
        self._renderer.close()
