"""Plain videos and folders of numbered images: episodes without actions, with captions from the files beside them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.files import MANIFEST, canonical_json
from simgen.data.import_.base import (
    RECORDED,
    Camera,
    ImportOptions,
    Progress,
    Recording,
    SourceInfo,
    Unusable,
    chosen,
    safe_name,
    silent,
)
from simgen.data.import_.captions import Caption, caption_of
from simgen.data.import_.images import collected, decode_rgb, image_size, resize_colors, scaled_intrinsics
from simgen.data.import_.video import RATE_TOLERANCE, SUFFIXES, VideoReader, probe
from simgen.errors import BadInput

CAMERA = "camera"
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
_NUMBER = re.compile(r"(\d+)(?=\D*$)")
_FEWEST_IMAGES = 2


@dataclass(frozen=True)
class Film:
    """A video, or a folder of images.

    Attributes:
        path: the file or the folder.
        images: the files of a folder by their numbers; empty for a video.
        frames: how many there are at the dataset's rate.
        fps: its own rate [Hz]; None for images.
        size: height and width [px].
        problem: why it cannot be imported.
    """

    path: Path
    images: tuple[Path, ...] = ()
    frames: int = 0
    fps: float | None = None
    constant: bool = True
    seconds: float = 0.0
    size: tuple[int, int] = (0, 0)
    caption: Caption = Caption()
    problem: str | None = None


class VideoFolder:
    """Videos (mp4, avi, mkv, webm, mov) and folders of numbered images."""

    name = "video"
    looks_for = f"a video ({', '.join(SUFFIXES)}), a folder with videos, or folders of numbered images"

    def recognise(self, path: Path) -> bool:
        if path.is_file():
            return path.suffix.lower() in SUFFIXES
        if (path / "meta").is_dir() or (path / MANIFEST).is_file():
            return False
        return next(_found(path), None) is not None

    def open(self, path: Path, options: ImportOptions, progress: Progress = silent) -> FilmSource:
        return FilmSource(path, options, progress)


def _found(path: Path) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """The videos, and the folders of at least two numbered images with these, in the order of their names."""
    if path.is_file():
        yield path, ()
        return
    folders: dict[Path, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(path).parts):
            continue
        if file.suffix.lower() in SUFFIXES:
            yield file, ()
        elif file.suffix.lower() in IMAGES and _NUMBER.search(file.stem):
            folders.setdefault(file.parent, []).append(file)
    for folder, images in folders.items():
        if len(images) >= _FEWEST_IMAGES:
            yield folder, tuple(sorted(images, key=_number))


def _number(image: Path) -> int:
    match = _NUMBER.search(image.stem)
    return int(match[1]) if match else -1


class FilmSource:
    """Videos and folders of images whose rates and sizes were read."""

    def __init__(self, root: Path, options: ImportOptions, progress: Progress) -> None:
        self._root, self._options = root, options
        found, films = list(_found(root)), []
        for path, images in found:
            films.append(_examined(path, images, options))
            progress("looking", len(films), len(found))
        if not films:
            raise BadInput(f"{root}: has no videos ({', '.join(SUFFIXES)}) and no numbered images.")
        self._fps = self._rate(films)
        self._films = films
        self._clips = list(self._cut(films))
        self._reader: tuple[Path, VideoReader] | None = None
        self.info = self._describe()

    def _rate(self, films: list[Film]) -> float:
        """The rate of all films [Hz].

        Raises:
            BadInput: if they have several, or none, and no --fps was given.
        """
        if self._options.fps is not None:
            return self._options.fps
        sound = [film for film in films if film.problem is None]
        rates = {film.path: film.fps for film in sound if film.fps}
        if any(film.images for film in sound) and not rates:
            raise BadInput(f"{self._root}: images have no frame rate; say it with --fps.")
        first = next(iter(rates.values()), 0.0)
        for path, fps in rates.items():
            if abs(fps - first) > RATE_TOLERANCE * first:
                other = next(iter(rates)).name
                raise BadInput(
                    f"{self._root}: mixed frame rates: {other} has {first:g}, {path.name} has {fps:g}. "
                    "--fps brings all to one."
                )
        uneven = next((film for film in sound if not film.constant), None)
        if uneven is not None:
            raise BadInput(f"{uneven.path}: its frames do not come at a constant rate; --fps brings them to one.")
        return first or 1.0

    def _cut(self, films: list[Film]) -> Iterator[tuple[Film, int, int]]:
        """Film, first frame and number of frames of each episode."""
        limit = self._options.clip_seconds
        for film in films:
            frames = len(film.images) or (math.floor(film.seconds * self._fps + 1e-3) + 1 if film.frames else 0)
            longest = max(_FEWEST_IMAGES, round(limit * self._fps) + 1) if limit else max(frames, 1)
            first = 0
            while first == 0 or frames - first >= _FEWEST_IMAGES:
                yield film, first, min(longest, frames - first)
                first += longest - 1 if limit else frames + 1  # the last frame of a clip is the first of the next

    def _describe(self) -> SourceInfo:
        names = [[film.path.name, len(film.images), film.path.stat().st_size] for film in self._films]
        sizes = [film.size for film in self._films if film.problem is None]
        largest = max(sizes, key=math.prod, default=(0, 0))
        cameras = chosen({CAMERA: Camera({"rgb": largest})}, self._options, str(self._root))
        if not cameras:
            raise BadInput(f"{self._root}: videos without images are nothing; leave --cameras out.")
        remarks = ["videos have no actions: `actions` has no columns"]
        different = len(set(sizes)) > 1 and self._options.size is None
        remarks += ["the sizes of the videos differ; --size W H makes them the same"] if different else []
        stem = self._root.resolve()
        return SourceInfo(
            format="video",
            version=None,
            name=safe_name(stem.stem if self._root.is_file() else stem.name),
            episodes=len(self._clips),
            fps=self._fps,
            cameras=cameras,
            notes={"actions": {"unit": "none: videos have no actions"}},
            labelled=any(film.caption.success is not None for film in self._films),
            longest=max((count for _film, _first, count in self._clips), default=0),
            details={"fingerprint": hashlib.sha256(canonical_json(names)).hexdigest()[:16], "videos": len(self._films)},
            remarks=tuple(remarks),
        )

    def phase(self, number: int) -> str:
        return RECORDED

    def problem(self, number: int) -> str | None:
        film, _first, count = self._clips[number]
        if film.problem is None and count < _FEWEST_IMAGES:
            return f"{film.path}: has a single frame and so no step from one to the next."
        return film.problem

    def read(self, number: int) -> Recording:
        film, first, count = self._clips[number]
        where = str(film.path)
        frames = self._images(film, first, count) if film.images else self._decoded(film, first, count)
        arrays: dict[str, np.ndarray] = {
            f"obs/sensor_data/{CAMERA}/rgb": collected(frames, count, where),
            "actions": np.zeros((count - 1, 0), np.float32),
        }
        if film.caption.intrinsics is not None:
            matrix = scaled_intrinsics(np.array(film.caption.intrinsics, np.float32), film.size, self._options.size)
            arrays[f"obs/sensor_param/{CAMERA}/intrinsic_cv"] = np.repeat(matrix[None], count, axis=0)
        return Recording(
            steps=count - 1,
            arrays=arrays,
            instruction=film.caption.text,
            success=film.caption.success,
            origin=self._origin(film, first),
        )

    def _origin(self, film: Film, first: int) -> dict[str, Any]:
        inside = film.path.relative_to(self._root) if film.path != self._root else film.path.name
        return {"file": str(inside), "seconds": first / self._fps, "caption": film.caption.file}

    def _images(self, film: Film, first: int, count: int) -> Iterator[np.ndarray]:
        for image in film.images[first : first + count]:
            yield resize_colors(decode_rgb(image, str(image)), self._options.size)

    def _decoded(self, film: Film, first: int, count: int) -> Iterator[np.ndarray]:
        if self._reader is None or self._reader[0] != film.path:
            self.close()
            self._reader = film.path, VideoReader(film.path, self._options.size)
        times = (first + np.arange(count)) / self._fps
        own = film.fps or self._fps
        if film.constant and abs(own - self._fps) <= RATE_TOLERANCE * own:
            return self._reader[1].at((first + np.arange(count)) / own, tolerance=0.6 / own, early=0.5 / own)
        return self._reader[1].at(times, tolerance=math.inf)  # at another rate: what is shown at each time

    def close(self) -> None:
        if self._reader is not None:
            self._reader[1].close()
        self._reader = None


def _examined(path: Path, images: tuple[Path, ...], options: ImportOptions) -> Film:
    """What a video or a folder of images holds; with its problem, if it has one."""
    try:
        caption = caption_of(_beside(path, bool(images)))
        if images:
            return _examined_images(path, images, caption)
        found = probe(path)
        seconds = float(found.times[-1]) if len(found.times) else 0.0
        if found.constant and found.fps and (options.fps is None or found.has_rate(options.fps)):
            seconds = (found.frames - 1) / (options.fps or found.fps)  # containers round the times of frames
        size = found.height, found.width
        return Film(path, (), found.frames, found.fps or None, found.constant, seconds, size, caption)
    except Unusable as error:
        return Film(path, images, problem=str(error))


def _examined_images(path: Path, images: tuple[Path, ...], caption: Caption) -> Film:
    numbers = [_number(image) for image in images]
    steps = set(np.diff(numbers).tolist())
    if 0 in steps:
        twice = numbers[int(np.argmin(np.diff(numbers)))]
        raise Unusable(f"{path}: several images have the number {twice}.")
    if len(steps) > 1:
        step = min(steps)
        gap = next(a for a, b in zip(numbers, numbers[1:], strict=False) if b - a != step)
        raise Unusable(f"{path}: after image {gap} image {gap + step} is missing.")
    width, height = image_size(images[0])
    return Film(path, images, len(images), None, True, 0.0, (height, width), caption)


def _beside(path: Path, is_folder: bool) -> list[Path]:
    """Where the caption of a video or of a folder of images may be."""
    base = path if is_folder else path.with_suffix("")
    beside = [base.parent / f"{base.name}{suffix}" for suffix in (".json", ".txt")]
    inside = [path / f"caption{suffix}" for suffix in (".json", ".txt")] if is_folder else []
    return [*inside, *beside, *([] if is_folder else [path.with_name(f"{path.name}.{end}") for end in ("json", "txt")])]
