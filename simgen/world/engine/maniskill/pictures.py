"""Cameras, lights and pictures: SAPIEN's rasteriser, read out in simgen's units and segmentation ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.sensors.camera import Camera, CameraConfig
from mani_skill.utils.structs import Actor, Link, Pose

from simgen.world import rotation
from simgen.world.engine.appearance import HORIZON, tone
from simgen.world.engine.camera_pose import look_at
from simgen.world.engine.maniskill.shaders import shader_config
from simgen.world.engine.maniskill.shapes import make_pose
from simgen.world.scene.color import linear_to_srgb
from simgen.world.scene.scene import CameraSlot, CameraView, Layout, Scene

# Light is halved before SAPIEN cuts it off at 1, and doubled again when its bytes are read.
_EXPOSURE = 0.5
_GAMMA = 2.2  # of SAPIEN's bytes
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
        scene.sub_scenes[world].render_system.set_ambient_light([0.75 * light.ambient * _EXPOSURE] * 3)
        sky = np.full(3, 0.25 * light.ambient * np.pi * _EXPOSURE)
        scene.add_directional_light([0.0, 0.0, -1.0], sky, scene_idxs=[world])
        toward = np.asarray(light.direction, float) / np.linalg.norm(light.direction)
        scene.add_directional_light(
            -toward,
            np.asarray(light.color) * light.intensity * np.pi * _EXPOSURE,
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
        for index, slot in enumerate(layout.cameras):
            views = [each.cameras[index] for each in scenes]
            mount = None if slot.mount is None else mounts[slot.mount]
            self._cameras[slot.name] = Camera(_config(slot, views, mount, ids.device), scene)
        scene.sensors = dict(self._cameras)

    def aim(self, world: int, views: Sequence[CameraView]) -> None:
        """Points the cameras of a world anew."""
        for camera, view in zip(self._cameras.values(), views, strict=True):
            component = camera.camera._render_cameras[world]
            pose = _local_poses([view], torch.device("cpu"))[0].numpy()
            component.local_pose = make_pose(pose[:3], pose[3:])
            component.set_fovy(view.fov, compute_x=True)
            for cached in ("_cached_local_pose", "_cached_model_matrix", "_cached_extrinsic_matrix"):
                setattr(camera.camera, cached, None)

    def take(self) -> dict[str, dict[str, torch.Tensor]]:
        """Draws all cameras. Returns images by camera and output. Shape of each: (N, H, W, channels)."""
        self._scene.update_render(update_sensors=True, update_human_render_cameras=False)
        for camera in self._cameras.values():
            camera.capture()
        return {slot.name: self._read(slot) for slot in self._layout.cameras}

    def cam2world_gl(self) -> dict[str, torch.Tensor]:
        """Returns the cameras' poses with OpenGL axes. Shape of each: (N, 4, 4)."""
        return {name: torch.as_tensor(camera.camera.get_model_matrix()) for name, camera in self._cameras.items()}

    def _read(self, slot: CameraSlot) -> dict[str, torch.Tensor]:
        camera = self._cameras[slot.name].camera
        detailed = _detailed(slot)
        names = ["Color", "Position", "Segmentation"] if detailed else ["Color", "PositionSegmentation"]
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
            shades = (textures["Albedo"][..., :3].clamp(0, 1) * 255).round().long()
            images["albedo"] = _srgb_table(1.0, 1.0).to(shades.device)[shades].masked_fill(nothing[..., None], 0)
        return images

    def _rgb(self, slot: CameraSlot, color: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
        if color.is_floating_point():
            color = (color.clamp(0, 1) * 255).round()
        rgb = _srgb_table(_GAMMA, 1.0 / _EXPOSURE).to(color.device)[color.long()]
        if nothing.any():
            rgb[nothing] = self._background(slot).to(rgb.device)[nothing]
        return rgb

    def _background(self, slot: CameraSlot) -> torch.Tensor:
        """What a ray that hits nothing sees: the sky, darker towards the ground. Shape: (N, H, W, 3), uint8."""
        matrices = self.cam2world_gl()[slot.name].cpu()
        intrinsic = self._cameras[slot.name].camera.get_intrinsic_matrix().cpu()
        x = (torch.arange(slot.width) + 0.5 - slot.width / 2) / intrinsic[:, 0, 0, None]
        y = (torch.arange(slot.height) + 0.5 - slot.height / 2) / intrinsic[:, 1, 1, None]
        up = matrices[:, None, None, 2, :3]
        rays = torch.stack(torch.broadcast_tensors(x[:, None, :], -y[:, :, None], -torch.ones(1, 1, 1)), -1)
        height = 0.5 + 0.5 * (rays * up).sum(-1) / rays.norm(dim=-1)
        sky = torch.tensor([light.background for light in self._lights])[:, None, None]
        linear = sky * (HORIZON + (1.0 - HORIZON) * height[..., None])
        return torch.from_numpy(np.rint(linear_to_srgb(tone(linear.numpy())) * 255).astype(np.uint8))


_EXTRA = {"normals": "Normal", "albedo": "Albedo"}


def _detailed(slot: CameraSlot) -> bool:
    """Whether a camera needs SAPIEN's larger shader pack; the small one is faster."""
    return any(output in _EXTRA for output in slot.outputs)


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


@cache
def _srgb_table(gamma: float, gain: float) -> torch.Tensor:
    """Bytes of the tone of what SAPIEN's bytes mean. Shape: (256,), uint8."""
    linear = gain * (np.arange(256) / 255.0) ** gamma
    shown = linear if gain == 1.0 else tone(linear)
    return torch.from_numpy(np.rint(linear_to_srgb(shown) * 255).astype(np.uint8))
