"""Colours of what is worked out per pixel: optical flow, scene flow, point clouds. The same in every report."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import hsv_to_rgb

from simgen.view.report.palette import NOTHING

# Half of the full colour is reached here; beyond it colours saturate, so that slow and fast are both told apart.
_PIXELS, _STEP_METRES, _METRES = 2.0, 0.01, 0.5
NOTES = {
    "optical_flow": f"optical flow: hue is its direction, brightness its length; half of it at {_PIXELS:g} px a frame",
    "scene_flow": "scene flow: red, green, blue are x, y, z; grey is at rest, half of a colour at "
    f"{100 * _STEP_METRES:g} cm a frame",
    "pointcloud": f"point cloud: red, green, blue are x, y, z; grey is the origin, half of a colour at {_METRES:g} m",
}


def color_motion(output: str, images: np.ndarray) -> np.ndarray:
    """Colours derived images.

    Args:
        output: A key of NOTES.
        images: Shape: (..., H, W, channels), float32.

    Returns:
        Shape: (..., H, W, 3), uint8.
    """
    images = np.nan_to_num(images.astype(np.float32))
    if output == "optical_flow":
        return _directions(images)
    if output == "scene_flow":
        return _axes(images, _STEP_METRES)
    return np.where(images[..., 3:] > 0, _axes(images[..., :3], _METRES), np.array(NOTHING, np.uint8))


def _directions(flow: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(flow, axis=-1)
    hue = np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi) % 1.0
    value = length / (length + _PIXELS)
    return (255 * hsv_to_rgb(np.stack([hue, np.full_like(hue, 0.85), value], -1))).round().astype(np.uint8)


def _axes(vectors: np.ndarray, half: float) -> np.ndarray:
    return (127.5 + 127.5 * vectors / (np.abs(vectors) + half)).round().astype(np.uint8)
