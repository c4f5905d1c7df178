"""What an example looks like: a camera's pictures before, at and after the frame that a filter points at."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from simgen.data import EpisodeView
from simgen.errors import SimgenError
from simgen.view.report.markup import Html, element
from simgen.view.report.palette import SegmentationColors
from simgen.view.report.tiles import resize_colors, resize_nearest, tile_size

_GAP = 2
_PAPER = 22


def strip(episode: EpisodeView, frame: int | None, filter_name: str, reason: str) -> Html | None:
    """Returns a row of pictures as one image; None of an episode without any, or that cannot be read."""
    camera = _camera(episode, reason)
    if camera is None:
        return None
    frames = shown_frames(episode.length, frame, filter_name)
    try:
        painted = [_paint(episode, camera, number, filter_name) for number in frames]
    except SimgenError:
        return None
    words = ", ".join(str(number) for number in frames)
    label = f"camera {camera}, frames {words}"
    return element("figure", _image(painted, label), element("figcaption", label), class_="strip")


def shown_frames(length: int, frame: int | None, filter_name: str) -> list[int]:
    """Frames around the one that shows it; of what concerns the whole episode, frames spread over it."""
    if frame is None or filter_name in ("duplicate", "balance", "success", "occlusion", "length", "saturation"):
        return sorted({0, length // 2, length})
    middle = min(max(frame, 0), length)
    return sorted({max(0, middle - 1), middle, min(length, middle + 3)})


def _camera(episode: EpisodeView, reason: str) -> str | None:
    having = [name for name in episode.cameras if f"sensor_data/{name}/rgb" in episode.obs]
    return next((name for name in having if f"camera {name}" in reason), having[0] if having else None)


def _paint(episode: EpisodeView, camera: str, frame: int, filter_name: str) -> np.ndarray:
    """A frame of a camera; where the target is not seen, with its segmentation below."""
    image = np.asarray(episode.rgb(camera)[frame : frame + 1])
    height, width = tile_size(*image.shape[1:3])
    rgb = resize_colors(image, height, width)[0]
    if filter_name != "occlusion" or f"sensor_data/{camera}/segmentation" not in episode.obs:
        return rgb
    plane = np.asarray(episode.segmentation(camera)[frame : frame + 1])
    plane = resize_nearest(plane, height, width).reshape(height, width).clip(0).astype(np.int64)
    table = SegmentationColors().table(episode.segmentation_ids, int(plane.max()))
    return np.concatenate([rgb, np.full((_GAP, width, 3), _PAPER, np.uint8), table[plane]])


def _image(parts: Sequence[np.ndarray], label: str) -> Html:
    gap = np.full((parts[0].shape[0], _GAP, 3), _PAPER, np.uint8)
    row = [piece for part in parts for piece in (part, gap)][:-1]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(row, axis=1)).save(file, "WEBP", quality=80)
    data = base64.b64encode(file.getvalue()).decode()
    return element("img", src=f"data:image/webp;base64,{data}", alt=label)
