"""Video files: what they hold, by their packets alone, and their frames, decoded one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from simgen.data.import_.base import Unusable
from simgen.data.import_.images import resize_colors

SUFFIXES = (".mp4", ".avi", ".mkv", ".webm", ".mov", ".m4v")
RATE_TOLERANCE = 0.01  # relative, of frame rates that count as the same
_JITTER = 0.6  # of a frame's time, by which the times of a constant rate may be off: containers round
_SEEK = 2.0  # so far ahead it is worth looking for a key frame [s]


@dataclass(frozen=True)
class Probe:
    """What a video holds.

    Attributes:
        times: of the frames, from the first one [s]. Shape: (frames,).
        fps: mean rate [Hz]; 0 for a single frame.
        constant: whether the frames come at that rate.
        height, width: as they are to be shown [px].
    """

    times: np.ndarray
    fps: float
    constant: bool
    height: int
    width: int
    codec: str

    @property
    def frames(self) -> int:
        return len(self.times)

    def has_rate(self, fps: float) -> bool:
        """Whether this is the rate, as near as containers say it."""
        return self.frames < 2 or abs(self.fps - fps) <= RATE_TOLERANCE * fps


def probe(path: Path) -> Probe:
    """Reads the times of all frames without decoding more than the first.

    Raises:
        Unusable: if the file is missing, is no video, is cut off, or has no frame.
    """
    with _opened(path) as container:
        stream = _stream(container, path)
        try:
            stamps = [
                packet.pts if packet.pts is not None else packet.dts
                for packet in container.demux(stream)
                if packet.size and not packet.is_discard
            ]
        except (FFmpegError, OSError) as error:
            raise Unusable(f"{path}: cannot be read to its end ({error}).") from None
        known = [stamp for stamp in stamps if stamp is not None]
        if not stamps or len(known) != len(stamps):
            raise Unusable(f"{path}: has no frames with times.")
        times = np.sort(np.array(known, np.float64)) * float(stream.time_base or 1)
        height, width = _shown_size(path)
        return Probe(times - times[0], *_rate(times, stream), height, width, stream.codec_context.name)


def _rate(times: np.ndarray, stream: VideoStream) -> tuple[float, bool]:
    """The mean rate [Hz], and whether the frames keep it."""
    if len(times) < 2:
        return float(stream.average_rate or 0), True
    span = float(times[-1] - times[0])
    if span <= 0:
        return 0.0, False
    measured = (len(times) - 1) / span
    said = float(stream.average_rate or 0)
    fps = said if abs(said - measured) <= RATE_TOLERANCE * measured else measured
    even = times[0] + np.arange(len(times)) / measured
    return fps, bool(np.abs(times - even).max() <= _JITTER / measured)


def _shown_size(path: Path) -> tuple[int, int]:
    """Height and width of the first frame as it is to be shown."""
    with contextlib.closing(VideoReader(path)) as reader:
        return next(reader.at([0.0], np.inf)).shape[:2]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    container = _open(path)
    try:
        yield container
    finally:
        container.close()


def _open(path: Path) -> InputContainer:
    if not path.is_file():
        raise Unusable(f"{path}: is missing.")
    try:
        return av.open(str(path), mode="r")
    except (FFmpegError, OSError) as error:
        raise Unusable(f"{path}: cannot be opened as a video; is it cut off? ({error})") from None


def _stream(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise Unusable(f"{path}: has no video in it.")
    return container.streams.video[0]


class VideoReader:
    """Frames of one video by their time; what is asked for in rising order is decoded once.

    Args:
        path: the file.
        size: width and height of what is returned [px]; None: as they are.
        numbers: return the one channel of grey video of more than 8 bits, not colours.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None = None, numbers: bool = False) -> None:
        self._path, self._size, self._numbers = path, size, numbers
        self._container = _open(path)
        self._start: float | None = None
        self._stream = self._opened_stream()
        self._begin()

    def _opened_stream(self) -> VideoStream:
        stream = _stream(self._container, self._path)
        stream.thread_type = "AUTO"
        return stream

    def _begin(self) -> None:
        """Gets ready to decode from where the container stands."""
        self._frames = self._decoded()
        self._current: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = next(self._frames, None)
        if self._start is None:
            self._start = self._next.time if self._next is not None and self._next.time is not None else 0.0

    def _decoded(self) -> Iterator[av.VideoFrame]:
        try:
            yield from self._container.decode(self._stream)
        except (FFmpegError, OSError) as error:
            when = "" if self._current is None else f" after {self._time(self._current):.3f} s"
            raise Unusable(f"{self._path}: cannot be decoded{when} ({error}).") from None

    def _time(self, frame: av.VideoFrame | None) -> float:
        """When a frame is shown, from the first one [s]; endless for none."""
        return np.inf if frame is None or frame.time is None else frame.time - (self._start or 0.0)

    def at(self, times: Sequence[float] | np.ndarray, tolerance: float, early: float = 0.0) -> Iterator[np.ndarray]:
        """Yields the frame that is shown at each time.

        Args:
            times: rising, from the first frame [s].
            tolerance: how far the time of a frame may be from the one that is asked for [s].
            early: a frame counts as shown by so much before its time [s]; half a frame's time gives the nearest one.

        Raises:
            Unusable: if there is no such frame, or it is damaged.
        """
        for time in times:
            self._go_to(float(time), early)
            frame = self._current
            if frame is None or abs(self._time(frame) - time) > tolerance:
                raise Unusable(f"{self._path}: has no frame at {time:.3f} s.")
            if frame.is_corrupt:
                raise Unusable(f"{self._path}: the frame at {time:.3f} s is damaged.")
            yield self._pixels(frame)

    def _go_to(self, time: float, early: float) -> None:
        ahead = time - self._time(self._current if self._current is not None else self._next)
        if ahead < -early or (np.isfinite(ahead) and ahead > _SEEK) or (self._next is None and self._current is None):
            self._seek(time, early)
        while self._next is not None and self._time(self._next) <= time + early + 1e-6:
            self._current, self._next = self._next, next(self._frames, None)

    def _seek(self, time: float, early: float) -> None:
        """Goes to the last key frame before a time; to the beginning where the container cannot."""
        base = float(self._stream.time_base or 1)
        with contextlib.suppress(FFmpegError):
            self._container.seek(int((time + (self._start or 0.0)) / base), stream=self._stream)
            self._begin()
            if self._time(self._next) <= time + early + 1e-6:
                return
        self._container.close()
        self._container = _open(self._path)
        self._stream = self._opened_stream()
        self._begin()

    def _pixels(self, frame: av.VideoFrame) -> np.ndarray:
        if self._numbers:
            if not frame.format.name.startswith("gray"):
                raise Unusable(f"{self._path}: holds {frame.format.name}, not numbers of one channel.")
            return frame.to_ndarray()
        pixels = frame.to_ndarray(format="rgb24")
        if frame.rotation:
            pixels = np.rot90(pixels, round(frame.rotation / 90))
        return resize_colors(pixels, self._size)

    def close(self) -> None:
        """Closes the file."""
        self._container.close()
