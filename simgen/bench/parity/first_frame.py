"""The first frame of every episode, as both engines draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simgen.bench.parity.images import ImageFigures, ImageSums, Pictures, disagreement
from simgen.bench.parity.sides import Episode, Progress, Side, start

MOST_SHOWN = 3  # of the first frames, and of the worst


@dataclass(frozen=True, eq=False)
class FramePair:
    """A first frame in both engines.

    Attributes:
        episode: Whose it is.
        camera: Who saw it.
        names: What the ids of the masks mean.
        wrong: Share of pixels with another id, or mean difference of colour where there are no masks.
    """

    episode: Episode
    camera: str
    first: Pictures
    second: Pictures
    names: dict[int, dict[str, str]]
    wrong: float


@dataclass(frozen=True, eq=False)
class FirstFrames:
    """What the first frames amount to.

    Attributes:
        all: Over all cameras.
        cameras: By camera.
        shown: Pairs of the first episodes.
        worst: The pairs that differ most.
        notes: What is odd about them.
    """

    all: ImageFigures
    cameras: dict[str, ImageFigures]
    shown: tuple[FramePair, ...]
    worst: tuple[FramePair, ...]
    notes: tuple[str, ...]


def compare_first_frames(
    first: Side, second: Side, episodes: Sequence[Episode], progress: Progress
) -> FirstFrames | None:
    """Draws the first frame of each episode in both engines; None for a task without cameras."""
    if not first.env.layout.cameras:
        return None
    sums = {camera.name: ImageSums() for camera in first.env.layout.cameras}
    shown: list[FramePair] = []
    worst: list[FramePair] = []
    notes: dict[str, None] = {}
    size = first.env.num_envs
    for begin in range(0, len(episodes), size):
        for pair in _pairs(first, second, episodes[begin : begin + size], notes):
            names = {number: entry["name"] for number, entry in pair.names.items()}
            sums[pair.camera].add(pair.first, pair.second, names)
            if len(shown) < MOST_SHOWN and all(pair.episode is not other.episode for other in shown):
                shown.append(pair)
            worst = sorted([*worst, pair], key=lambda one: -one.wrong)[: 2 * MOST_SHOWN]
        progress("first frames", min(begin + size, len(episodes)), len(episodes))
    total = ImageSums()
    for part in sums.values():
        total += part
    cameras = {camera: part.figures() for camera, part in sums.items()}
    worst = [pair for pair in worst if all(pair is not other for other in shown)][:MOST_SHOWN]
    return FirstFrames(total.figures(), cameras, tuple(shown), tuple(worst), tuple(notes))


def _pairs(first: Side, second: Side, episodes: Sequence[Episode], notes: dict[str, None]) -> list[FramePair]:
    worlds = start(first, episodes)
    start(second, episodes)
    images = [_images(side, worlds) for side in (first, second)]
    pairs = []
    for world, episode in enumerate(episodes):
        names, others = (side.env.engine.segmentation_ids(world) for side in (first, second))
        if names != others:
            notes["the engines give different segmentation ids or names to the same things"] = None
        for camera in images[0]:
            one, two = ({name: image[world] for name, image in side[camera].items()} for side in images)
            pairs.append(FramePair(episode, camera, one, two, names, disagreement(one, two)))
    return pairs


def _images(side: Side, worlds: Sequence[int]) -> dict[str, dict[str, np.ndarray]]:
    """All images of a side as arrays of their own."""
    drawn = side.env.engine.render(worlds)
    return {
        camera: {output: image.cpu().numpy().copy() for output, image in outputs.items()}
        for camera, outputs in drawn.items()
    }
