"""Blur of linear light: defocus and streaks, with a width of its own for each image of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from simgen.world.sensor.random import FrameKey, chance

_REACH = 3.0  # standard deviations
_SAMPLES_PER_PIXEL = 4


def defocus(light: Float[torch.Tensor, "N H W C"], sigmas: Sequence[float]) -> Float[torch.Tensor, "N H W C"]:
    """Blurs with a normal kernel; edges are repeated outwards.

    Args:
        light: Linear light.
        sigmas: Standard deviation of each image [px]; 0 leaves it as it is.
    """
    reach = math.ceil(_REACH * max(sigmas))
    if reach == 0:
        return light
    offsets = np.arange(-reach, reach + 1)
    weights = np.stack([_normal_kernel(offsets, sigma) for sigma in sigmas])
    for axis in (1, 2):
        shifts = [(int(offset), 0) if axis == 1 else (0, int(offset)) for offset in offsets]
        light = _gathered(light, shifts, weights)
    return light


def motion(
    light: Float[torch.Tensor, "N H W C"], lengths: Sequence[float], keys: Sequence[FrameKey]
) -> Float[torch.Tensor, "N H W C"]:
    """Smears each image along a line of a direction that its key draws.

    Args:
        light: Linear light.
        lengths: Of the line [px]; 0 leaves the image as it is.
        keys: Which images they are.
    """
    if max(lengths) == 0.0:
        return light
    reach = math.ceil(max(lengths) / 2.0) + 1
    kernels = np.stack([_line_kernel(reach, size, key) for size, key in zip(lengths, keys, strict=True)])
    used = np.argwhere(kernels.any(axis=0))
    shifts = [(int(row) - reach, int(column) - reach) for row, column in used]
    return _gathered(light, shifts, kernels[:, used[:, 0], used[:, 1]])


def _gathered(light: torch.Tensor, shifts: Sequence[tuple[int, int]], weights: np.ndarray) -> torch.Tensor:
    """Adds shifted images with weights (N, len(shifts)), in the order given: the sum of an image is its own affair."""
    height, width = light.shape[1:3]
    factors = torch.from_numpy(weights.astype(np.float32)).to(light.device)
    rows, columns = (torch.arange(size, device=light.device) for size in (height, width))
    total = torch.zeros_like(light)
    for number, (down, right) in enumerate(shifts):
        part = light[:, (rows + down).clamp(0, height - 1)] if down else light
        part = part[:, :, (columns + right).clamp(0, width - 1)] if right else part
        total += part * factors[:, number, None, None, None]
    return total


def _normal_kernel(offsets: np.ndarray, sigma: float) -> np.ndarray:
    if sigma == 0.0:
        return (offsets == 0).astype(float)
    kernel = np.where(np.abs(offsets) <= math.ceil(_REACH * sigma), np.exp(-0.5 * (offsets / sigma) ** 2), 0.0)
    return kernel / kernel.sum()


def _line_kernel(reach: int, length: float, key: FrameKey) -> np.ndarray:
    """Spreads points of a line through the middle over the four pixels around each. Shape: (2 reach + 1,) * 2."""
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    angle = math.pi * chance(key, "motion")
    samples = max(1, math.ceil(length * _SAMPLES_PER_PIXEL))
    along = length * ((np.arange(samples) + 0.5) / samples - 0.5)
    for place in along:
        row, column = place * math.sin(angle), place * math.cos(angle)
        down, right = math.floor(row), math.floor(column)
        share = np.outer([down + 1 - row, row - down], [right + 1 - column, column - right])
        kernel[reach + down : reach + down + 2, reach + right : reach + right + 2] += share
    return kernel / samples
