"""Where a depth camera measures nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float

from simgen.spec.sensors import DepthSpec
from simgen.world.sensor.random import FrameKey, smooth_normal, threshold


def lost(
    measured: Float[torch.Tensor, "N H W"],
    cosine: Float[torch.Tensor, "N H W"],
    jump: Bool[torch.Tensor, "N H W"],
    specs: Sequence[DepthSpec],
    keys: Sequence[FrameKey],
) -> Bool[torch.Tensor, "N H W"]:
    """Says which pixels are out of range, too slanted, or lost at random.

    Args:
        measured: Depth [mm].
        cosine: Of the angle between ray and normal.
        jump: Where a surface ends before another.
        specs: The sensor of each image, all numbers drawn.
        keys: Which images they are.
    """
    spec = specs[0]  # ranges and sizes are never drawn, so the same for all
    gone = (measured < 1000.0 * spec.min_m) | (measured > 1000.0 * spec.max_m)
    if spec.max_angle_deg < 90.0:
        gone |= cosine < math.cos(math.radians(spec.max_angle_deg))
    if any(spec.holes or spec.edge_holes for spec in specs):
        height, width = measured.shape[1:]
        field = smooth_normal(keys, "holes", height, width, spec.hole_px, measured.device)
        anywhere, at_edges = (_levels(specs, name, measured.device) for name in ("holes", "edge_holes"))
        gone |= (field > anywhere) | (jump & (field > at_edges))
    return gone


def _levels(specs: Sequence[DepthSpec], field: str, device: torch.device) -> Float[torch.Tensor, "N 1 1"]:
    """Returns the numbers above which a normal field has the shares that a field of the specs says."""
    levels = np.asarray([threshold(getattr(spec, field)) for spec in specs], np.float32)
    return torch.from_numpy(levels).to(device)[:, None, None]


def hidden_from_right(
    depth: Float[torch.Tensor, "N H W"], focal: Float[torch.Tensor, "N 1 1"], baseline: float
) -> Bool[torch.Tensor, "N H W"]:
    """Says which pixels the right camera of a stereo pair does not see.

    A pixel at column u is seen at u - d in the right image, d its disparity. It is hidden where a pixel further right
    lands left of it, in front of which that pixel then is, and where u - d is outside of the right image.

    Args:
        depth: Depth [mm], 0 where there is none.
        focal: Focal length of the image [px].
        baseline: Distance of the cameras [m].
    """
    columns = torch.arange(depth.shape[2], dtype=torch.float32, device=depth.device)
    disparity = torch.where(depth > 0.0, focal * (1000.0 * baseline) / depth.clamp(min=1.0), 0.0)
    landing = columns - disparity
    leftmost = landing.flip(2).cummin(2).values.flip(2)
    return (leftmost < landing) | (landing < -0.5)
