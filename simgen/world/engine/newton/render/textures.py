"""Repeating textures with mip levels, in one Warp array for all worlds.

A texel is kept as 8-bit square roots of linear colour: cheap to decode in a kernel and as fine as sRGB in the dark.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import warp as wp

from simgen.errors import SimgenError
from simgen.world.engine.newton.render.dense import read_int
from simgen.world.scene.color import srgb_to_linear

MAX_SIZE = 4096


@wp.struct
class TextureArrays:
    """What kernels see of the textures: per texture all levels, finest first, each a square of whole rows."""

    texels: wp.array(dtype=wp.int32)  # 0xBBGGRR, texture after texture
    first: wp.array(dtype=wp.int32)  # where a level starts
    count: wp.int32  # textures
    length: wp.int32  # texels of one texture, all levels
    size: wp.int32  # of the finest level: a power of two [texel]
    levels: wp.int32


def texture_arrays(
    images: Sequence[np.ndarray], size: int = 512, device: str | wp.Device | None = None
) -> TextureArrays:
    """Put images on a device.

    Args:
        images: sRGB pictures that repeat in both directions; the index is what `InstanceTable` calls texture.
            Shapes: (height, width, 3), uint8.
        size: What each is resampled to: a power of two [texel].
        device: Warp device.

    Raises:
        SimgenError: an image has another shape or type, or `size` is not a power of two up to 4096.
    """
    if size < 1 or size > MAX_SIZE or size & (size - 1):
        raise SimgenError(f"the texture size must be a power of two up to {MAX_SIZE}, not {size}")
    arrays = TextureArrays()
    chains = [_levels(_resample(_checked(image), size)) for image in images] or [[np.zeros((1, 1, 3))]]
    lengths = [level.shape[0] * level.shape[1] for level in chains[0]]
    packed = np.stack([np.concatenate([_pack(level) for level in chain]) for chain in chains])
    arrays.texels = wp.array(packed.ravel(), dtype=wp.int32, device=device)
    arrays.length = packed.shape[1]
    arrays.first = wp.array(np.cumsum([0, *lengths[:-1]]), dtype=wp.int32, device=device)
    arrays.count = len(images)
    arrays.size = chains[0][0].shape[0]
    arrays.levels = len(lengths)
    return arrays


def _checked(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise SimgenError(f"a texture must be uint8 of shape (height, width, 3), not {image.dtype} {image.shape}")
    return srgb_to_linear(image / 255.0)


def _resample(image: np.ndarray, size: int) -> np.ndarray:
    """To size x size by averaging (area) along one axis after the other; repeats texels where it must enlarge."""
    for axis in (0, 1):
        length = image.shape[axis]
        edges = np.arange(size + 1) * length / size
        total = np.concatenate([np.zeros_like(image.take([0], axis)), np.cumsum(image, axis)], axis)
        whole = np.minimum(edges.astype(int), length - 1)
        part = (edges - whole).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        integral = total.take(whole, axis) + part * image.take(whole, axis)
        image = np.diff(integral, axis=axis) * size / length
    return image


def _levels(image: np.ndarray) -> list[np.ndarray]:
    chain = [image]
    while chain[-1].shape[0] > 1:
        half = chain[-1].shape[0] // 2
        chain.append(chain[-1].reshape(half, 2, half, 2, 3).mean((1, 3)))
    return chain


def _pack(level: np.ndarray) -> np.ndarray:
    roots = np.rint(np.sqrt(level.clip(0, 1)) * 255).astype(np.int32).reshape(-1, 3)
    return roots[:, 0] | roots[:, 1] << 8 | roots[:, 2] << 16


@wp.func
def mix_texels(first: int, second: int, weight: int):
    """Between two texels, all three bytes at once; weight 0..128 of the second."""
    other = 128 - weight
    outer = (first & 0xFF00FF) * other + (second & 0xFF00FF) * weight
    inner = (first & 0x00FF00) * other + (second & 0x00FF00) * weight
    return ((outer >> 7) & 0xFF00FF) | ((inner >> 7) & 0x00FF00)


@wp.func
def sample_texture(textures: TextureArrays, texture: int, u: float, v: float, footprint: float):
    """Linear colour at (u, v) in repeats.

    `footprint`: how much of (u, v) a sample covers; the level is chosen by it, bilinear in the level.
    """
    size = int(textures.size)
    level = int(0)
    texels = footprint * float(size)
    while texels > 1.5 and level < textures.levels - 1:
        texels = texels * 0.5
        level += 1
        size = size >> 1
    x = (u - wp.floor(u)) * float(size) + (float(size) - 0.5)  # + size: keeps truncation a floor
    y = (v - wp.floor(v)) * float(size) + (float(size) - 0.5)
    column = int(x)
    row = int(y)
    right = int((x - float(column)) * 128.0)
    down = int((y - float(row)) * 128.0)
    mask = size - 1
    left = column & mask
    next_column = (column + 1) & mask
    start = texture * textures.length + read_int(textures.first, level)
    upper = start + (row & mask) * size
    lower = start + ((row + 1) & mask) * size
    texels_left = mix_texels(read_int(textures.texels, upper + left), read_int(textures.texels, lower + left), down)
    texels_right = mix_texels(
        read_int(textures.texels, upper + next_column), read_int(textures.texels, lower + next_column), down
    )
    texel = mix_texels(texels_left, texels_right, right)
    root = wp.vec3(float(texel & 255), float((texel >> 8) & 255), float((texel >> 16) & 255)) * (1.0 / 255.0)
    return wp.cw_mul(root, root)
