"""Puts what a scene says about looks into the renderer: one instance per part, colours, textures, cameras, light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import warp as wp
from scipy.spatial.transform import Rotation

from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.render.camera import CameraBatch
from simgen.world.engine.newton.render.instances import FIXED, HIDDEN, NO_TEXTURE, InstanceTable
from simgen.world.engine.newton.render.light import LightBatch
from simgen.world.engine.newton.render.mesh_pool import MeshPool
from simgen.world.engine.newton.render.renderer import Renderer
from simgen.world.engine.newton.render.textures import texture_arrays
from simgen.world.robot.card import RobotCard
from simgen.world.robot.visual import load_visual
from simgen.world.scene.objects import make_fixture
from simgen.world.scene.scene import Layout, Light, Scene
from simgen.world.scene.texture import TEXTURES, texture

TABLE_ID, GROUND_ID, FIRST_LINK_ID = 1, 2, 3
METRES_PER_REPEAT = {"table": 0.6, "ground": 2.0, "object": 0.12}
# The sky is a little darker towards the horizon than above.
HORIZON = 0.82


class Drawing:
    """The pictures of N worlds.

    Args:
        world: The built model; its body rows move the instances.
        layout: What the worlds share.
        card: The robot.
        backend: "auto", "raster" or "trace".
    """

    def __init__(self, world: WorldModel, layout: Layout, card: RobotCard, backend: str = "auto") -> None:
        self._world, self._layout, self._card = world, layout, card
        self._device, worlds = world.model.device, world.num_worlds
        self._pool = MeshPool()
        self._meshes: list[int] = []
        bodies: list[int] = []
        transforms: list[np.ndarray] = []
        colors: list[np.ndarray] = []
        gloss: list[float] = []
        ids: list[int] = []

        def add(mesh: int, body: int, T: np.ndarray, color: object, shine: float, identity: int) -> int:
            self._meshes.append(mesh), bodies.append(body), transforms.append(_xyzw_pose(T))
            colors.append(np.asarray(color, np.float32)), gloss.append(shine), ids.append(identity)
            return len(bodies) - 1

        floor = np.eye(4)
        floor[2, 3] = layout.ground_height
        self._ground = add(self._pool.add(make_fixture("ground").visual), FIXED, floor, (1, 1, 1), 0.0, GROUND_ID)
        self._table = None
        if layout.table is not None:
            self._table = add(self._pool.add(layout.table.visual), FIXED, np.eye(4), (1, 1, 1), 0.1, TABLE_ID)
        visual = load_visual(card, layout.triangles_per_link)
        for row, link in enumerate(world.link_names):
            for part in visual.links.get(link, ()):
                shine = max(0.0, 0.6 * (1.0 - part.roughness))
                add(self._pool.add(part.mesh), row, part.T_link_mesh, part.base_color, shine, FIRST_LINK_ID + row)
        first_body = FIRST_LINK_ID + len(world.link_names)
        self._slots = []
        self._slot_meshes = [[self._pool.add(model.visual) for model in slot.candidates] for slot in layout.bodies]
        for index, row in enumerate(world.slot_body):
            mesh, body = self._slot_meshes[index][0], FIXED if row < 0 else row
            self._slots.append(add(mesh, body, np.eye(4), (1, 1, 1), 0.25, first_body + index))
        solid = [index not in (self._ground, self._table) for index in range(len(bodies))]
        for slot, row in zip(self._slots, world.slot_body, strict=True):
            solid[slot] = row >= 0  # a marker is not there, so it casts no shadow
        self._instances = InstanceTable(bodies, worlds, self._device, casts_shadow=solid)
        views = self._instances.views
        for name, values in (("mesh", self._meshes), ("gloss", gloss), ("segmentation", ids)):
            views[name][:] = torch.as_tensor(values).to(views[name])
        views["transform"][:] = torch.as_tensor(np.stack(transforms)).to(views["transform"])
        views["color"][:] = torch.as_tensor(np.stack(colors)).to(views["color"])
        self._view = views
        images = [texture(name) for name in TEXTURES] if layout.textures else []
        textures = texture_arrays(images, size=256, device=self._device)
        self._light = LightBatch(worlds, self._device)
        self._renderer = Renderer(
            self._pool, self._instances, world.bodies_per_world, self._device,
            backend=backend, shadows=layout.shadows, textures=textures, samples=layout.samples,
        )  # fmt: skip
        rows = {name: index for index, name in enumerate(world.link_names)}
        rows |= {slot.name: row for slot, row in zip(layout.bodies, world.slot_body, strict=True)}
        self.cameras = {
            slot.name: CameraBatch(
                worlds, slot.width, slot.height, slot.near, slot.far,
                body=FIXED if slot.mount is None else rows[slot.mount], device=self._device,
            )
            for slot in layout.cameras
        }  # fmt: skip

    def reset(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Writes the looks of the scenes into their worlds."""
        for env, scene in zip(env_ids, scenes, strict=True):
            for index, body in enumerate(scene.bodies):
                self._write_body(env, index, scene)
            self._surface(env, self._ground, scene.ground_color, scene.ground_texture, "ground")
            if self._table is not None:
                self._surface(env, self._table, scene.table_color, scene.table_texture, "table")
            self._write_light(env, scene.light)
            for slot, view in zip(self._layout.cameras, scene.cameras, strict=True):
                camera, where = self.cameras[slot.name], torch.tensor([env])
                camera.set_fov(view.fov, where)
                camera.look_at(*(torch.as_tensor(v).float() for v in (view.eye, view.look_at, view.up)), where)

    def _write_body(self, env: int, index: int, scene: Scene) -> None:
        body, instance = scene.bodies[index], self._slots[index]
        self._view["mesh"][env, instance] = self._slot_meshes[index][body.candidate]
        self._view["scale"][env, instance] = torch.as_tensor(body.scale).float()
        if self._world.slot_body[index] < 0:
            w, x, y, z = body.quaternion
            pose = torch.tensor([*body.position, x, y, z, w], dtype=torch.float32)
            self._view["transform"][env, instance] = pose
        self._surface(env, instance, body.color, body.texture, "object")

    def _surface(self, env: int, instance: int, color: Sequence[float], name: str | None, what: str) -> None:
        textured = name is not None and self._layout.textures
        self._view["color"][env, instance] = torch.tensor(color, dtype=torch.float32)
        self._view["texture"][env, instance] = TEXTURES.index(name) if textured and name else NO_TEXTURE
        self._view["texture_scale"][env, instance] = METRES_PER_REPEAT[what]

    def _write_light(self, env: int, light: Light) -> None:
        views = self._light.views
        views["direction"][env] = torch.as_tensor(light.direction).float()
        views["intensity"][env] = light.intensity
        views["color"][env] = torch.tensor(light.color)
        views["ambient"][env] = light.ambient
        views["background_high"][env] = torch.tensor(light.background)
        views["background_low"][env] = torch.tensor(light.background) * HORIZON

    def render(self, body_q: wp.array) -> dict[str, dict[str, torch.Tensor]]:
        """Draws all cameras; the tensors are overwritten by the next call."""
        if not self.cameras:
            return {}
        self._renderer.update(body_q, self._light)
        return {
            slot.name: self._renderer.view(body_q, self.cameras[slot.name], slot.outputs)
            for slot in self._layout.cameras
        }

    def segmentation_ids(self, candidates: Sequence[int]) -> dict[int, dict[str, str]]:
        """Returns the meaning of each id in a world whose slots hold these candidates."""
        names = {GROUND_ID: ("ground", "ground")}
        if self._table is not None:
            names[TABLE_ID] = ("table", "table")
        names |= {FIRST_LINK_ID + row: (link, "robot") for row, link in enumerate(self._world.link_names)}
        first = FIRST_LINK_ID + len(self._world.link_names)
        for index, slot in enumerate(self._layout.bodies):
            kind = slot.candidates[candidates[index]].kind
            names[first + index] = (slot.name, slot.semantic_class or kind)
        return {i: {"name": name, "class": kind, "body": name} for i, (name, kind) in names.items()}


def _xyzw_pose(T: np.ndarray) -> np.ndarray:
    return np.concatenate([T[:3, 3], Rotation.from_matrix(T[:3, :3]).as_quat()]).astype(np.float32)


__all__ = ["HIDDEN", "Drawing"]
