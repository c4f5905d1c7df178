"""Short videos that every browser plays from a data URI: H.264 in MP4, or VP9 in WebM where that encoder is missing."""

from __future__ import annotations

import base64
import functools
import io
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image

from simgen.data import EpisodeView
from simgen.data.lazy import LazyArray
from simgen.errors import SimgenError
from simgen.view.report.markup import Html, element
from simgen.view.report.tiles import TileLayout, TilePainter, lay_out, resize_colors, tile_size

MOST_FRAMES = 300
_FASTEST, _SLOWEST = 30.0, 10.0  # frames per second
_HOLD_SECONDS = 0.6  # the last frame stays, so that one sees how it ended
_WALL_TILE, _WALL_ROWS = 128, 16
_BT709 = 1
_BICUBIC = Interpolation.BICUBIC
_WIDE = 480  # wider videos are not enlarged [px]


@dataclass(frozen=True)
class Encoder:
    """A video encoder and its container."""

    codec: str
    container: str
    mime: str
    options: dict[str, str]


# One thread: the same frames always give the same bytes, and the report leaves the other cores alone.
ENCODERS = (
    Encoder("libx264", "mp4", "video/mp4", {"crf": "25", "preset": "veryfast", "profile": "high", "threads": "1"}),
    Encoder(
        "libvpx-vp9", "webm", "video/webm",
        {"crf": "34", "b": "0", "deadline": "good", "cpu-used": "5", "threads": "1"},
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Video:
    """An encoded video.

    Attributes:
        poster: its first frame as JPEG.
        fps: frames per second.
        speed: 1.0 is real time.
        layout: where its tiles are; None if it is no episode's.
    """

    data: bytes
    mime: str
    poster: bytes
    width: int
    height: int
    fps: float
    speed: float = 1.0
    layout: TileLayout | None = None

    def element(self, label: str) -> Html:
        """The video as markup: the page's script plays it while it is on the screen; without it there are controls."""
        source = element("source", src=data_uri(self.data, self.mime), type=self.mime)
        return element(
            "video", source, poster=data_uri(self.poster, "image/jpeg"), width=self.width, height=self.height,
            controls=True, loop=True, muted=True, playsinline=True, preload="none", aria_label=label,
            data_hold=_HOLD_SECONDS,
        )  # fmt: skip


def data_uri(data: bytes, mime: str) -> str:
    """The bytes as part of a page."""
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


@functools.cache
def choose_encoder() -> Encoder:
    """The first encoder that PyAV has.

    Raises:
        SimgenError: if it has none of them.
    """
    for encoder in ENCODERS:
        if encoder.codec in av.codecs_available:
            return encoder
    names = ", ".join(encoder.codec for encoder in ENCODERS)
    raise SimgenError(f"PyAV has none of the video encoders {names}; install the `av` wheel of the package index.")


def encode(
    frames: Iterable[np.ndarray], fps: float, scale: int = 1, encoder: Encoder | None = None
) -> tuple[bytes, np.ndarray]:
    """Encodes RGB frames of one even size.

    Args:
        frames: Shape of each: (H, W, 3), uint8; at least one.
        fps: frames per second.
        scale: enlarges the frames; browsers halve the resolution of colour, so small images gain by it.
        encoder: default: `choose_encoder()`.

    Returns:
        the file's bytes, and the first frame.
    """
    encoder = encoder or choose_encoder()
    frames = iter(frames)
    first = next(frames)
    with tempfile.TemporaryDirectory(prefix="simgen-report-") as folder:
        path = Path(folder) / f"video.{encoder.container}"
        options = {"movflags": "+faststart"} if encoder.container == "mp4" else {}
        with av.open(str(path), "w", format=encoder.container, options=options) as container:
            stream = container.add_stream(encoder.codec, rate=Fraction(fps).limit_denominator(1000))
            assert isinstance(stream, av.VideoStream)
            stream.options = dict(encoder.options)
            stream.height, stream.width = (scale * size for size in first.shape[:2])
            stream.pix_fmt = "yuv420p"
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = context.color_range = _BT709
            for image in _chain(first, frames):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
                frame = frame.reformat(
                    stream.width, stream.height, "yuv420p", dst_colorspace=Colorspace.ITU709, interpolation=_BICUBIC
                )
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes(), first


def _chain(first: np.ndarray, rest: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from rest


def frame_plan(rows: int, hz: float) -> tuple[list[int], float, float]:
    """Which rows of an episode a video shows, at how many frames per second, and how much faster than real time."""
    stride = max(1, math.ceil(rows / MOST_FRAMES), math.ceil(hz / _FASTEST))
    fps = max(hz / stride, _SLOWEST) if stride > 1 else hz
    shown = list(range(0, rows, stride))
    if shown[-1] != rows - 1:
        shown.append(rows - 1)
    return shown, fps, fps * stride / hz


def _hold(frames: Iterable[np.ndarray], repeats: int) -> Iterator[np.ndarray]:
    frame = None
    for frame in frames:
        yield frame
    for _ in range(repeats if frame is not None else 0):
        yield frame  # pyright: ignore[reportReturnType]


def episode_video(episode: EpisodeView, painter: TilePainter, hz: float) -> Video | None:
    """The video of an episode, its last frame held for a moment; None if it has no images."""
    layout = lay_out(episode)
    if layout is None:
        return None
    rows, fps, speed = frame_plan(episode.length + 1, hz)
    frames = _hold(painter.frames(episode, layout, rows), hold_frames(fps))
    scale = 2 if layout.width <= _WIDE else 1
    data, first = encode(frames, fps, scale)
    return Video(
        data, choose_encoder().mime, _jpeg(first), scale * layout.width, scale * layout.height, fps, speed, layout
    )


def hold_frames(fps: float) -> int:
    """How often the last frame is repeated."""
    return round(_HOLD_SECONDS * fps)


def wall_video(episodes: Sequence[EpisodeView], columns: int, hz: float) -> Video | None:
    """Many episodes at once, as a wall of RGB tiles; None if they do not all have RGB images of one size."""
    clips = [clip for episode in episodes if (clip := _rgb(episode)) is not None]
    if not clips or len(clips) < len(episodes) or len({clip.shape[1:] for clip in clips}) > 1:
        return None
    longest = max(len(clip) for clip in clips)
    stride = max(1, math.ceil(hz / _FASTEST))
    rows = list(range(0, longest, stride))[:MOST_FRAMES]
    fps = hz / stride
    data, first = encode(_hold(_wall(clips, columns, rows), hold_frames(fps)), fps)
    return Video(data, choose_encoder().mime, _jpeg(first), first.shape[1], first.shape[0], fps)


def _rgb(episode: EpisodeView) -> LazyArray | None:
    for camera in episode.cameras:
        if "rgb" in episode.obs.below(f"sensor_data/{camera}"):
            return episode.rgb(camera)
    return None


def _wall(clips: Sequence[LazyArray], columns: int, rows: Sequence[int]) -> Iterator[np.ndarray]:
    """Frames with all clips at the same time, read few at a time; a clip that has ended shows its last frame."""
    height, width = (min(size, _WALL_TILE) // 2 * 2 for size in tile_size(*clips[0].shape[1:3]))
    for start in range(0, len(rows), _WALL_ROWS):
        part = rows[start : start + _WALL_ROWS]
        tiles = []
        for clip in clips:
            times = np.minimum(part, len(clip) - 1)
            tiles.append(resize_colors(clip[times[0] : times[-1] + 1][times - times[0]], height, width))
        lines = [np.concatenate(tiles[i : i + columns], 2) for i in range(0, len(tiles), columns)]
        yield from np.concatenate(lines, 1)


def _jpeg(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=72, subsampling=0)
    return buffer.getvalue()
