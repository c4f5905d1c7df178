"""Cameras, lights and pictures: SAPIEN's rasteriser, read out in simgen's units and segmentation ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.sensors.camera import Camera, CameraConfig
from mani_skill.utils.structs import Actor, Link, Pose

from simgen.world import rotation
from simgen.world.engine.camera_pose import look_at
from simgen.world.engine.maniskill import shades
from simgen.world.engine.maniskill.shaders import shader_config
from simgen.world.engine.maniskill.shades import EXPOSURE
from simgen.world.engine.maniskill.shapes import make_pose
from simgen.world.scene.scene import CameraView, Scene
from simgen.world.scene.slots import CameraSlot, Layout

_SHADOW_HALF_SIZE = 1.6  # of the square that has shadows: its border must be beyond the table [m]
_SHADOW_CENTER = np.array([-0.1, 0.0, 0.2])
_SHADOW_MAP_SIZE = 1024
_SHADOW_NEAR, _SHADOW_FAR = -3.0, 30.0  # beyond it SAPIEN sees shadow everywhere [m]
# From OpenCV's axes (right, down, forward) to SAPIEN's (forward, left, up), wxyz.
_CV_TO_SAPIEN = torch.tensor([0.5, 0.5, -0.5, 0.5])

MOST_DEPTH = 32767  # [mm]: that far or further


def light_up(scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene]) -> None:
    """Adds the lights of all sub-scenes."""
    for world, each in enumerate(scenes):
        light = each.light
        # The sky gives what faces up a third more than what faces sideways.
        scene.sub_scenes[world].render_system.set_ambient_light([0.75 * light.ambient * EXPOSURE] * 3)
        sky = np.full(3, 0.25 * light.ambient * np.pi * EXPOSURE)
        scene.add_directional_light([0.0, 0.0, -1.0], sky, scene_idxs=[world])
        toward = np.asarray(light.direction, float) / np.linalg.norm(light.direction)
        scene.add_directional_light(
            -toward,
            np.asarray(light.color) * light.intensity * np.pi * EXPOSURE,
            shadow=layout.shadows,
            position=_SHADOW_CENTER,
            shadow_scale=_SHADOW_HALF_SIZE,
            shadow_near=_SHADOW_NEAR,
            shadow_far=_SHADOW_FAR,
            shadow_map_size=_SHADOW_MAP_SIZE,
            scene_idxs=[world],
        )


class Pictures:
    """The cameras of all sub-scenes.

    Args:
        scene: With everything built, on a CUDA device also set up.
        layout: What the worlds share.
        scenes: Of the worlds.
        mounts: Links and bodies by name.
        ids: Per world our segmentation id by SAPIEN's. Shape: (N, S).
    """

    def __init__(
        self,
        scene: ManiSkillScene,
        layout: Layout,
        scenes: Sequence[Scene],
        mounts: dict[str, Link | Actor],
        ids: torch.Tensor,
    ) -> None:
        self._scene, self._layout, self._ids = scene, layout, ids
        self._lights = [each.light for each in scenes]
        self._cameras: dict[str, Camera] = {}
        self._fine: dict[str, Camera] = {}  # for colour with several samples per pixel
        for index, slot in enumerate(layout.cameras):
            views = [each.cameras[index] for each in scenes]
            mount = None if slot.mount is None else mounts[slot.mount]
            self._cameras[slot.name] = Camera(_config(slot, views, mount, ids.device), scene)
            if layout.samples > 1 and "rgb" in slot.outputs:
                self._fine[slot.name] = Camera(_config(_finer(slot, layout.samples), views, mount, ids.device), scene)
        scene.sensors = {**self._cameras, **{f"{name}/fine": camera for name, camera in self._fine.items()}}

    def aim(self, world: int, views: Sequence[CameraView]) -> None:
        """Points the cameras of a world anew."""
        for slot, view in zip(self._layout.cameras, views, strict=True):
            for camera in (cameras[slot.name] for cameras in (self._cameras, self._fine) if slot.name in cameras):
                _aim(camera, world, view)

    def take(self) -> dict[str, dict[str, torch.Tensor]]:
        """Draws all cameras. Returns images by camera and output. Shape of each: (N, H, W, channels)."""
        self._scene.update_render(update_sensors=True, update_human_render_cameras=False)
        for camera in (*self._cameras.values(), *self._fine.values()):
            camera.capture()
        return {slot.name: self._read(slot) for slot in self._layout.cameras}

    def cam2world_gl(self) -> dict[str, torch.Tensor]:
        """Returns the cameras' poses with OpenGL axes. Shape of each: (N, 4, 4)."""
        return {name: torch.as_tensor(camera.camera.get_model_matrix()) for name, camera in self._cameras.items()}

    def _read(self, slot: CameraSlot) -> dict[str, torch.Tensor]:
        camera = self._cameras[slot.name].camera
        detailed = _detailed(slot)
        names = ["Color", "Position", "Segmentation"] if detailed else list(_SMALL)
        names += [texture for output, texture in _EXTRA.items() if output in slot.outputs]
        pictures: list[torch.Tensor] = camera.get_picture(names)  # pyright: ignore[reportAssignmentType]
        textures = dict(zip(names, pictures, strict=True))
        if detailed:
            actor, z = textures["Segmentation"][..., 1], -textures["Position"][..., 2] * 1000.0
        else:
            actor, z = textures["PositionSegmentation"][..., 3], -textures["PositionSegmentation"][..., 2]
        actor = actor.long()
        segmentation = torch.gather(self._ids, 1, actor.flatten(1)).view(actor.shape)
        nothing = actor == 0
        images: dict[str, torch.Tensor] = {}
        if "rgb" in slot.outputs:
            images["rgb"] = self._rgb(slot, textures["Color"][..., :3], nothing)
        if "depth" in slot.outputs:
            z = z.masked_fill(z < 0, MOST_DEPTH)  # the small pack's millimetres are int16 and wrap around
            images["depth"] = z.masked_fill(nothing, 0).clamp(0, MOST_DEPTH).to(torch.int16)[..., None]
        if "segmentation" in slot.outputs:
            images["segmentation"] = segmentation.to(torch.int16)[..., None]
        if "normals" in slot.outputs:
            turn = self.cam2world_gl()[slot.name][:, None, None, :3, :3]
            normals = (turn @ textures["Normal"][..., :3, None])[..., 0]
            images["normals"] = normals.masked_fill(nothing[..., None], 0.0)
        if "albedo" in slot.outputs:
            images["albedo"] = shades.albedo(textures["Albedo"][..., :3], nothing)
        return images

    def _rgb(self, slot: CameraSlot, color: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
        samples = self._layout.samples
        camera = self._cameras[slot.name].camera
        if slot.name in self._fine:
            camera = self._fine[slot.name].camera
            textures: list[torch.Tensor] = camera.get_picture(_SMALL)  # pyright: ignore[reportAssignmentType]
            color, nothing = textures[0][..., :3], textures[1][..., 3] == 0
        sky = None
        if nothing.any():
            size = (slot.height * samples, slot.width * samples)
            matrices = torch.as_tensor(camera.get_model_matrix())
            sky = shades.sky(self._lights, matrices, camera.get_intrinsic_matrix(), *size)
        return shades.rgb(color, nothing, sky, samples)


_EXTRA = {"normals": "Normal", "albedo": "Albedo"}
_SMALL = ["Color", "PositionSegmentation"]  # what the small shader pack draws


def _detailed(slot: CameraSlot) -> bool:
    """Whether a camera needs SAPIEN's larger shader pack; the small one is faster."""
    return any(output in _EXTRA for output in slot.outputs)


def _finer(slot: CameraSlot, samples: int) -> CameraSlot:
    """The camera that draws the colours of `slot`, with several pixels for each of its own."""
    return replace(
        slot,
        name=f"{slot.name}/fine",
        width=slot.width * samples,
        height=slot.height * samples,
        outputs=("rgb",),
    )


def _aim(camera: Camera, world: int, view: CameraView) -> None:
    component = camera.camera._render_cameras[world]
    pose = _local_poses([view], torch.device("cpu"))[0].numpy()
    component.local_pose = make_pose(pose[:3], pose[3:])
    component.set_fovy(view.fov, compute_x=True)
    for cached in ("_cached_local_pose", "_cached_model_matrix", "_cached_extrinsic_matrix"):
        setattr(camera.camera, cached, None)


def _config(slot: CameraSlot, views: Sequence[CameraView], mount: Link | Actor | None, device: torch.device):
    return CameraConfig(
        uid=slot.name,
        pose=Pose.create(_local_poses(views, device)),
        width=slot.width,
        height=slot.height,
        fov=[view.fov for view in views],  # pyright: ignore[reportArgumentType]  # one per sub-scene
        near=slot.near,
        far=slot.far,
        mount=mount,  # pyright: ignore[reportArgumentType]
        shader_config=shader_config(_detailed(slot)),
    )


def _local_poses(views: Sequence[CameraView], device: torch.device) -> torch.Tensor:
    """Where cameras are in their mounts, with SAPIEN's axes: position and quaternion wxyz. Shape: (N, 7)."""
    eye, target, up = torch.tensor(np.array([[v.eye, v.look_at, v.up] for v in views], np.float32)).unbind(1)
    turn = rotation.multiply(look_at(eye, target, up), _CV_TO_SAPIEN.expand(len(views), 4))
    return torch.cat([eye, turn], -1).to(device)
