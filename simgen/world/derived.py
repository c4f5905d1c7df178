"""Images worked out from depth, segmentation and rigid motion, the same for every engine: flows and point clouds.

A pixel's point belongs to the rigid part that its segmentation id names, so where it was before follows from that
part's pose then; a camera was where the part that carries it had it. Poses and their products are in float64: a point
that has not moved then has exactly no flow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int16

from simgen.spec.camera import DerivedOutput
from simgen.world import host, rotation
from simgen.world.engine.base import WorldState
from simgen.world.engine.bookkeeping import FIRST_LINK_ID

MOST_DEPTH = 32767  # [mm]: depth images say no more than that something is so far or farther


def part_poses(state: WorldState) -> Float[torch.Tensor, "env part 7"]:
    """Returns position [m] and quaternion wxyz of the rigid part that each segmentation id names.

    The ids of nothing, the table and the ground name what never moves. Shape: (E, ids, 7).
    """
    links = torch.cat([state.link_position, state.link_quaternion], -1)
    bodies = torch.cat([state.body_position, state.body_quaternion], -1)
    still = links.new_zeros(len(links), FIRST_LINK_ID, 7)
    still[..., 3] = 1.0
    return torch.cat([still, links, bodies], 1)


def motion_back(
    now: Float[torch.Tensor, "env part 7"], before: Float[torch.Tensor, "env part 7"]
) -> Float[torch.Tensor, "env part 4 4"]:
    """Returns the transforms, in the world, that take each part's points from where they are to where they were."""
    (position, turn), (old_position, old_turn) = (_split(poses.double()) for poses in (now, before))
    matrix = rotation.to_matrix(rotation.multiply(old_turn, rotation.conjugate(turn)))
    back = _transform(matrix, old_position - matrix @ position)
    still = (now == before).all(-1)[..., None, None]
    return torch.where(still, _identity(back), back)  # not nearly


def derive(
    depth: Int16[torch.Tensor, "env height width 1"],
    segmentation: Int16[torch.Tensor, "env height width 1"],
    intrinsic_cv: Float[torch.Tensor, "env 3 3"],
    extrinsic_cv: Float[torch.Tensor, "env 3 4"],
    back: Float[torch.Tensor, "env part 4 4"],
    mount: int,
    near: float,
    outputs: Collection[DerivedOutput],
) -> dict[DerivedOutput, torch.Tensor]:
    """Works out the derived images of one camera.

    Args:
        depth: Planar [mm]; 0 is nothing, MOST_DEPTH is too far to tell where. Both give zeros.
        segmentation: Ids, rows of `back`.
        intrinsic_cv: Camera matrices [px], the same before.
        extrinsic_cv: World to camera now, OpenCV axes [m].
        back: What `motion_back` returns.
        mount: The part that carries the camera, a row of `back`; 0 for one that stands in the world.
        near: Points that were nearer to the image plane than this [m] have no optical flow.
        outputs: Which are wanted.

    Returns:
        optical_flow (E, H, W, 2) [px], scene_flow (E, H, W, 3) [m], pointcloud (E, H, W, 4) [m], float32.
    """
    hit = ((depth > 0) & (depth < MOST_DEPTH))[..., 0]
    z = depth[..., 0] * hit / 1000.0
    x, y = _rays(intrinsic_cv, *hit.shape[1:])
    pixels = _Pixels(hit, (x * z, y * z, z), _rows(segmentation, back.shape[1]))
    R, t = extrinsic_cv[:, :, :3].double(), extrinsic_cv[:, :, 3:].double()
    T_world_camera, T_camera_world = _transform(R.mT, -R.mT @ t), _transform(R, t)
    images: dict[DerivedOutput, torch.Tensor] = {}
    if "optical_flow" in outputs:
        carried = _inverse(back[:, mount])[:, None] @ back  # as seen by who sits on the mount
        change = T_camera_world[:, None] @ (carried - _identity(back)) @ T_world_camera[:, None]
        images["optical_flow"] = _optical_flow(change, pixels, intrinsic_cv, near)
    if "scene_flow" in outputs:
        change = (_identity(back) - back) @ T_world_camera[:, None]
        moving = pixels.moved_by(change)
        images["scene_flow"] = pixels.image(moving, pixels.apply(change, moving))
    if "pointcloud" in outputs:
        images["pointcloud"] = _pointcloud(T_world_camera.float(), pixels)
    return images


