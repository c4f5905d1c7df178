"""LeRobot v2.1: a table and videos for each episode, metadata as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from simgen.data.export.base import ExportJob
from simgen.data.export.folder import ExportFolder
from simgen.data.export.lerobot.parts import CHUNK, Contents, info_of
from simgen.data.export.lerobot.stats import Totals
from simgen.data.export.selection import ExportEpisode
from simgen.data.files import write_json

VERSION = "v2.1"
DATA_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
VIDEO_PATH = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"


def place(pattern: str, number: int, key: str = "") -> str:
    """Path of an episode's table, or of a video of it."""
    return pattern.format(episode_chunk=number // CHUNK, episode_index=number, video_key=key)


class Writer:
    """Writes the files of each episode at once where they belong."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder, self._contents = job, folder, Contents(job)

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        contents = self._contents
        with self._folder.new(place(DATA_PATH, episode.number)) as draft:
            contents.write_rows(draft, episode)
        for feature in contents.videos:
            with self._folder.new(place(VIDEO_PATH, episode.number, feature.key)) as draft:
                contents.write_video(draft, feature, episode)
        return {"stats": contents.stats(episode)}

    def finish(self) -> None:
        folder, contents = self._folder, self._contents
        episodes = len(self._job.selection)
        numbers = range(episodes)
        self._write_lines("tasks", ({"task_index": at, "task": task} for at, task in enumerate(contents.tasks)))
        listed = (
            {"episode_index": n, "tasks": [contents.task_of(n)], "length": contents.length(n), **contents.origin(n)}
            for n in numbers
        )
        self._write_lines("episodes", listed)
        entries = enumerate(folder.entries())
        self._write_lines("episodes_stats", ({"episode_index": n, "stats": entry["stats"]} for n, entry in entries))
        totals = Totals()
        for entry in folder.entries():
            totals.add(entry["stats"])
        write_json(folder.file("meta/stats.json"), totals.as_json(), indent=4)
        paths = {"data_path": DATA_PATH, "video_path": VIDEO_PATH if contents.videos else None}
        info = info_of(contents, self._job, VERSION, paths)
        info |= {"total_chunks": -(-episodes // CHUNK), "total_videos": episodes * len(contents.videos)}
        write_json(folder.file("meta/info.json"), info, indent=4)

    def _write_lines(self, name: str, lines: Iterable[Mapping[str, Any]]) -> None:
        with self._folder.new(f"meta/{name}.jsonl") as draft, open(draft, "wb") as file:
            file.writelines(json.dumps(line, allow_nan=False).encode() + b"\n" for line in lines)

    def close(self) -> None:
        """Nothing is open between episodes."""
