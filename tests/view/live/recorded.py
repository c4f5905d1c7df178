"""A small dataset of pick_cube with made-up states: an arm that swings, a cube that rises, pictures that change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from simgen.data import DatasetWriter, Episode
from simgen.spec import load_task
from simgen.world import rotation
from simgen.world.engine.camera_pose import look_at
from simgen.world.robot.card import load_card
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

STEPS, SIZE = 12, 48
INSTRUCTION = "pick up <b>the red</b> cube | quickly"


def make_swing(index: int, phase: str = "teacher", success: bool = True) -> Episode:
    """The arm swings about its first joint, the cube rises by 0.2 m."""
    task = load_task("pick_cube")
    scene = SceneSampler(task, layout_of(task)).sample(index)
    time = np.linspace(0.0, 1.0, STEPS + 1)
    arm = np.zeros((STEPS + 1, 31))
    arm[:, 0], arm[:, 3] = -0.615, 1.0
    arm[:, 13:22] = load_card("panda").rest_qpos
    arm[:, 13] += 1.2 * time
    cube, goal = (np.tile([*body.position, *body.quaternion, *[0.0] * 6], (STEPS + 1, 1)) for body in scene.bodies)
    cube[:, 2] += 0.2 * time
    shade = (40 + 200 * time).astype(np.uint8)[:, None, None, None]
    rgb = np.broadcast_to(shade, (STEPS + 1, SIZE, SIZE, 3)).copy()
    rgb[:, :, : SIZE // 2] = (200, 30, 40)
    arrays = {
        "obs/sensor_data/base/rgb": rgb,
        "obs/sensor_data/base/depth": np.full((STEPS + 1, SIZE, SIZE, 1), 700, np.int16),
        "actions": np.zeros((STEPS, 7), np.float32),
        "rewards": np.linspace(0.0, 2.0, STEPS, dtype=np.float32),
        "success": np.arange(STEPS) == (STEPS - 1 if success else STEPS),
        "env_states/actors/cube": cube.astype(np.float32),
        "env_states/actors/goal": goal.astype(np.float32),
        "env_states/articulations/panda": arm.astype(np.float32),
        **_camera(scene.cameras[0]),
    }
    return Episode(
        index=index, seed=index, phase=phase, task="pick_cube", instruction=INSTRUCTION, success=success,
        reward_sum=float(arrays["rewards"].sum()), length=STEPS, arrays=arrays,
    )  # fmt: skip


def _camera(view: Any) -> dict[str, np.ndarray]:
    focal = 0.5 * SIZE / np.tan(0.5 * view.fov)
    intrinsic = np.array([[focal, 0, SIZE / 2], [0, focal, SIZE / 2], [0, 0, 1]], np.float32)
    eye, target, up = (torch.as_tensor(vector) for vector in (view.eye, view.look_at, view.up))
    T_world_camera = np.eye(4)
    T_world_camera[:3, :3] = rotation.to_matrix(look_at(eye, target, up)).numpy()
    T_world_camera[:3, 3] = view.eye
    extrinsic = np.linalg.inv(T_world_camera)[:3]
    return {
        "obs/sensor_param/base/intrinsic_cv": np.tile(intrinsic, (STEPS + 1, 1, 1)),
        "obs/sensor_param/base/extrinsic_cv": np.tile(extrinsic.astype(np.float32), (STEPS + 1, 1, 1)),
    }


def write_swings(folder: Path, spec: dict[str, Any] | None = None, episodes: list[Episode] | None = None) -> Path:
    """Writes three episodes, the middle one without success."""
    if episodes is None:
        episodes = [make_swing(0, "random"), make_swing(0, success=False), make_swing(1)]
    with DatasetWriter(folder, spec or load_task("pick_cube").resolved(), phases=["random", "teacher"]) as writer:
        for episode in episodes:
            writer.write(episode)
    return folder
