"""Repeating textures with mip levels, in one Warp array for all worlds.

A texel is kept as 8-bit square roots of linear colour: cheap to decode in a kernel and as fine as sRGB in the dark.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import warp as wp

from simgen.errors import SimgenError
from simgen.world.engine.newton.render.row import FIELDS, SIMD, Row
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


@wp.func_native(
    FIELDS
    + """
    const int* const texels = textures.texels.data + texture * textures.length;
    const int* const first = textures.first.data;
    const int size = textures.size, last_level = textures.levels - 1;
    const float u_eye = u[0], u_direction = u[1], u_slope = u[2];
    const float v_eye = v[0], v_direction = v[1], v_slope = v[2];
    const float* const near = nearness.data + sample;
    const float spread = footprint * (float)size / 1.5f;
    const auto mix = [](int first, int second, int weight) {  // all three bytes at once; weight 0..128 of the second
        const int outer = (first & 0xFF00FF) * (128 - weight) + (second & 0xFF00FF) * weight;
        const int inner = (first & 0x00FF00) * (128 - weight) + (second & 0x00FF00) * weight;
        return (((unsigned)outer >> 7) & 0xFF00FF) | (((unsigned)inner >> 7) & 0x00FF00);
    };
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const float depth = 1.0f / near[i];
        // The level is ceil(log2(texels per sample / 1.5)): from the bits of the number.
        const float texels_covered = spread * depth;
        int bits;
        memcpy(&bits, &texels_covered, sizeof(bits));
        int level = ((bits + 0x7FFFFF) >> 23) - 127;
        level = level < 0 ? 0 : level > last_level ? last_level : level;
        const int side = size >> level;
        const float u_here = u_eye + (u_direction + u_slope * (float)i) * depth;
        const float v_here = v_eye + (v_direction + v_slope * (float)i) * depth;
        const float x = (u_here - floorf(u_here)) * (float)side + ((float)side - 0.5f);  // + side: keeps it positive
        const float y = (v_here - floorf(v_here)) * (float)side + ((float)side - 0.5f);
        const int column = (int)x, line = (int)y;
        const int right = (int)((x - (float)column) * 128.0f), down = (int)((y - (float)line) * 128.0f);
        const int left_column = column & (side - 1), right_column = (column + 1) & (side - 1);
        const int upper = first[level] + (line & (side - 1)) * side;
        const int lower = first[level] + ((line + 1) & (side - 1)) * side;
        const int left = mix(texels[upper + left_column], texels[lower + left_column], down);
        const int texel = mix(left, mix(texels[upper + right_column], texels[lower + right_column], down), right);
        const float r = (float)(texel & 255) / 255.0f;
        const float g = (float)((texel >> 8) & 255) / 255.0f;
        const float b = (float)((texel >> 16) & 255) / 255.0f;
        red[i] *= r * r;
        green[i] *= g * g;
        blue[i] *= b * b;
    }
"""
)
def multiply_texture(
    textures: TextureArrays,
    texture: int,
    u: wp.vec3,
    v: wp.vec3,
    footprint: float,
    nearness: wp.array(dtype=wp.float32),
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Multiply the colours of `count` samples by a texture, bilinear in the level that suits their distance.

    Args:
        u: In repeats: at the eye; per metre along the axis for the first sample; what that grows by per sample.
        v: Likewise.
        footprint: How much of (u, v) a sample covers at 1 m.
    """
    ...
