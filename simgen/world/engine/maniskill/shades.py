"""Colours: from SAPIEN's bytes to what a camera records, with the sky where nothing is, and several samples a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from simgen.world.engine.appearance import HORIZON, tone
from simgen.world.scene.color import linear_to_srgb
from simgen.world.scene.scene import Light

# Light is halved before SAPIEN cuts it off at 1, and doubled again when its bytes are read.
EXPOSURE = 0.5
_GAMMA = 2.2  # of SAPIEN's bytes


def rgb(color: torch.Tensor, nothing: torch.Tensor, sky: torch.Tensor | None, samples: int) -> torch.Tensor:
    """Returns the picture of what SAPIEN drew with `samples` pixels per pixel and axis.

    Args:
        color: Bytes, or floats in 0..1. Shape: (N, H s, W s, 3).
        nothing: Where nothing was hit. Shape: (N, H s, W s).
        sky: Linear light that is seen there; None if that is nowhere. Shape: (N, H s, W s, 3).
        samples: s; the light of a pixel's samples is averaged before the tone is.

    Returns:
        sRGB. Shape: (N, H, W, 3), uint8.
    """
    if color.is_floating_point():
        color = (color.clamp(0, 1) * 255).round()
    color = color.long()
    if samples == 1:
        shown = _byte_table(_GAMMA, 1.0 / EXPOSURE).to(color.device)[color]
        if sky is not None:
            shown[nothing] = encoded(sky).to(color.device)[nothing]
        return shown
    light = _linear_table(_GAMMA, 1.0 / EXPOSURE).to(color.device)[color]
    if sky is not None:
        light = torch.where(nothing[..., None], sky.to(light), light)
    worlds, height, width, _ = light.shape
    blocks = light.view(worlds, height // samples, samples, width // samples, samples, 3)
    return encoded(blocks.mean((2, 4))).to(color.device)


def albedo(color: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
    """Returns surface colours as sRGB. Shape: (N, H, W, 3) in 0..1 -> the same, uint8."""
    shades = (color.clamp(0, 1) * 255).round().long()
    return _byte_table(1.0, 1.0).to(shades.device)[shades].masked_fill(nothing[..., None], 0)


def sky(
    lights: Sequence[Light], cam2world_gl: torch.Tensor, intrinsic: torch.Tensor, height: int, width: int
) -> torch.Tensor:
    """What rays that hit nothing see: darker towards the ground. Shapes: (N, 4, 4), (N, 3, 3) -> (N, H, W, 3)."""
    matrices, intrinsic = cam2world_gl.cpu(), intrinsic.cpu()
    x = (torch.arange(width) + 0.5 - width / 2) / intrinsic[:, 0, 0, None]
    y = (torch.arange(height) + 0.5 - height / 2) / intrinsic[:, 1, 1, None]
    rays = torch.stack(torch.broadcast_tensors(x[:, None, :], -y[:, :, None], -torch.ones(1, 1, 1)), -1)
    up = 0.5 + 0.5 * (rays * matrices[:, None, None, 2, :3]).sum(-1) / rays.norm(dim=-1)
    above = torch.tensor([light.background for light in lights])[:, None, None]
    return above * (HORIZON + (1.0 - HORIZON) * up[..., None])


def encoded(linear: torch.Tensor) -> torch.Tensor:
    """Returns linear light as a camera records it. Shape: (...) -> (...), uint8."""
    shown = linear_to_srgb(tone(linear.cpu().double().numpy()))
    return torch.from_numpy(np.rint(shown * 255).astype(np.uint8))


@cache
def _linear_table(gamma: float, gain: float) -> torch.Tensor:
    """What SAPIEN's bytes mean. Shape: (256,), float64."""
    return gain * (torch.arange(256, dtype=torch.float64) / 255.0) ** gamma


@cache
def _byte_table(gamma: float, gain: float) -> torch.Tensor:
    """What a camera records of SAPIEN's bytes. Shape: (256,), uint8."""
    linear = _linear_table(gamma, gain)
    shown = linear.numpy() if gain == 1.0 else tone(linear.numpy())
    return torch.from_numpy(np.rint(linear_to_srgb(shown) * 255).astype(np.uint8))
