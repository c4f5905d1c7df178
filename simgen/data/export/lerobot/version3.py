"""LeRobot v3.0: files that hold many episodes, tables of metadata that say where each one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simgen.data.export.base import ExportJob
from simgen.data.export.folder import ExportFolder
from simgen.data.export.lerobot.features import Feature
from simgen.data.export.lerobot.parts import CHUNK, Contents, info_of
from simgen.data.export.lerobot.stats import Totals
from simgen.data.export.lerobot.tables import join_tables, write_rows, write_tasks
from simgen.data.export.lerobot.videos import join
from simgen.data.export.selection import ExportEpisode
from simgen.data.files import write_json

VERSION = "v3.0"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-000/file-000.parquet"
_MEGABYTE = 1_000_000


class Writer:
    """Writes each episode in parts of its own, and at the end joins them to files of a bounded size."""

    def __init__(self, job: ExportJob, folder: ExportFolder) -> None:
        self._job, self._folder, self._contents = job, folder, Contents(job)

    def _part(self, number: int, feature: Feature | None) -> Any:
        name = "rows.parquet" if feature is None else f"{feature.key}.mp4"
        return self._folder.scratch(f"parts/{number:08d}.{name}")

    def add(self, episode: ExportEpisode) -> Mapping[str, Any]:
        contents = self._contents
        contents.write_rows(self._part(episode.number, None), episode)
        sizes = {"": self._part(episode.number, None).stat().st_size}
        for feature in contents.videos:
            part = self._part(episode.number, feature)
            contents.write_video(part, feature, episode)
            sizes[feature.key] = part.stat().st_size
        return {"stats": contents.stats(episode), "bytes": sizes}

    def finish(self) -> None:
        sizes = [entry["bytes"] for entry in self._folder.entries()]
        settings, contents = self._job.settings, self._contents
        data = grouped([size[""] for size in sizes], settings.data_files_size_in_mb * _MEGABYTE)
        self._join_rows(data)
        videos = {}
        for feature in contents.videos:
            most = settings.video_files_size_in_mb * _MEGABYTE
            videos[feature.key] = grouped([size[feature.key] for size in sizes], most)
            self._join_videos(feature, videos[feature.key])
        self._write_metadata(data, videos)

    def _join_rows(self, groups: Sequence[Sequence[int]]) -> None:
        for file, numbers in enumerate(groups):
            name = DATA_PATH.format(chunk_index=file // CHUNK, file_index=file % CHUNK)
            parts = [self._part(number, None) for number in numbers]
            if not (self._folder.out / name).exists():  # one that is there is whole
                with self._folder.new(name) as draft:
                    join_tables(draft, parts)
            _remove(parts)

    def _join_videos(self, feature: Feature, groups: Sequence[Sequence[int]]) -> None:
        for file, numbers in enumerate(groups):
            name = VIDEO_PATH.format(video_key=feature.key, chunk_index=file // CHUNK, file_index=file % CHUNK)
            parts = [self._part(number, feature) for number in numbers]
            if not (self._folder.out / name).exists():
                lengths = [self._contents.length(number) for number in numbers]
                with self._folder.new(name) as draft:
                    join(draft, parts, lengths, self._contents.encoding(feature))
            _remove(parts)

    def _write_metadata(self, data: Sequence[Sequence[int]], videos: Mapping[str, Sequence[Sequence[int]]]) -> None:
        folder, contents, settings = self._folder, self._contents, self._job.settings
        with folder.new(EPISODES_PATH) as draft:
            write_rows(draft, self._episodes(data, videos))
        with folder.new("meta/tasks.parquet") as draft:
            write_tasks(draft, contents.tasks)
        totals = Totals()
        for entry in folder.entries():
            totals.add(entry["stats"])
        write_json(folder.file("meta/stats.json"), totals.as_json(), indent=4)
        paths = {
            "data_files_size_in_mb": settings.data_files_size_in_mb,
            "video_files_size_in_mb": settings.video_files_size_in_mb,
            "data_path": DATA_PATH,
            "video_path": VIDEO_PATH if contents.videos else None,
        }
        write_json(folder.file("meta/info.json"), info_of(contents, self._job, VERSION, paths), indent=4)

    def _episodes(
        self, data: Sequence[Sequence[int]], videos: Mapping[str, Sequence[Sequence[int]]]
    ) -> Iterator[dict[str, Any]]:
        contents = self._contents
        places, video_places = _places(data), {key: _places(groups) for key, groups in videos.items()}
        for number, entry in enumerate(self._folder.entries()):
            row: dict[str, Any] = {
                "episode_index": number,
                "tasks": [contents.task_of(number)],
                "length": contents.length(number),
                "dataset_from_index": contents.starts[number],
                "dataset_to_index": contents.starts[number + 1],
                "data/chunk_index": places[number] // CHUNK,
                "data/file_index": places[number] % CHUNK,
                "meta/episodes/chunk_index": 0,
                "meta/episodes/file_index": 0,
            }
            row |= contents.origin(number)
            for key, files in video_places.items():
                first = videos[key][files[number]][0]
                before = contents.starts[number] - contents.starts[first]
                row[f"videos/{key}/chunk_index"] = files[number] // CHUNK
                row[f"videos/{key}/file_index"] = files[number] % CHUNK
                row[f"videos/{key}/from_timestamp"] = before / contents.fps
                row[f"videos/{key}/to_timestamp"] = (before + contents.length(number)) / contents.fps
            for key, stats in entry["stats"].items():
                row |= {f"stats/{key}/{name}": value for name, value in stats.items()}
            yield row

    def close(self) -> None:
        """Nothing is open between episodes."""


def grouped(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Numbers of neighbours whose sizes together are not above `most`, as far as one alone is not."""
    groups: list[list[int]] = []
    total = 0
    for number, size in enumerate(sizes):
        if not groups or total + size > most:
            groups.append([])
            total = 0
        groups[-1].append(number)
        total += size
    return groups


def _places(groups: Sequence[Sequence[int]]) -> dict[int, int]:
    """Number of an episode -> of its group."""
    return {number: place for place, numbers in enumerate(groups) for number in numbers}


def _remove(parts: Sequence[Any]) -> None:
    for part in parts:
        part.unlink(missing_ok=True)
