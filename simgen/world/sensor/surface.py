"""What can be told of surfaces from a depth image: how slanted they are and where one ends before another."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from jaxtyping import Bool, Float

# Depth comes in whole millimetres; differences over one pixel of a large image would be mostly rounding.
_PIXELS_PER_STEP = 128
_EDGE_SHARE = 0.05
_TABLE = 1024


def slant_cosine(
    depth: Float[torch.Tensor, "N H W"], intrinsics: Float[torch.Tensor, "N 3 3"]
) -> Float[torch.Tensor, "N H W"]:
    """Returns the cosine of the angle between each pixel's ray and its surface's normal, in 0..1.

    With rays r = (a, b, 1), a = (u - cx) / fx, b = (v - cy) / fy, and slopes zu, zv of the depth per pixel, the normal
    is along m = (-fx zu, -fy zv, z + a fx zu + b fy zv), and m . r = z. Of the slopes on both sides of a pixel the
    smaller counts, so that the edge of an object is not taken for a slanted surface.

    Args:
        depth: Planar depth, 0 where there is none; any unit.
        intrinsics: Camera matrices of the image [px].
    """
    height, width = depth.shape[1:]
    fx, fy, cx, cy = (intrinsics[:, i, j, None, None] for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    across = (torch.arange(width, device=depth.device, dtype=torch.float32) + 0.5 - cx) / fx
    down = (torch.arange(height, device=depth.device, dtype=torch.float32)[:, None] + 0.5 - cy) / fy
    step = max(1, round(width / _PIXELS_PER_STEP))
    slope_u, slope_v = fx * _slope(depth, 2, step), fy * _slope(depth, 1, step)
    along = depth + across * slope_u + down * slope_v
    normal = (slope_u * slope_u + slope_v * slope_v + along * along).sqrt()
    ray = (across * across + down * down + 1.0).sqrt()
    return (depth / (normal * ray).clamp(min=1e-9)).clamp(0.0, 1.0)


def slant_factor(cosine: Float[torch.Tensor, "N H W"]) -> Float[torch.Tensor, "N H W"]:
    """Returns (a / (90 - a))^2 of the angle a [degrees] whose cosine is given, by a table; at most 1000.

    Source: the growth of noise with slant in Nguyen et al. 2012 and Fankhauser et al. 2015.
    """
    return _factors(cosine.device)[(cosine * float(_TABLE)).long()]


def edges(depth: Float[torch.Tensor, "N H W"]) -> tuple[Bool[torch.Tensor, "N H W"], torch.Tensor, torch.Tensor]:
    """Returns where a surface ends before another, and the nearest and furthest depth around each pixel.

    Slanted surfaces rise on one side as they fall on the other; at an edge one of the two is much larger.
    """
    there = depth > 0.0
    far = _largest(torch.where(there, depth, -torch.inf))
    near = -_largest(torch.where(there, -depth, -torch.inf))
    jump = ((far - depth) - (depth - near)).abs() > _EDGE_SHARE * depth
    return jump & there, near, far


def _largest(values: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.max_pool2d(values[:, None], 3, 1, 1)[:, 0]


def _slope(depth: torch.Tensor, axis: int, step: int) -> torch.Tensor:
    """Returns the smaller of the differences per pixel to both sides; at the border there is one."""
    size = depth.shape[axis]
    if size <= step:
        return torch.zeros_like(depth)
    inner = (depth.narrow(axis, step, size - step) - depth.narrow(axis, 0, size - step)) / float(step)
    places = torch.arange(size, device=depth.device)
    forward = inner.index_select(axis, places.clamp(max=size - step - 1))
    backward = inner.index_select(axis, (places - step).clamp(min=0))
    return torch.where(forward.abs() < backward.abs(), forward, backward)


@functools.lru_cache(maxsize=8)
def _factors(device: torch.device) -> torch.Tensor:
    angles = np.arccos(np.arange(_TABLE + 1) / _TABLE)
    factors = np.minimum((angles / np.maximum(math.pi / 2 - angles, 1e-6)) ** 2, 1000.0)
    return torch.from_numpy(factors.astype(np.float32)).to(device)
