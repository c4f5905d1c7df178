"""Cameras in the scene: the frustum of each with its picture in it, and the points that one of them measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

if TYPE_CHECKING:
    import viser

MOST_POINTS = 20_000
FARTHEST = 8.0  # of a point that is shown [m]
_SIZE = 0.09  # of a frustum [m]
_POINT = 0.005  # side of a point [m]
_COLOR = (46, 110, 200)


@dataclass(frozen=True, eq=False)
class CameraPose:
    """Where a camera is and how it sees, in OpenCV's convention.

    Args:
        intrinsic: Shape: (3, 3).
        T_world_camera: Shape: (4, 4).
    """

    intrinsic: np.ndarray
    T_world_camera: np.ndarray

    @classmethod
    def of(cls, intrinsic: np.ndarray, extrinsic: np.ndarray) -> CameraPose | None:
        """Returns the camera with these parameters (3, 3) and (3, 4) or (4, 4); None where they make no sense."""
        rigid = np.eye(4)
        rigid[:3] = extrinsic[:3]
        sound = np.isfinite(rigid).all() and np.isfinite(intrinsic).all() and intrinsic[0, 0] > 0
        if not sound or abs(np.linalg.det(rigid[:3, :3]) - 1.0) > 1e-2:
            return None
        return cls(np.asarray(intrinsic, float), np.linalg.inv(rigid))

    @property
    def position(self) -> np.ndarray:
        """[m]. Shape: (3,)."""
        return self.T_world_camera[:3, 3]

    @property
    def quaternion(self) -> np.ndarray:
        """wxyz. Shape: (4,)."""
        return Rotation.from_matrix(self.T_world_camera[:3, :3]).as_quat(scalar_first=True)


class CameraViews:
    """The cameras of the scene that is shown.

    Args:
        server: Where.
    """

    def __init__(self, server: viser.ViserServer) -> None:
        self._scene = server.scene
        self._frusta: dict[str, viser.CameraFrustumHandle] = {}
        self._cloud: viser.PointCloudHandle | None = None
        self.visible = True

    def clear(self) -> None:
        """Takes all away."""
        for handle in self._frusta.values():
            handle.remove()
        self._frusta.clear()
        self.hide_points()

    def hide_points(self) -> None:
        """Takes the points away."""
        if self._cloud is not None:
            self._cloud.remove()
            self._cloud = None

    def show(self, name: str, pose: CameraPose, image: np.ndarray) -> None:
        """Puts a camera where it is now, with its picture (H, W, 3)."""
        height, width = image.shape[:2]
        handle = self._frusta.get(name)
        if handle is None:
            handle = self._scene.add_camera_frustum(
                f"/cameras/{name}", fov=2 * float(np.arctan2(0.5 * height, pose.intrinsic[1, 1])),
                aspect=width / height, scale=_SIZE, thickness=0.002, color=_COLOR, image=image, format="jpeg",
                jpeg_quality=85, cast_shadow=False,
            )  # fmt: skip
            self._frusta[name] = handle
        else:
            handle.image = image
        handle.visible = self.visible
        handle.position, handle.wxyz = pose.position, pose.quaternion

    def show_points(self, pose: CameraPose, depth: np.ndarray, colors: np.ndarray | None) -> None:
        """Shows what a camera measured.

        Args:
            pose: Of the camera.
            depth: [mm], 0 = none. Shape: (H, W).
            colors: Of each pixel. Shape: (H, W, 3), uint8.
        """
        points, shades = cloud_of(pose, depth, colors)
        if self._cloud is None:
            self._cloud = self._scene.add_point_cloud("/points", points, shades, point_size=_POINT, precision="float32")
        else:
            self._cloud.points, self._cloud.colors = points, shades

    def set_visible(self, visible: bool) -> None:
        """Shows or hides the frusta."""
        self.visible = visible
        for handle in self._frusta.values():
            handle.visible = visible


def cloud_of(pose: CameraPose, depth: np.ndarray, colors: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns points in the world [m] and their colours, at most MOST_POINTS of them. Shapes: (N, 3), (N, 3)."""
    step = int(np.ceil(np.sqrt(depth.size / MOST_POINTS)))
    rows, columns = np.mgrid[0 : depth.shape[0] : step, 0 : depth.shape[1] : step]
    distance = depth[::step, ::step].astype(np.float64) / 1000.0
    seen = np.isfinite(distance) & (distance > 0.0) & (distance < FARTHEST)
    focal, center = pose.intrinsic[[0, 1], [0, 1]], pose.intrinsic[:2, 2]
    across = (columns + 0.5 - center[0]) / focal[0] * distance
    down = (rows + 0.5 - center[1]) / focal[1] * distance
    local = np.stack([across, down, distance], -1)[seen]
    points = local @ pose.T_world_camera[:3, :3].T + pose.position
    if colors is None or colors.shape[:2] != depth.shape[:2]:
        return points.astype(np.float32), np.full((len(points), 3), 128, np.uint8)
    return points.astype(np.float32), np.ascontiguousarray(colors[::step, ::step][seen])
