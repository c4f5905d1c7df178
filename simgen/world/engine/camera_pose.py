"""Where a camera looks, the same for every engine: OpenCV axes (x right, y down, z forward)."""

from __future__ import annotations

import torch

from simgen.errors import SimgenError
from simgen.world import rotation


def look_at(eye: torch.Tensor, target: torch.Tensor, up: torch.Tensor | None = None) -> torch.Tensor:
    """The orientation that looks from `eye` at `target`.

    Args:
        eye: Shape: (3,) or (N, 3).
        target: Shape: (3,) or (N, 3).
        up: Which way is up in the picture. Default: +z; +y is taken where the camera looks along it. Shape: (3,) or
            (N, 3).

    Returns:
        Quaternion wxyz of the camera's OpenCV axes. Shape: (4,) or (N, 4).

    Raises:
        SimgenError: `eye` and `target` are the same point.
    """
    eye, target = torch.broadcast_tensors(eye.float(), target.float())
    forward = target - eye
    if (forward.norm(dim=-1) < 1e-9).any():
        raise SimgenError("a camera cannot look at the point where it is: eye and look_at are equal")
    forward = torch.nn.functional.normalize(forward, dim=-1)
    upward = (torch.tensor([0.0, 0.0, 1.0]) if up is None else up.float()).to(forward).expand_as(forward)
    right = torch.linalg.cross(forward, upward, dim=-1)
    other = torch.linalg.cross(forward, torch.tensor([0.0, 1.0, 1e-3]).to(forward).expand_as(forward), dim=-1)
    right = torch.where(right.norm(dim=-1, keepdim=True) < 1e-4, other, right)
    right = torch.nn.functional.normalize(right, dim=-1)
    down = torch.linalg.cross(forward, right, dim=-1)
    return rotation.from_matrix(torch.stack([right, down, forward], dim=-1))
