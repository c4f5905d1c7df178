"""The frames of an episode's video: for each camera a row of tiles, RGB | depth | segmentation | ..., side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from simgen.data import EpisodeView
from simgen.view.report.motion_colors import NOTES, color_motion
from simgen.view.report.palette import NOTHING, SegmentationColors, color_depth

OUTPUTS = ("rgb", "depth", "segmentation", "normals", "albedo", "optical_flow", "scene_flow", "pointcloud")
MOST_CAMERAS = 4
_SMALLEST, _LARGEST = 96, 192
_GAP = 2
_ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class Tile:
    """Where one output of one camera is in the video [px]."""

    camera: str
    output: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class TileLayout:
    """All tiles of an episode and the size of the video, which is even."""

    tiles: tuple[Tile, ...]
    width: int
    height: int


def tile_size(height: int, width: int) -> tuple[int, int]:
    """The size (height, width) at which an image is shown: small ones are enlarged by a whole factor."""
    longest = max(height, width, 1)
    if longest < _SMALLEST:
        factor = math.ceil(_SMALLEST / longest)
        return height * factor, width * factor
    factor = min(1.0, _LARGEST / longest)
    return max(2, round(height * factor)), max(2, round(width * factor))


def shown_cameras(episode: EpisodeView) -> dict[str, list[str]]:
    """Cameras with the outputs that are shown of them."""
    shown = {}
    for camera in episode.cameras:
        stored = episode.obs.below(f"sensor_data/{camera}")
        outputs = [output for output in OUTPUTS if output in stored and stored[output].ndim in (3, 4)]
        if outputs:
            shown[camera] = outputs
    return dict(list(shown.items())[:MOST_CAMERAS])


def lay_out(episode: EpisodeView) -> TileLayout | None:
    """Places the tiles of an episode; None if it has no images."""
    tiles, top, widest = [], 0, 0
    for camera, outputs in shown_cameras(episode).items():
        left, tallest = 0, 0
        for output in outputs:
            height, width = tile_size(*episode.image(camera, output).shape[1:3])
            tiles.append(Tile(camera, output, left, top, width, height))
            left, tallest = left + width + _GAP, max(tallest, height)
        top, widest = top + tallest + _GAP, max(widest, left - _GAP)
    if not tiles:
        return None
    return TileLayout(tuple(tiles), widest + widest % 2, top - _GAP + top % 2)


class TilePainter:
    """Paints the frames of episodes, with colours that mean the same in all of them.

    Args:
        depth_bounds: camera -> nearest and farthest distance that is told apart [mm].
    """

    def __init__(self, depth_bounds: dict[str, tuple[float, float]]) -> None:
        self.depth_bounds = depth_bounds
        self.colors = SegmentationColors()
        self.seen: set[str] = set()
        self.outputs: set[str] = set()

    def frames(self, episode: EpisodeView, layout: TileLayout, rows: Sequence[int]) -> Iterator[np.ndarray]:
        """Yields the frames of increasing rows, reading few at a time. Shape of each: (height, width, 3), uint8."""
        names = {number: str(entry.get("name", "")) for number, entry in episode.segmentation_ids.items()}
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = np.asarray(rows[start : start + _ROWS_AT_ONCE])
            canvas = np.empty((len(part), layout.height, layout.width, 3), np.uint8)
            canvas[:] = NOTHING
            for tile in layout.tiles:
                images = episode.image(tile.camera, tile.output)[part[0] : part[-1] + 1][part - part[0]]
                painted = self._paint(images, tile, episode, names)
                canvas[:, tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = painted
            yield from canvas

    def _paint(self, images: np.ndarray, tile: Tile, episode: EpisodeView, names: dict[int, str]) -> np.ndarray:
        self.outputs.add(tile.output)
        if tile.output in ("rgb", "albedo"):
            return resize_colors(images, tile.height, tile.width)
        images = resize_nearest(images, tile.height, tile.width)
        if tile.output == "normals":
            return np.clip(images[..., :3] * 127.5 + 127.5, 0, 255).astype(np.uint8)
        if tile.output in NOTES:
            return color_motion(tile.output, images)
        plane = images.reshape(*images.shape[:3], -1)[..., 0]
        if tile.output == "depth":
            return color_depth(plane, self.depth_bounds[tile.camera])
        plane = np.maximum(plane, 0).astype(np.int64)
        present = np.flatnonzero(np.bincount(plane.reshape(-1)))
        self.seen.update(names.get(int(number), f"id {number}") for number in present if number)
        return self.colors.table(episode.segmentation_ids, int(present[-1]))[plane]


def depth_bounds(episodes: Sequence[EpisodeView]) -> dict[str, tuple[float, float]]:
    """Per camera, between which distances [mm] nearly all pixels of the first and middle frames lie."""
    samples: dict[str, list[np.ndarray]] = {}
    for episode in episodes:
        for camera, outputs in shown_cameras(episode).items():
            if "depth" not in outputs:
                continue
            for row in {0, episode.length // 2}:
                pixels = episode.depth(camera)[row].reshape(-1)[::7]
                samples.setdefault(camera, []).append(pixels[pixels > 0])
    bounds = {}
    for camera, parts in samples.items():
        pixels = np.concatenate(parts)
        near, far = np.percentile(pixels, [0.5, 99]) if len(pixels) else (1.0, 2.0)
        bounds[camera] = (float(near), float(max(far, near * 1.05)))
    return bounds


def resize_colors(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes colour images, averaging where they shrink. Shape: (N, H, W, >= 3), uint8."""
    images = images[..., :3] if images.shape[-1] >= 3 else np.repeat(images[..., :1], 3, -1)
    if images.shape[1:3] == (height, width):
        return images
    if images.shape[1] <= height and images.shape[2] <= width:
        return resize_nearest(images, height, width)
    resized = [
        Image.fromarray(np.ascontiguousarray(image)).resize((width, height), Image.Resampling.HAMMING)
        for image in images
    ]
    return np.stack([np.asarray(image) for image in resized])


def resize_nearest(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes by repeating or leaving out pixels. Shape: (N, H, W, ...)."""
    if images.shape[1:3] == (height, width):
        return images
    rows = (np.arange(height) + 0.5) * images.shape[1] / height
    columns = (np.arange(width) + 0.5) * images.shape[2] / width
    return images[:, rows.astype(int)][:, :, columns.astype(int)]
