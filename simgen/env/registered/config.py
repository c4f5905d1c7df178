"""From a task that names a registered environment to what its worker processes are told."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.env.registered.facts import CameraChange, RegisteredConfig
from simgen.spec.base import Position
from simgen.spec.registered import RegisteredCameraSpec, RegisteredSpec

UP = np.array([0.0, 0.0, 1.0])


def config_of(task: RegisteredSpec, images: bool) -> RegisteredConfig:
    """Returns what the workers need to know of a task; `images` says whether anything is ever drawn."""
    return RegisteredConfig(
        env_id=task.env_id,
        robot=task.robot.use,
        control=task.robot.control,
        reward=task.reward,
        outputs=task.images.outputs,
        images=images,
        size=task.images.size,
        cameras={name: _change(camera) for name, camera in task.cameras.items()},
        sim_hz=task.episode.sim_hz,
        control_hz=task.episode.control_hz,
        max_steps=task.episode.max_steps,
        options=dict(task.options),
        poses=task.poses,
    )


def _change(camera: RegisteredCameraSpec) -> CameraChange:
    fov = None if camera.fov_deg is None else math.radians(camera.fov_deg)
    pose = None
    if camera.eye is not None and camera.look_at is not None:
        pose = looking_pose(camera.eye, camera.look_at)
    return CameraChange(camera.size, fov, pose)


def looking_pose(eye: Position, look_at: Position) -> tuple[float, ...]:
    """Returns the pose of a camera that looks along its x axis with z up: position [m] and quaternion wxyz."""
    forward = np.subtract(look_at, eye)
    forward = forward / np.linalg.norm(forward)
    # straight up or down there is no "up" in the picture; then the top of the picture points along x
    sideways = UP if abs(forward @ UP) < 1.0 - 1e-6 else np.array([1.0, 0.0, 0.0])
    left = np.cross(sideways, forward)
    left = left / np.linalg.norm(left)
    turn = Rotation.from_matrix(np.stack([forward, left, np.cross(forward, left)], 1))
    return (*(float(value) for value in eye), *turn.as_quat(scalar_first=True).tolist())
