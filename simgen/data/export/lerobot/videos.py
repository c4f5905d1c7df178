"""Videos of episodes, and files that hold several of them: packets are moved, nothing is encoded twice."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from simgen.data.import_.lerobot.depth import LARGEST_CODE
from simgen.errors import SimgenError

ENCODERS = {"av1": "libsvtav1", "h264": "libx264"}
QUALITY = {"av1": 30, "h264": 23}  # constant rate factor: LeRobot's default for AV1, x264's own
_SECONDS_EXACT = 1_000_000  # denominators of frame rates that are no whole number
_TICKS = 15_360  # of MP4 time a second, about; a whole number of them to a frame


@dataclass(frozen=True)
class Depth:
    """How depth becomes 12-bit codes: `quantize_depth` of lerobot 0.6 (Apache-2.0), datasets/depth_utils.py [m]."""

    near: float = 0.01
    far: float = 10.0
    shift: float = 3.5

    def codes(self, millimetres: np.ndarray) -> np.ndarray:
        """Returns the codes 0..4095 of depth [mm], on a logarithmic scale; none (0) is code 0."""
        metres = millimetres.astype(np.float64) / 1000.0
        low, high = math.log(self.near + self.shift), math.log(self.far + self.shift)
        share = (np.log(metres + self.shift) - low) / (high - low)
        return np.rint(share * LARGEST_CODE).clip(0, LARGEST_CODE).astype(np.uint16)

    def step(self, millimetres: np.ndarray) -> np.ndarray:
        """Returns how far apart two neighbouring codes are at a depth [mm]."""
        rate = math.log((self.far + self.shift) / (self.near + self.shift)) / LARGEST_CODE
        return (np.clip(millimetres, 1000 * self.near, 1000 * self.far) + 1000 * self.shift) * rate

    def facts(self) -> dict[str, Any]:
        """What info.json says of it."""
        scale = {"depth_min": self.near, "depth_max": self.far, "shift": self.shift, "use_log": True}
        return {f"video.{name}": value for name, value in scale.items()} | {"depth_unit": "m"}


@dataclass(frozen=True)
class Encoding:
    """How frames become a video.

    Attributes:
        codec: "av1" or "h264" for colours, "hevc" for the codes of depth.
        quality: constant rate factor; smaller is better.
        keyframes: frames from one key frame to the next, so that any frame is found by decoding few.
    """

    codec: str
    quality: int | None
    fps: float
    keyframes: int = 2

    @property
    def is_depth(self) -> bool:
        return self.codec == "hevc"

    @property
    def pixels(self) -> str:
        return "gray12le" if self.is_depth else "yuv420p"

    @property
    def rate(self) -> Fraction:
        return Fraction(self.fps).limit_denominator(_SECONDS_EXACT)

    def facts(self, width: int, height: int) -> dict[str, Any]:
        """What info.json says of the video."""
        facts: dict[str, Any] = {
            "video.height": height,
            "video.width": width,
            "video.codec": self.codec,
            "video.pix_fmt": self.pixels,
            "video.fps": int(self.fps) if float(self.fps).is_integer() else self.fps,
            "video.channels": 1 if self.is_depth else 3,
            "video.g": 1 if self.is_depth else self.keyframes,
            "has_audio": False,
            "is_depth_map": self.is_depth,
            "video.is_depth_map": self.is_depth,
        }
        return facts if self.quality is None else facts | {"video.crf": self.quality}


def _options(encoding: Encoding) -> tuple[str, dict[str, str]]:
    if encoding.is_depth:
        # Key frames only: between frames, x265's "lossless" is not with 12 bits of gray.
        return "libx265", {"preset": "fast", "x265-params": "lossless=1:keyint=1:min-keyint=1:bframes=0:log-level=none"}
    common = {"g": str(encoding.keyframes), "crf": str(encoding.quality)}
    if encoding.codec == "av1":
        return "libsvtav1", {**common, "preset": "10", "svtav1-params": "lp=2"}
    return "libx264", {**common, "preset": "fast", "bf": "0"}  # packets then leave in the order of the frames


def encode(path: Path, blocks: Iterable[np.ndarray], size: tuple[int, int], encoding: Encoding) -> int:
    """Encodes frames to an MP4 file; returns how many.

    Args:
        blocks: of frames: (N, H, W, 3) uint8, or (N, H, W) uint16 codes of depth.
        size: width and height [px].
    """
    logging.getLogger("libav").setLevel(logging.ERROR)
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 writes to the terminal by itself; errors only
    name, options = _options(encoding)
    count = 0
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream(name, rate=encoding.rate, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, encoding.pixels
        stream.time_base = 1 / encoding.rate
        for block in blocks:
            for image in block:
                frame = _frame(image, encoding)
                frame.pts, frame.time_base = count, 1 / encoding.rate
                container.mux(stream.encode(frame))
                count += 1
        container.mux(stream.encode(None))
    return count


def _frame(image: np.ndarray, encoding: Encoding) -> av.VideoFrame:
    if not encoding.is_depth:
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    frame = av.VideoFrame(image.shape[1], image.shape[0], "gray12le")
    plane = frame.planes[0]
    rows = np.zeros((image.shape[0], plane.line_size // 2), "<u2")
    rows[:, : image.shape[1]] = image
    plane.update(rows.tobytes())
    return frame


def join(path: Path, parts: Sequence[Path], frames: Sequence[int], encoding: Encoding) -> None:
    """Puts the packets of several videos into one, one behind the other.

    Args:
        frames: of each part; part i starts at sum(frames[:i]) / fps seconds.

    Raises:
        SimgenError: a part has other frames than it should.
    """
    ticks = 1 / (encoding.rate * math.ceil(_TICKS / encoding.rate))
    before = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as target:
        stream: Any = None
        for part, expected in zip(parts, frames, strict=True):
            with av.open(str(part)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = target.add_stream_from_template(video, opaque=True)  # nothing is decoded
                    stream.time_base = ticks
                found = _move(source, video, target, stream, before, encoding)
            if found != expected:
                raise SimgenError(f"{part}: has {found} frames instead of {expected}.")
            before += found


def _move(source: Any, video: Any, target: Any, stream: Any, before: int, encoding: Encoding) -> int:
    """Moves the packets of a video behind `before` frames; returns how many."""
    count = 0
    for packet in source.demux(video):
        if packet.dts is None or packet.size == 0:
            continue
        frame = round(packet.pts * packet.time_base * encoding.rate)
        packet.pts = packet.dts = round((before + frame) / encoding.rate / stream.time_base)
        packet.duration = round(1 / encoding.rate / stream.time_base)
        packet.time_base, packet.stream = stream.time_base, stream
        target.mux(packet)
        count += 1
    return count
