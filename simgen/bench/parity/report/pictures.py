"""Pictures of both engines beside each other, and what differs between them."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from PIL import Image

from simgen.bench.parity.first_frame import FirstFrames, FramePair
from simgen.bench.parity.images import Pictures
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import percent
from simgen.view.report.page import section
from simgen.view.report.palette import NOTHING, SegmentationColors, color_depth
from simgen.view.report.tiles import resize_colors, resize_nearest, tile_size
from simgen.view.report.videos import data_uri

RGB_RANGE = 128  # mean difference of the channels that is drawn brightest
DEPTH_RANGE = 20  # the same [mm]
ONE_SIDED = (64, 224, 255)  # only one engine sees a surface
OTHER_ID = (255, 64, 150)
_OUTPUTS = ("rgb", "depth", "segmentation")
_GAP = 3


def first_frames(frames: FirstFrames | None, names: tuple[str, str]) -> Html | None:
    """Cards with the first frames of some episodes, and of those that differ most."""
    if frames is None:
        return None
    colors = SegmentationColors()
    cards = [_card(pair, names, colors, "worst" if pair in frames.worst else "") for pair in _shown(frames)]
    note = (
        f"Before the first step. Differences: colours up to {RGB_RANGE} of 255, depth up to {DEPTH_RANGE} mm (light "
        "blue: only one engine sees a surface), masks with another id in pink."
    )
    return section("First frames", element("div", cards, class_="cards"), note=note, id_="frames")


def _shown(frames: FirstFrames) -> list[FramePair]:
    return [*frames.shown, *frames.worst]


def _card(pair: FramePair, names: tuple[str, str], colors: SegmentationColors, kind: str) -> Html:
    outputs = [output for output in _OUTPUTS if output in pair.first]
    rows = [_row(output, pair, colors) for output in outputs]
    picture = stack_rows(rows)
    label = f"first frame of episode {pair.episode.index}: {names[0]}, {names[1]}, difference"
    image = element(
        "img", src=data_uri(_png(picture), "image/png"), width=picture.shape[1], height=picture.shape[0], alt=label
    )
    wrong = f"{percent(pair.wrong)} of pixels have another id" if "segmentation" in pair.first else f"{pair.wrong:.1f}"
    return element(
        "article",
        element("div", image, tile_labels([*names, "difference"], len(rows)), class_="film"),
        element("h3", pair.episode.scene.instruction or f"Episode {pair.episode.index}"),
        element("p", kind and element("em", kind), wrong),
        element("p", f"{pair.camera} · episode {pair.episode.index} · seed {pair.episode.seed}", class_="fine"),
    )


def tile_labels(columns: list[str], rows: int) -> list[Html]:
    """Names over the tops of the columns of a picture."""
    return [
        element("span", name, class_="top", style=f"left:{100 * index / len(columns):.2f}%;top:0")
        for index, name in enumerate(columns)
        if rows
    ]


def _row(output: str, pair: FramePair, colors: SegmentationColors) -> list[np.ndarray]:
    if output == "rgb":
        one, two = pair.first["rgb"], pair.second["rgb"]
        return [_fit(picture) for picture in (one, two, color_difference(one, two))]
    one, two = (_plane(images, output) for images in (pair.first, pair.second))
    if output == "depth":
        bounds = _bounds(one, two)
        shown = [color_depth(one, bounds), color_depth(two, bounds), _depth_difference(one, two)]
        return [_fit(picture) for picture in shown]
    highest = int(max(one.max(), two.max(), 1))
    table = colors.table(pair.names, highest)
    one, two = np.maximum(one, 0), np.maximum(two, 0)
    differs = np.where((one != two)[..., None], np.array(OTHER_ID, np.uint8), table[one] // 4)
    return [_fit(picture) for picture in (table[one], table[two], differs.astype(np.uint8))]


def _plane(images: Pictures, output: str) -> np.ndarray:
    image = images[output]
    return image.reshape(*image.shape[:2], -1)[..., 0].astype(np.int64)


def _bounds(one: np.ndarray, two: np.ndarray) -> tuple[float, float]:
    pixels = np.concatenate([one[one > 0], two[two > 0]])
    near, far = np.percentile(pixels, [0.5, 99]) if len(pixels) else (1.0, 2.0)
    return float(near), float(max(far, near * 1.05))


def color_difference(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """The mean difference of the channels, dark to bright. Shape: (..., H, W, 3) -> the same, uint8."""
    difference = np.abs(one[..., :3].astype(np.int16) - two[..., :3].astype(np.int16)).mean(-1)
    return _ramp()[np.clip(difference / RGB_RANGE * 255, 0, 255).astype(np.uint8)]


def _depth_difference(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    shade = np.clip(np.abs(one - two) / DEPTH_RANGE * 255, 0, 255).astype(np.uint8)
    picture = _ramp()[shade]
    picture[(one > 0) != (two > 0)] = ONE_SIDED
    return picture


@functools.cache
def _ramp() -> np.ndarray:
    """Colours from no difference to much. Shape: (256, 3), uint8."""
    colors = (matplotlib.colormaps["inferno"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
    return np.maximum(colors, np.array(NOTHING, np.uint8))


def _fit(picture: np.ndarray) -> np.ndarray:
    height, width = tile_size(*picture.shape[:2])
    enlarged = picture.shape[0] <= height
    return (resize_nearest if enlarged else resize_colors)(picture[None, ..., :3], height, width)[0]


def stack_rows(rows: Sequence[Sequence[np.ndarray]], gap: int = _GAP) -> np.ndarray:
    """Puts tiles of one size beside and below each other, with gaps. Shape: (H, W, 3), uint8."""
    height, width = rows[0][0].shape[:2]
    columns = len(rows[0])
    canvas = np.empty((len(rows) * (height + gap) - gap, columns * (width + gap) - gap, 3), np.uint8)
    canvas[:] = NOTHING
    for line, row in enumerate(rows):
        for column, tile in enumerate(row):
            top, left = line * (height + gap), column * (width + gap)
            canvas[top : top + height, left : left + width] = tile
    return canvas


def _png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
