"""Random numbers that are a function of episode seed, camera, frame, purpose and pixel alone.

A hash of the pixel's index replaces the state of a generator, so that an image has the same noise whatever was drawn
before, with whichever others it is in a batch, and on whichever device: only integers, table look-ups and sums in a
fixed order are used, which all devices compute alike.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import ndtri

_TABLE_BITS = 16
_REACH = 2.5  # A smoothing kernel ends at this many standard deviations.
# Multipliers of the 32-bit finaliser "lowbias32" by C. Wellons (public domain) and of Weyl's sequence, as signed ints.
_FIRST, _SECOND, _WEYL = 0x7FEB352D, 0x846CA68B - (1 << 32), 0x9E3779B9 - (1 << 32)


@dataclass(frozen=True)
class FrameKey:
    """Which image it is.

    Args:
        seed: Of the episode.
        camera: Name of the camera.
        frame: Control steps since the episode's start.
    """

    seed: int
    camera: str
    frame: int


def key_words(key: FrameKey, purpose: str) -> bytes:
    """Returns eight bytes that are a function of the frame and the purpose."""
    text = f"{key.seed}/{key.camera}/{key.frame}/{purpose}"
    return hashlib.sha256(text.encode()).digest()[:8]


def chance(key: FrameKey, purpose: str) -> float:
    """Returns one number of a frame, uniform in 0..1."""
    return int.from_bytes(key_words(key, purpose), "little") / 2.0**64


def bits(keys: Sequence[FrameKey], purpose: str, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Returns 32 random bits per pixel. Shape: (N, *shape), int32, N = len(keys)."""
    words = np.frombuffer(b"".join(key_words(key, purpose) for key in keys), dtype="<i4").reshape(-1, 2)
    first, second = torch.from_numpy(words.astype(np.int32)).to(device).T.reshape(2, -1, *[1] * len(shape))
    index = torch.arange(math.prod(shape), dtype=torch.int32, device=device).reshape(shape)
    return _mixed(_mixed(index * _WEYL + first) ^ second)


def uniform(keys: Sequence[FrameKey], purpose: str, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Returns numbers that are uniform in [0, 1). Shape: (N, *shape)."""
    return (bits(keys, purpose, shape, device) >> 8 & 0xFFFFFF).float() * 2.0**-24


def normal(keys: Sequence[FrameKey], purpose: str, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """Returns normal numbers of mean 0 and standard deviation 1, up to 4.3. Shape: (N, *shape)."""
    index = bits(keys, purpose, shape, device) >> 16 & 0xFFFF
    return _normal_table(device)[index]


def smooth_normal(
    keys: Sequence[FrameKey], purpose: str, height: int, width: int, scale: float, device: torch.device
) -> Float[torch.Tensor, "N H W"]:
    """Returns a normal field of mean 0 and standard deviation 1 that varies over about `scale` pixels.

    Args:
        scale: Standard deviation of the kernel that smooths it [px]; 0: pixels are independent.
    """
    if scale <= 0.0:
        return normal(keys, purpose, (height, width), device)
    reach = math.ceil(_REACH * scale)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / scale) ** 2)
    kernel /= np.sqrt(np.sum(kernel**2))  # sums of independent numbers keep their variance
    field = normal(keys, purpose, (height + 2 * reach, width + 2 * reach), device)
    rows = weighted_sum([field[:, shift : shift + height] for shift in range(len(kernel))], kernel)
    return weighted_sum([rows[:, :, shift : shift + width] for shift in range(len(kernel))], kernel)


def weighted_sum(parts: Sequence[torch.Tensor], weights: Sequence[float] | np.ndarray) -> torch.Tensor:
    """Adds weighted tensors one after the other; convolutions would choose an order of their own."""
    total = parts[0] * float(weights[0])
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        total += part * float(weight)
    return total


def threshold(share: float) -> float:
    """Returns the number that a share of normal numbers lies above; infinity where the share is 0."""
    return float(ndtri(1.0 - share))


def _mixed(value: torch.Tensor) -> torch.Tensor:
    """Mixes the bits of 32-bit integers; right shifts of signed integers are made logical by a mask."""
    value = value ^ (value >> 16 & 0xFFFF)
    value = value * _FIRST
    value = value ^ (value >> 15 & 0x1FFFF)
    value = value * _SECOND
    return value ^ (value >> 16 & 0xFFFF)


@functools.lru_cache(maxsize=8)
def _normal_table(device: torch.device) -> torch.Tensor:
    middles = (np.arange(1 << _TABLE_BITS) + 0.5) / (1 << _TABLE_BITS)
    return torch.from_numpy(ndtri(middles).astype(np.float32)).to(device)
