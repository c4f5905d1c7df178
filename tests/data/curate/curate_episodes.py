"""Episodes that are sound, and a hand that breaks them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from synthetic_episodes import make_episode

from simgen.data import Episode


def sound_episode(index: int, phase: str = "random", length: int = 24, size: int = 32) -> Episode:
    """A box that slides over a table, seen by one camera: nothing in it is wrong."""
    rng = np.random.default_rng([index, len(phase), 7])
    time = np.arange(length + 1)[:, None] / 20
    speed = rng.uniform(0.1, 0.3, 2) * rng.choice([-1, 1], 2)
    cube = np.zeros((length + 1, 13))
    cube[:, :2] = rng.uniform(-0.1, 0.1, 2) + time * speed
    cube[:, 2], cube[:, 3], cube[:, 7:9] = 0.02, 1.0, speed
    rate = rng.uniform(-0.5, 0.5, 9)
    panda = np.zeros((length + 1, 13 + 18))
    panda[:, 3] = 1.0
    panda[:, 13:22], panda[:, 22:] = rng.uniform(-1, 1, 9) + time * rate, rate
    episode = make_episode(index, phase, length=length, size=size)
    background = rng.integers(60, 200, (size // 4, size // 4, 3)).repeat(4, 0).repeat(4, 1)
    rgb = np.tile(background, (length + 1, 1, 1, 1)).astype(np.uint8)
    box = np.zeros((length + 1, size, size, 1), np.int16)
    for frame in range(length + 1):
        left = 2 + frame * (size - 12) // length
        rgb[frame, 8:16, left : left + 8] = (220, 30, 40)
        box[frame, 8:16, left : left + 8] = 3
    arrays = {
        **episode.arrays,
        "obs/sensor_data/base/rgb": rgb,
        "obs/sensor_data/base/segmentation": box,
        "env_states/actors/cube": cube.astype(np.float32),
        "env_states/articulations/panda": panda.astype(np.float32),
    }
    return dataclasses.replace(episode, arrays=arrays, success=True, flags=[])


def changed(episode: Episode, path: str, change: Callable[[np.ndarray], None]) -> Episode:
    """The episode with one array changed in place by a function."""
    array = episode.arrays[path].copy()
    change(array)
    return dataclasses.replace(episode, arrays={**episode.arrays, path: array})


def decisions_of(out: Path) -> list[dict]:
    """The lines of curation.jsonl."""
    return [json.loads(line) for line in (out / "curation.jsonl").read_text().splitlines()]