@dataclass(frozen=True, eq=False)
class _Pixels:
    """What the pixels of a camera see. Pixels are numbered world after world, row after row.

    Args:
        hit: Whether it is known where that is. Shape: (E, H, W).
        point: Its x, y, z in the camera's frame [m]. Shape of each: (E, H, W).
        row: Of its part in a table of the parts of all worlds. Shape: (E * H * W,).
    """

    hit: torch.Tensor
    point: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    row: torch.Tensor

    def moved_by(self, change: torch.Tensor) -> torch.Tensor:
        """Returns the numbers of the pixels whose part has a (4, 4) that is not zero; mostly few. Shape: (M,).

        Of all pixels where the host would have to wait to know how many they are.
        """
        if host.waits_for(change.device):
            return torch.arange(self.hit.numel(), device=change.device)
        moves = (change[..., :3, :] != 0).flatten(-2).any(-1).flatten()
        return (moves.index_select(0, self.row) & self.hit.flatten()).nonzero()[:, 0]

    def at(self, plane: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        return plane.flatten().index_select(0, numbers)

    def apply(self, change: torch.Tensor, numbers: torch.Tensor) -> list[torch.Tensor]:
        """Applies to points the (4, 4) of their parts. Axis by axis: several times as fast. Shape of each: (M,)."""
        table, row = change[..., :3, :].float().reshape(-1, 12).T.contiguous(), self.at(self.row, numbers)
        x, y, z = (self.at(plane, numbers) for plane in self.point)
        moved = []
        for axis in range(0, 12, 4):
            of_x, of_y, of_z, one = (table[axis + column].index_select(0, row) for column in range(4))
            moved.append(one.addcmul_(of_x, x).addcmul_(of_y, y).addcmul_(of_z, z))
        return moved

    def image(self, numbers: torch.Tensor, values: Sequence[torch.Tensor]) -> torch.Tensor:
        """Returns the image (E, H, W, channels) that has these values at these pixels, and zeros elsewhere."""
        image = values[0].new_zeros(self.hit.numel(), len(values))
        image[numbers] = torch.stack(list(values), -1)
        if len(numbers) == len(image):  # also those that hit nothing
            image.masked_fill_(~self.hit.flatten()[:, None], 0.0)
        return image.view(*self.hit.shape, -1)


def _optical_flow(change: torch.Tensor, pixels: _Pixels, intrinsic_cv: torch.Tensor, near: float) -> torch.Tensor:
    """How far points have moved in the image [px]; `change` leads from where they are to where they were."""
    moving = pixels.moved_by(change)
    back = pixels.apply(change, moving)
    z = pixels.at(pixels.point[2], moving)
    seen = z + back[2] >= near
    scale = torch.where(seen, 1.0 / torch.where(seen, z + back[2], 1.0), 0.0)
    world = moving // pixels.hit[0].numel()
    moved = []
    for axis in (0, 1):
        ray = pixels.at(pixels.point[axis], moving) / z
        # f (x / z - x' / z') without the difference of two large numbers
        moved.append(intrinsic_cv[:, axis, axis].index_select(0, world) * (ray * back[2] - back[axis]) * scale)
    return pixels.image(moving, moved)


def _pointcloud(T_world_camera: torch.Tensor, pixels: _Pixels) -> torch.Tensor:
    x, y, z = pixels.point
    planes = []
    for axis in range(3):
        of_x, of_y, of_z, one = (part[:, None, None] for part in T_world_camera[:, axis].unbind(-1))
        planes.append(torch.addcmul(one, of_x, x).addcmul_(of_y, y).addcmul_(of_z, z).mul_(pixels.hit))
    return torch.stack([*planes, pixels.hit.float()], -1)


def _identity(like: torch.Tensor) -> torch.Tensor:
    return torch.eye(4, dtype=like.dtype, device=like.device)


def _rows(segmentation: torch.Tensor, parts: int) -> torch.Tensor:
    first = torch.arange(len(segmentation), device=segmentation.device, dtype=torch.int32) * parts
    return (segmentation.flatten(1) + first[:, None]).flatten()


def _rays(intrinsic_cv: torch.Tensor, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns x and y of the lines of sight through the pixels' centres at z = 1. Shapes: (E, 1, W), (E, H, 1)."""
    right, down = (torch.arange(size, device=intrinsic_cv.device) + 0.5 for size in (width, height))
    x = (right - intrinsic_cv[:, 0, 2, None]) / intrinsic_cv[:, 0, 0, None]
    y = (down - intrinsic_cv[:, 1, 2, None]) / intrinsic_cv[:, 1, 1, None]
    return x[:, None, :], y[:, :, None]


def _split(poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return poses[..., :3, None], torch.nn.functional.normalize(poses[..., 3:], dim=-1)


def _transform(rotation_matrix: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
    """Returns [R | t] with the last row of a homogeneous transform. Shapes: (..., 3, 3), (..., 3, 1) -> (..., 4, 4)."""
    upper = torch.cat([rotation_matrix, position], -1)
    last = host.constant([0.0, 0.0, 0.0, 1.0], like=upper).expand(*upper.shape[:-2], 1, 4)
    return torch.cat([upper, last], -2)


def _inverse(transform: torch.Tensor) -> torch.Tensor:
    turned = transform[..., :3, :3].mT
    return _transform(turned, -turned @ transform[..., :3, 3:])
