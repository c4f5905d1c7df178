"""Single images: decoding, resizing, depth in millimetres."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from simgen.data.import_.base import Unusable

_GREY16 = ("I;16", "I;16L", "I;16B", "I", "F")
_LARGEST_DEPTH = np.iinfo(np.int16).max  # [mm]


def decode_rgb(content: bytes | Path, where: str) -> np.ndarray:
    """Decodes an image file to colours. Shape: (H, W, 3), uint8.

    Raises:
        Unusable: if it is no image, or one of single numbers such as depth.
    """
    image = _opened(content, where)
    if image.mode in _GREY16:
        raise Unusable(f"{where}: holds {image.mode} numbers, not colours.")
    return np.asarray(image.convert("RGB"))


def decode_numbers(content: bytes | Path, where: str) -> np.ndarray:
    """Decodes an image file of one channel, such as depth. Shape: (H, W), its own type."""
    image = _opened(content, where)
    if image.mode not in (*_GREY16, "L"):
        raise Unusable(f"{where}: has the channels {image.mode}, not a single one.")
    return np.asarray(image)


def _opened(content: bytes | Path, where: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content) if isinstance(content, bytes) else content)
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(f"{where}: cannot be decoded as an image ({error}).") from None
    return image


def image_size(path: Path) -> tuple[int, int]:
    """Returns the width and height of an image file from its header [px].

    Raises:
        Unusable: if it is no image.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unusable(f"{path}: cannot be decoded as an image ({error}).") from None


def resize_colors(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Resizes an image to (width, height) [px], averaging where it shrinks. Shape: (H, W, 3), uint8."""
    if size is None or image.shape[:2] == size[::-1]:
        return image
    shrinks = size[0] <= image.shape[1] and size[1] <= image.shape[0]
    how = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).resize(size, how))


def resize_nearest(images: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Resizes to (width, height) [px] by repeating or leaving out pixels, as depth needs. Shape: (N, H, W, ...)."""
    if size is None or images.shape[1:3] == size[::-1]:
        return images
    rows = ((np.arange(size[1]) + 0.5) * images.shape[1] / size[1]).astype(int)
    columns = ((np.arange(size[0]) + 0.5) * images.shape[2] / size[0]).astype(int)
    return images[:, rows][:, :, columns]


def resize_stack(images: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Resizes images of any kind: colours are averaged, numbers are picked. Shape: (N, H, W, channels)."""
    if size is None or images.ndim != 4 or images.shape[1:3] == size[::-1] or not len(images):
        return images
    if images.dtype == np.uint8 and images.shape[-1] == 3:
        return np.stack([resize_colors(image, size) for image in images])
    return resize_nearest(images, size)


def scaled_intrinsics(matrices: np.ndarray, old: tuple[int, int], size: tuple[int, int] | None) -> np.ndarray:
    """Returns camera matrices for images that were resized.

    Args:
        matrices: OpenCV convention, pixel centres at whole numbers. Shape: (..., 3, 3).
        old: height and width before [px].
        size: width and height after [px]; None: as before.
    """
    if size is None:
        return matrices
    scale = np.array([size[0] / old[1], size[1] / old[0]])
    scaled = matrices.copy()
    scaled[..., :2, :] *= scale[:, None]
    scaled[..., :2, 2] += (scale - 1) / 2
    return scaled.astype(matrices.dtype)


def depth_mm(depth: np.ndarray, unit: str) -> np.ndarray:
    """Returns depth as it is stored: int16 [mm], 0 = none, also for what is farther than int16 reaches.

    Args:
        depth: Shape: (N, H, W) or (N, H, W, 1).
        unit: "mm" or "m".
    """
    values = depth[..., None] if depth.ndim == 3 else depth
    if values.dtype == np.int16 and unit == "mm":
        return np.maximum(values, 0)
    millimetres = np.rint(values.astype(np.float32) * (1000.0 if unit == "m" else 1.0))
    usable = np.isfinite(millimetres) & (millimetres > 0) & (millimetres <= _LARGEST_DEPTH)
    return np.where(usable, millimetres, 0).astype(np.int16)


def collected(frames: Iterable[np.ndarray], count: int, where: str) -> np.ndarray:
    """Returns images in one array, without holding them twice. Shape: (count, *shape of each).

    Raises:
        Unusable: if their sizes differ, or there are fewer.
    """
    images, found = np.empty(0), 0
    for number, frame in enumerate(frames):
        if number == 0:
            images = np.empty((count, *frame.shape), frame.dtype)
        if number >= count or frame.shape != images.shape[1:] or frame.dtype != images.dtype:
            raise Unusable(f"{where}: image {number} is {list(frame.shape)}, the first is {list(images.shape[1:])}.")
        images[number], found = frame, number + 1
    if found != count:
        raise Unusable(f"{where}: has {found} images instead of {count}.")
    return images
