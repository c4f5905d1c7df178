"""Small datasets for the tests of exports: two cameras, tool motions, a rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter, Episode

HZ = 20


def export_episode(index: int, phase: str = "teacher", cameras: tuple[str, ...] = ("base", "wrist")) -> Episode:
    """An episode with these cameras, and with the motion of its tool."""
    episode = make_episode(index, phase, length=4 + index)
    rng = np.random.default_rng(index)
    arrays = dict(episode.arrays)
    for path in [path for path in arrays if path.startswith("obs/sensor_")]:
        for camera in cameras:
            arrays.setdefault(path.replace("/base/", f"/{camera}/"), arrays[path])
        if "base" not in cameras:
            del arrays[path]
    motion = rng.uniform(-0.02, 0.02, (episode.length, 7)).astype(np.float32)
    motion[:, 6] = np.where(np.arange(episode.length) % 2, 1.0, -1.0)
    arrays["actions_ee"] = motion
    arrays["obs/privileged/cube_pose"] = arrays["env_states/actors/cube"][:, :7]
    return replace(episode, arrays=arrays)


def write_export_dataset(path: Path, episodes: list[Episode] | None = None) -> Path:
    """Writes five episodes of two phases, or those given."""
    spec = {**SPEC, "episode": {"max_steps": 50, "control_hz": HZ}, "physics": {"gravity": -9.81}}
    spec["scene"] = {"objects": {"cube": {"box": [0.04, 0.04, 0.04], "friction": 0.7, "mass": {"uniform": [0.1, 1]}}}}
    chosen = episodes or [export_episode(i, "teacher" if i % 2 else "random") for i in range(5)]
    with DatasetWriter(path, spec, episodes_per_shard=2) as writer:
        for episode in chosen:
            writer.write(episode)
    return path
