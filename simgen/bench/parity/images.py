"""How much the pictures of two engines differ: masks, distances and colours, summed up over many frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

FEWEST_PIXELS = 50.0  # of a thing on the average frame that shows it; of smaller ones, IoU measures the outline alone
_MOST_IDS = 1 << 15
Pictures = Mapping[str, np.ndarray]
"""Images by output, each (H, W, channels)."""


@dataclass(frozen=True)
class ThingIou:
    """How well the masks of one thing agree.

    Attributes:
        name: As in the segmentation map.
        iou: Sum of intersections over sum of unions; over all frames.
        pixels: On the average frame that shows it (union).
        counts: Whether it is large enough for the mean.
    """

    name: str
    iou: float
    pixels: float
    counts: bool


@dataclass(frozen=True)
class ImageFigures:
    """What the frames of one camera, or of all, amount to; None where there are no such images.

    Attributes:
        frames: How many were compared.
        iou: Mean over the things that count.
        pixel_accuracy: Share of pixels with the same id.
        things: All of them, the largest first.
        depth_median, depth_p95: Of the absolute differences where both see something [m].
        depth_bias: Mean of second minus first [m].
        depth_one_sided: Share of pixels where only one sees something.
        rgb_mean: Mean absolute difference of a channel, of 255.
    """

    frames: int
    iou: float | None
    pixel_accuracy: float | None
    things: tuple[ThingIou, ...]
    depth_median: float | None
    depth_p95: float | None
    depth_bias: float | None
    depth_one_sided: float | None
    rgb_mean: float | None


@dataclass
class ImageSums:
    """Sums over frames; those of several cameras can be added up."""

    frames: int = 0
    same_pixels: int = 0
    mask_pixels: int = 0
    both: dict[str, int] = field(default_factory=dict)
    either: dict[str, int] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)  # frames
    millimetres: np.ndarray = field(default_factory=lambda: np.zeros(1 << 15, np.int64))  # counts of differences
    bias: float = 0.0
    depth_pixels: int = 0
    one_sided: int = 0
    rgb_sum: float = 0.0
    rgb_values: int = 0

    def add(self, first: Pictures, second: Pictures, names: Mapping[int, str]) -> None:
        """Adds a frame, as both engines drew it; `names` is what the ids of its masks mean."""
        self.frames += 1
        if "segmentation" in first:
            self._add_masks(first["segmentation"], second["segmentation"], names)
        if "depth" in first:
            self._add_depth(first["depth"].astype(np.int32), second["depth"].astype(np.int32))
        if "rgb" in first:
            difference = np.abs(first["rgb"].astype(np.int16) - second["rgb"].astype(np.int16))
            self.rgb_sum += float(difference.sum())
            self.rgb_values += difference.size

    def _add_masks(self, first: np.ndarray, second: np.ndarray, names: Mapping[int, str]) -> None:
        first, second = (np.maximum(image, 0).reshape(-1).astype(np.int64) for image in (first, second))
        same = first == second
        self.same_pixels += int(same.sum())
        self.mask_pixels += same.size
        in_first, in_second = np.bincount(first, minlength=_MOST_IDS), np.bincount(second, minlength=_MOST_IDS)
        in_both = np.bincount(first[same], minlength=_MOST_IDS)
        either = in_first + in_second - in_both
        for number in np.flatnonzero(either).tolist():
            name = names.get(number, "nothing" if number == 0 else f"id {number}")
            self.both[name] = self.both.get(name, 0) + int(in_both[number])
            self.either[name] = self.either.get(name, 0) + int(either[number])
            self.shown[name] = self.shown.get(name, 0) + 1

    def _add_depth(self, first: np.ndarray, second: np.ndarray) -> None:
        seen_first, seen_second = first > 0, second > 0
        difference = (second - first)[seen_first & seen_second]
        self.millimetres += np.bincount(np.abs(difference), minlength=len(self.millimetres))
        self.bias += float(difference.sum())
        self.one_sided += int((seen_first != seen_second).sum())
        self.depth_pixels += first.size

    def __iadd__(self, other: ImageSums) -> ImageSums:
        for name in ("frames", "same_pixels", "mask_pixels", "bias", "depth_pixels", "one_sided"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rgb_sum, self.rgb_values = self.rgb_sum + other.rgb_sum, self.rgb_values + other.rgb_values
        self.millimetres = self.millimetres + other.millimetres
        for mine, others in ((self.both, other.both), (self.either, other.either), (self.shown, other.shown)):
            for name, value in others.items():
                mine[name] = mine.get(name, 0) + value
        return self

    def figures(self) -> ImageFigures:
        """Works out the figures."""
        things = sorted((self._thing(name) for name in self.either), key=lambda thing: -thing.pixels)
        counted = [thing.iou for thing in things if thing.counts]
        depths = int(self.millimetres.sum())
        return ImageFigures(
            frames=self.frames,
            iou=float(np.mean(counted)) if counted else None,
            pixel_accuracy=self.same_pixels / self.mask_pixels if self.mask_pixels else None,
            things=tuple(things),
            depth_median=self._quantile(0.5) if depths else None,
            depth_p95=self._quantile(0.95) if depths else None,
            depth_bias=self.bias / depths / 1000 if depths else None,
            depth_one_sided=self.one_sided / self.depth_pixels if self.depth_pixels else None,
            rgb_mean=self.rgb_sum / self.rgb_values if self.rgb_values else None,
        )

    def _thing(self, name: str) -> ThingIou:
        pixels = self.either[name] / self.shown[name]
        return ThingIou(name, self.both[name] / self.either[name], pixels, pixels >= FEWEST_PIXELS)

    def _quantile(self, share: float) -> float:
        """A quantile of the absolute differences of depth [m]."""
        cumulated = np.cumsum(self.millimetres)
        return int(np.searchsorted(cumulated, share * cumulated[-1])) / 1000


def disagreement(first: Pictures, second: Pictures) -> float:
    """How bad a frame is, for finding the worst: share of pixels with another id, else mean difference of colour."""
    if "segmentation" in first:
        return float((first["segmentation"] != second["segmentation"]).mean())
    key = "rgb" if "rgb" in first else next(iter(first))
    return float(np.abs(first[key].astype(np.float32) - second[key].astype(np.float32)).mean())
