"""The parts that an episode is exported in: its rows, and a video for each feature that is one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.export.base import ExportJob
from simgen.data.export.lerobot.features import COUNTERS, Feature, counters, described, features_of
from simgen.data.export.lerobot.stats import Stats, pixel_stats, stats_of
from simgen.data.export.lerobot.tables import episode_table, write_table
from simgen.data.export.lerobot.videos import QUALITY, Depth, Encoding, encode
from simgen.data.export.selection import BLOCK, ExportEpisode

SAMPLED = 64  # frames of an episode that the statistics of images are taken of


class Contents:
    """What an export holds, whatever the version of the format.

    Attributes:
        features: without those that count frames.
        tasks: instructions in the order in which they first occur.
        starts: frames before each episode, and of all of them at the end.
        depth: how depth becomes the codes of a video.
    """

    def __init__(self, job: ExportJob) -> None:
        self._settings = job.settings
        self.depth = Depth(far=getattr(job.settings, "depth_far", Depth.far))
        self.fps = job.selection.fps
        chosen = job.settings
        self.features = features_of(job.selection.layout, chosen.images, chosen.depth_video, chosen.env_states)
        views = list(job.dataset)
        self._views = job.dataset
        words = [view.instruction or view.task.replace("_", " ") for view in views]
        self.tasks = list(dict.fromkeys(words))
        numbers = {task: number for number, task in enumerate(self.tasks)}
        self._task_of = [numbers[word] for word in words]
        self.starts = np.cumsum([0, *(view.length for view in views)]).tolist()

    @property
    def videos(self) -> list[Feature]:
        return [feature for feature in self.features if feature.is_video]

    def task_of(self, number: int) -> str:
        """Instruction of an episode."""
        return self.tasks[self._task_of[number]]

    def length(self, number: int) -> int:
        return self.starts[number + 1] - self.starts[number]

    def origin(self, number: int) -> dict[str, Any]:
        """What the metadata say of an episode beside LeRobot's own fields."""
        view = self._views[number]
        facts = {"seed": view.seed, "phase": view.phase, "index": view.index, "success": bool(view.success)}
        return {f"simgen.{name}": value for name, value in facts.items()} | {
            "simgen.randomisation": json.dumps(view.randomisation)
        }

    def counted(self, number: int) -> dict[str, np.ndarray]:
        """The columns that count frames."""
        return counters(number, self.starts[number], self.length(number), self._task_of[number], self.fps)

    def encoding(self, feature: Feature) -> Encoding:
        """How a feature becomes a video."""
        if feature.kind == "depth video":
            return Encoding("hevc", None, self.fps)
        codec = self._settings.video_codec
        return Encoding(codec, self._settings.crf if self._settings.crf is not None else QUALITY[codec], self.fps)

    def write_rows(self, path: Path, episode: ExportEpisode) -> None:
        """Writes the table of an episode."""
        write_table(path, episode_table(self.features, episode, self.counted(episode.number)))

    def write_video(self, path: Path, feature: Feature, episode: ExportEpisode) -> None:
        """Writes the video of a feature of an episode; a block of frames is in memory at a time."""
        height, width = feature.shape[:2]
        encode(path, self._blocks(feature, episode), (width, height), self.encoding(feature))

    def _blocks(self, feature: Feature, episode: ExportEpisode) -> Iterator[np.ndarray]:
        for block in episode.blocks(feature.paths[0], episode.length, BLOCK):
            yield self.depth.codes(block[..., 0]) if feature.kind == "depth video" else block

    def stats(self, episode: ExportEpisode) -> dict[str, Stats]:
        """Statistics of an episode by feature."""
        found = {feature.key: self._stats(feature, episode) for feature in self.features}
        return found | {name: stats_of(values[:, None]) for name, values in self.counted(episode.number).items()}

    def _stats(self, feature: Feature, episode: ExportEpisode) -> Stats:
        if feature.kind == "numbers":
            return stats_of(feature.rows(episode))
        stride = -(-episode.length // SAMPLED)
        frames = episode.array(feature.paths[0], slice(0, episode.length, stride))
        if feature.kind == "pixels":
            frames = frames.reshape(len(frames), *feature.shape)
            return pixel_stats(frames, 1 if frames.ndim == 3 else frames.shape[-1])
        scale = 1e-3 if feature.kind == "depth video" else 1 / 255
        return pixel_stats(frames, feature.shape[2], scale)

    def info_features(self) -> dict[str, Any]:
        """What info.json says of the features."""
        return {feature.key: described(feature, self._video_facts(feature)) for feature in self.features} | COUNTERS

    def _video_facts(self, feature: Feature) -> dict[str, Any] | None:
        if not feature.is_video:
            return None
        height, width = feature.shape[:2]
        facts = self.encoding(feature).facts(width, height)
        return facts | self.depth.facts() if feature.kind == "depth video" else facts


def info_of(contents: Contents, job: ExportJob, version: str, paths: Mapping[str, str | None]) -> dict[str, Any]:
    """What both versions of meta/info.json have."""
    episodes = len(job.selection)
    fps = contents.fps
    return {
        "codebase_version": version,
        "robot_type": "+".join(job.selection.robots()) or None,
        "total_episodes": episodes,
        "total_frames": contents.starts[-1],
        "total_tasks": len(contents.tasks),
        "chunks_size": CHUNK,
        "fps": int(fps) if float(fps).is_integer() else fps,
        "splits": {"train": f"0:{episodes}"},
        **paths,
        "features": contents.info_features(),
    }


CHUNK = 1000  # files, or in v2.1 episodes, of a folder
