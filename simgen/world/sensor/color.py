"""Colour as a camera sees it: exposure, white balance, blur, saturation and noise."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8

from simgen.spec.sensors import RgbSpec
from simgen.world.scene.color import linear_to_srgb, srgb_to_linear
from simgen.world.sensor.blur import defocus, motion
from simgen.world.sensor.draw import column
from simgen.world.sensor.random import FrameKey, smooth_normal

_STEPS = 4096  # of the table that encodes linear light; between its entries it interpolates


def noisy_rgb(
    images: UInt8[torch.Tensor, "N H W 3"], specs: Sequence[RgbSpec], keys: Sequence[FrameKey]
) -> UInt8[torch.Tensor, "N H W 3"]:
    """Spoils colour images (sRGB).

    Exposure, white balance and blur act on linear light, which saturates at 1. Noise is added to the encoded image:
    the noise of light grows with the root of it, and sRGB's curve makes that about even (0.44 L^-0.08).

    Args:
        images: Clean images.
        specs: The sensor of each image, all numbers drawn.
        keys: Which images they are.
    """
    light = _light_of(images.device)[images.long()]
    light = light * _gains(specs, images.device)
    light = defocus(light, [_number(spec.blur_px) for spec in specs])
    light = motion(light, [_number(spec.motion_px) for spec in specs], keys)
    encoded = _encoded(light.clamp(0.0, 1.0))
    if any(spec.noise for spec in specs):
        height, width = images.shape[1:3]
        grain = specs[0].grain_px  # never drawn, so the same for all
        fields = [smooth_normal(keys, f"rgb {c}", height, width, grain, images.device) for c in range(3)]
        encoded = encoded + torch.stack(fields, -1) * column(specs, "noise", images.device)[..., None]
    return (encoded * 255.0).round().clamp(0.0, 255.0).to(torch.uint8)


def _gains(specs: Sequence[RgbSpec], device: torch.device) -> torch.Tensor:
    """Returns the factors on light. Shape: (N, 1, 1, 3)."""
    gains = [np.asarray(spec.white_balance, float) * _number(spec.exposure) for spec in specs]
    return torch.from_numpy(np.stack(gains).astype(np.float32)).to(device)[:, None, None]


def _number(value: object) -> float:
    assert isinstance(value, float), "distributions are drawn before"
    return value


def _encoded(light: torch.Tensor) -> torch.Tensor:
    """Returns sRGB in 0..1 of linear light in 0..1, by a table: powers differ between devices in the last digit."""
    table = _encoding(light.device)
    place = light * float(_STEPS)
    below = place.long().clamp(max=_STEPS - 1)
    start = table[below]
    return start + (table[below + 1] - start) * (place - below.float())


@functools.lru_cache(maxsize=8)
def _light_of(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.asarray(srgb_to_linear(np.arange(256) / 255.0), np.float32)).to(device)


@functools.lru_cache(maxsize=8)
def _encoding(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.asarray(linear_to_srgb(np.arange(_STEPS + 1) / _STEPS), np.float32)).to(device)
