"""One pinhole camera per world in the OpenCV convention: x right, y down, z forward; pixel 0 covers 0 .. 1.

So the centre of pixel (column, row) is at (column + 0.5, row + 0.5), as in ManiSkill's `intrinsic_cv`.
"""

from __future__ import annotations

import torch
import warp as wp

from simgen.errors import SimgenError
from simgen.world import host, rotation
from simgen.world.engine.camera_pose import look_at

MAX_SIZE = 8192


@wp.struct
class CameraArrays:
    """What kernels see of a camera batch."""

    T_world_camera: wp.array(dtype=wp.transform)
    intrinsics: wp.array(dtype=wp.vec4)  # fx, fy, cx, cy [pixel]
    near: wp.float32
    far: wp.float32


class CameraBatch:
    """A camera in each of E worlds: fixed in the world, or mounted on a body.

    Views (E, ...): T_parent_camera (position [m] + quaternion **xyzw**, as Warp's; the parent is the world or a body),
    T_world_camera (the same in the world; written by each rendering), intrinsics (fx, fy, cx, cy) [pixel].

    Args:
        num_worlds: E.
        width: Of the picture [pixel].
        height: Of the picture [pixel].
        near: Nothing is seen nearer than this [m], measured along z.
        far: Nothing is seen farther than this [m], measured along z.
        fov: Vertical field of view [rad].
        body: Index in the world's body table that carries the camera, -1 = fixed in the world.
        device: Warp device.
    """

    def __init__(
        self,
        num_worlds: int,
        width: int,
        height: int,
        near: float = 0.01,
        far: float = 100.0,
        fov: float = 1.0,
        body: int = -1,
        device: str | wp.Device | None = None,
    ) -> None:
        if not (0 < width <= MAX_SIZE and 0 < height <= MAX_SIZE):
            raise SimgenError(f"a picture must have 1..{MAX_SIZE} pixels a side, not {width} x {height}")
        if not 0.0 < near < far:
            raise SimgenError(f"a camera needs 0 < near < far, not near {near} and far {far}")
        self.num_worlds, self.width, self.height, self.body = num_worlds, width, height, body
        self.near, self.far = near, far
        self.T_parent_camera = wp.full(num_worlds, wp.transform_identity(), dtype=wp.transform, device=device)
        arrays = self.arrays = CameraArrays()
        arrays.T_world_camera = wp.full(num_worlds, wp.transform_identity(), dtype=wp.transform, device=device)
        arrays.intrinsics = wp.zeros(num_worlds, dtype=wp.vec4, device=device)
        arrays.near, arrays.far = near, far
        self.views: dict[str, torch.Tensor] = {
            "T_parent_camera": wp.to_torch(self.T_parent_camera),
            "T_world_camera": wp.to_torch(arrays.T_world_camera),
            "intrinsics": wp.to_torch(arrays.intrinsics),
        }
        self.set_fov(fov)

    def set_fov(self, fov: float | torch.Tensor, env_ids: torch.Tensor | slice = slice(None)) -> None:
        """Centre the image and set the focal length of square pixels from a vertical field of view [rad]."""
        focal = self.height / 2 / torch.tan(torch.as_tensor(fov, dtype=torch.float32) / 2)
        rows = self.views["intrinsics"]
        rows[env_ids, 0] = focal.to(rows.device)
        rows[env_ids, 1] = focal.to(rows.device)
        rows[env_ids, 2] = self.width / 2
        rows[env_ids, 3] = self.height / 2

    def set_pose(
        self, position: torch.Tensor, quaternion: torch.Tensor, env_ids: torch.Tensor | slice = slice(None)
    ) -> None:
        """Place the camera in its parent.

        Args:
            position: [m]. Shape: (3,) or (N, 3).
            quaternion: wxyz, OpenCV axes. Shape: (4,) or (N, 4).
            env_ids: Which worlds. Default: all.
        """
        rows = self.views["T_parent_camera"]
        rows[env_ids, :3] = position.to(rows)
        rows[env_ids, 3:] = torch.roll(quaternion, -1, dims=-1).to(rows)

    def look_at(
        self,
        eye: torch.Tensor,
        target: torch.Tensor,
        up: torch.Tensor | None = None,
        env_ids: torch.Tensor | slice = slice(None),
    ) -> None:
        """Place the camera at `eye`, looking at `target`, both in the parent [m]. Shapes: (3,) or (N, 3)."""
        self.set_pose(eye, look_at(eye, target, up), env_ids)

    def intrinsic_cv(self) -> torch.Tensor:
        """Camera matrices. Shape: (E, 3, 3)."""
        fx, fy, cx, cy = self.views["intrinsics"].unbind(-1)
        zero, one = torch.zeros_like(fx), torch.ones_like(fx)
        return torch.stack([fx, zero, cx, zero, fy, cy, zero, zero, one], -1).view(-1, 3, 3)

    def cam2world_cv(self) -> torch.Tensor:
        """T_world_camera as matrices, of the last rendering. Shape: (E, 4, 4)."""
        pose = self.views["T_world_camera"]
        matrix = torch.zeros(len(pose), 4, 4, device=pose.device)
        matrix[:, :3, :3] = rotation.to_matrix(torch.roll(pose[:, 3:], 1, dims=-1))
        matrix[:, :3, 3] = pose[:, :3]
        matrix[:, 3, 3] = 1.0
        return matrix

    def extrinsic_cv(self) -> torch.Tensor:
        """World to camera, [R | t], of the last rendering. Shape: (E, 3, 4)."""
        matrix = self.cam2world_cv()
        R = matrix[:, :3, :3].transpose(1, 2)
        return torch.cat([R, -R @ matrix[:, :3, 3:]], dim=2)

    def cam2world_gl(self) -> torch.Tensor:
        """Camera to world with OpenGL axes (x right, y up, z backward), of the last rendering. Shape: (E, 4, 4)."""
        matrix = self.cam2world_cv()
        return matrix * host.constant([1.0, -1.0, -1.0, 1.0], like=matrix)
