"""Films some open-loop episodes in both engines: typical ones, and those that differ most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simgen.bench.parity.open_loop import OpenEpisode, OpenLoop, run_batch
from simgen.bench.parity.result import Film
from simgen.bench.parity.sides import Progress, Side

MOST_FILMED = 4


def film(first: Side, second: Side, loop: OpenLoop, progress: Progress) -> Film | None:
    """Runs a few episodes again and draws every step; None without episodes or without colour images."""
    camera = next((slot.name for slot in first.env.layout.cameras if "rgb" in slot.outputs), None)
    if camera is None or not loop.episodes:
        return None
    chosen = choose(loop, min(MOST_FILMED, first.env.num_envs))
    worlds = list(range(len(chosen)))
    frames: list[np.ndarray] = []  # (2, N, H, W, 3) each

    def watch(running: Sequence[int]) -> None:
        drawn = [side.env.engine.render(worlds)[camera]["rgb"] for side in (first, second)]
        picture = np.stack([images[: len(worlds)].cpu().numpy().copy() for images in drawn])
        for world in worlds:
            if frames and world not in running:
                picture[:, world] = frames[-1][:, world]  # an episode that is over shows its end
        frames.append(picture)
        progress("film", len(frames), max(len(frames), max(one.steps for _, one, _ in chosen) + 1))

    run_batch(first, second, [one.episode for _, one, _ in chosen], watch)
    places, captions = tuple(place for place, *_ in chosen), tuple(caption for *_, caption in chosen)
    return Film(np.stack(frames), places, captions, camera, 1.0 / loop.control_seconds)


def choose(loop: OpenLoop, number: int) -> list[tuple[int, OpenEpisode, str]]:
    """Chooses episodes of the teacher, where there is one: half of them typical, then the worst.

    Returns:
        place in the open loop, episode, what is special about it.
    """
    taught = [(place, one) for place, one in enumerate(loop.episodes) if one.episode.policy == "teacher"]
    ranked = sorted(taught or list(enumerate(loop.episodes)), key=lambda pair: _badness(pair[1]))
    count = (number + 1) // 2
    worst, rest = ranked[-count:][::-1], ranked[:-count]
    begin = max(0, (len(rest) - (number - count)) // 2)
    typical = rest[begin : begin + number - count]
    return [(*pair, "typical") for pair in typical] + [(*pair, "worst") for pair in worst]


def _badness(one: OpenEpisode) -> tuple[bool, float, float]:
    return one.success_differs, one.farthest, float(one.tool.max())
