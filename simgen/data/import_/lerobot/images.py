"""The cameras of a LeRobot dataset: videos, and images inside the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.import_.base import Unusable
from simgen.data.import_.images import (
    collected,
    decode_numbers,
    decode_rgb,
    depth_mm,
    resize_colors,
    resize_nearest,
)
from simgen.data.import_.lerobot.depth import depth_of_codes
from simgen.data.import_.lerobot.mapping import Placed
from simgen.data.import_.lerobot.tables import Clip
from simgen.data.import_.video import Probe, VideoReader, probe


class Videos:
    """Frames of the cameras; of each one video is open, so that files of many episodes are decoded once.

    Args:
        fps: of the dataset [Hz].
        size: width and height of what is returned [px]; None: as they are.
    """

    def __init__(self, fps: float, size: tuple[int, int] | None) -> None:
        self._fps, self._size = fps, size
        self._probes: dict[str, tuple[Path, Probe | Unusable]] = {}
        self._readers: dict[str, tuple[Path, VideoReader]] = {}

    def require(self, key: str, clip: Clip, length: int, whole: bool) -> None:
        """Refuses a video that cannot have an episode's frames.

        Args:
            whole: whether the file is this episode's alone.

        Raises:
            Unusable: names the file.
        """
        found = self._probe(key, clip.path)
        if not found.has_rate(self._fps):
            raise Unusable(f"{clip.path}: has {found.fps:g} frames per second; the dataset has {self._fps:g}.")
        first = round(clip.start * self._fps)
        if first + length > found.frames or (whole and found.frames != length):
            part = "" if whole else f" from {clip.start:g} s on"
            count = found.frames - first if not whole else found.frames
            raise Unusable(f"{clip.path}: has {max(0, count)} frames{part}; the episode has {length}.")

    def _probe(self, key: str, path: Path) -> Probe:
        if key not in self._probes or self._probes[key][0] != path:
            try:
                self._probes[key] = path, probe(path)
            except Unusable as error:
                self._probes[key] = path, error
        found = self._probes[key][1]
        if isinstance(found, Unusable):
            raise found
        return found

    def read(self, placed: Placed, clip: Clip, length: int) -> np.ndarray:
        """Returns the frames of an episode. Shape: (length, H, W, 3) uint8, or (length, H, W, 1) int16 [mm].

        Raises:
            Unusable: if one is missing or damaged.
        """
        is_depth = placed.kind == "depth video"
        reader = self._reader(placed.key, clip.path, is_depth)
        times = clip.start + np.arange(length) / self._fps
        frames = reader.at(times, tolerance=0.6 / self._fps, early=0.5 / self._fps)
        codes = collected(frames, length, str(clip.path))
        if not is_depth:
            return codes
        metres = depth_of_codes(codes, placed.feature.facts, str(clip.path))
        return resize_nearest(depth_mm(metres, "m"), self._size)

    def _reader(self, key: str, path: Path, numbers: bool) -> VideoReader:
        known = self._readers.get(key)
        if known is not None and known[0] == path:
            return known[1]
        if known is not None:
            known[1].close()
            del self._readers[key]
        reader = VideoReader(path, self._size, numbers)
        self._readers[key] = path, reader
        return reader

    def close(self) -> None:
        """Closes all files."""
        for _path, reader in self._readers.values():
            reader.close()
        self._readers.clear()


class ImageColumns:
    """Images that lie in the tables, or beside them with their paths in the tables."""

    def __init__(self, root: Path, size: tuple[int, int] | None) -> None:
        self._root, self._size = root, size

    def read(self, placed: Placed, column: Any, where: str) -> np.ndarray:
        """Decodes a column. Shape: (rows, H, W, 3) uint8, or (rows, H, W, 1) int16 [mm].

        Raises:
            Unusable: if an image is missing or damaged.
        """
        contents = (self._content(value.as_py(), f"{where}, row {row}") for row, value in enumerate(column))
        if placed.kind == "image":
            images = (decode_rgb(content, f"{where}, row {row}") for row, content in enumerate(contents))
            return collected((resize_colors(image, self._size) for image in images), len(column), where)
        numbers = (decode_numbers(content, f"{where}, row {row}") for row, content in enumerate(contents))
        return self.depth(placed, collected(numbers, len(column), where))

    def depth(self, placed: Placed, numbers: np.ndarray) -> np.ndarray:
        """Returns depth as it is stored; whole numbers are millimetres, real ones metres, as LeRobot has it."""
        said = placed.feature.facts.get("depth_unit")
        unit = said if said in ("m", "mm") else ("m" if numbers.dtype.kind == "f" else "mm")
        if numbers.ndim == 4 and numbers.shape[1] == 1:
            numbers = numbers[:, 0]
        return resize_nearest(depth_mm(numbers, unit), self._size)

    def _content(self, value: Any, where: str) -> bytes | Path:
        if isinstance(value, bytes):
            return value
        if isinstance(value, dict) and value.get("bytes"):
            return value["bytes"]
        name = value.get("path") if isinstance(value, dict) else value
        if not isinstance(name, str) or not name or ".." in Path(name).parts or Path(name).is_absolute():
            raise Unusable(f"{where}: has no image.")
        return self._root / name
