"""Reads a LeRobot dataset back by its own metadata, and compares every value and every picture with ours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simgen.data.export.base import ExportJob, Verified, require_equal
from simgen.data.export.lerobot import version2, version3
from simgen.data.export.lerobot.features import Feature
from simgen.data.export.lerobot.parts import Contents
from simgen.data.export.selection import BLOCK, ExportEpisode
from simgen.data.import_.base import Unusable
from simgen.data.import_.lerobot.depth import depth_of_codes
from simgen.data.import_.lerobot.parquet import RowReader, pq
from simgen.data.import_.video import VideoReader
from simgen.errors import SimgenError

# Mean difference of an episode's colours [of 255] that lossy codecs at the usual quality stay below; a frame of another
# episode, or a picture that is shifted, is further off.
COLOR_BOUND = 12.0
_HALF_MM = 0.5  # codes become whole millimetres


def verify(job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
    """Compares an export with the dataset.

    Raises:
        SimgenError: names the file, the episode and the feature that differ.
    """
    contents, reader = Contents(job), _Reader(out)
    exact: dict[str, None] = {}
    worst: dict[str, float] = {}
    try:
        require_count(out, reader.info, len(job.selection), contents.starts[-1])
        for episode in episodes:
            table, path = reader.table(episode.number)
            for feature in contents.features:
                if feature.is_video:
                    found = _compare_video(reader, feature, episode, contents)
                    worst[feature.key] = max(worst.get(feature.key, 0.0), found)
                else:
                    _compare_column(table.column(feature.key), feature, episode, path)
                    exact[feature.key] = None
            for name, values in contents.counted(episode.number).items():
                require_equal(np.array_equal(table.column(name).to_numpy(), values), path, episode, name)
            said = reader.task(episode.number)
            require_equal(said == contents.task_of(episode.number), path, episode, "task")
    except Unusable as error:
        raise SimgenError(f"{error} The export is not usable; --overwrite makes it anew.") from None
    finally:
        reader.close()
    within = {feature.key: _in_words(feature, worst[feature.key], contents) for feature in contents.videos}
    return Verified(f"pyarrow {version('pyarrow')}, PyAV {version('av')}", tuple(exact), within)


def require_count(out: Path, info: Mapping[str, Any], episodes: int, frames: int) -> None:
    """Refuses metadata that say another number of episodes or frames (SimgenError)."""
    if (info["total_episodes"], info["total_frames"]) != (episodes, frames):
        raise SimgenError(f"{out}/meta/info.json: does not say {episodes} episodes of {frames} frames.")


def _in_words(feature: Feature, worst: float, contents: Contents) -> str:
    if feature.kind == "depth video":
        return f"at most {worst:.2f} mm off up to {contents.depth.far:g} m, which is the largest; none stays none"
    return f"lossy: {worst:.1f} of 255 off on average in the worst episode"


class _Reader:
    """Finds an episode's rows and pictures as LeRobot's reader does: by info.json and the metadata of episodes."""

    def __init__(self, out: Path) -> None:
        self.info = json.loads((out / "meta/info.json").read_text(encoding="utf-8"))
        self.out, self._rows = out, RowReader()
        self._is_v3 = self.info["codebase_version"] == version3.VERSION
        self._videos: dict[str, tuple[Path, VideoReader]] = {}
        self._episodes = self._listed()
        self._first_rows: dict[tuple[int, int], int] = {}  # index of the first frame of each table of v3.0
        for entry in self._episodes if self._is_v3 else ():
            place = entry["data/chunk_index"], entry["data/file_index"]
            self._first_rows.setdefault(place, entry["dataset_from_index"])

    def _listed(self) -> list[dict[str, Any]]:
        """Where each episode is: its row of metadata without statistics."""
        if self._is_v3:
            with pq.ParquetFile(self.out / version3.EPISODES_PATH) as file:
                names = [name for name in file.schema_arrow.names if not name.startswith("stats/")]
                return file.read(columns=names).to_pylist()
        lines = (self.out / "meta/episodes.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def task(self, number: int) -> str:
        return self._episodes[number]["tasks"][0]

    def table(self, number: int) -> tuple[Any, Path]:
        """Rows of an episode, and the file that they are in."""
        entry = self._episodes[number]
        if not self._is_v3:
            path = self.out / version2.place(version2.DATA_PATH, number)
            return self._rows.rows(path, 0, entry["length"], self._rows.columns(path)), path
        chunk, file = entry["data/chunk_index"], entry["data/file_index"]
        path = self.out / self.info["data_path"].format(chunk_index=chunk, file_index=file)
        first = entry["dataset_from_index"] - self._first_rows[chunk, file]
        return self._rows.rows(path, first, entry["length"], self._rows.columns(path)), path

    def frames(self, number: int, key: str, numbers: bool) -> Iterator[np.ndarray]:
        """Pictures of an episode, decoded one after the other."""
        entry, fps = self._episodes[number], float(self.info["fps"])
        path, begin = self.out / version2.place(version2.VIDEO_PATH, number, key), 0.0
        if self._is_v3:
            chunk, file = entry[f"videos/{key}/chunk_index"], entry[f"videos/{key}/file_index"]
            path = self.out / self.info["video_path"].format(video_key=key, chunk_index=chunk, file_index=file)
            begin = entry[f"videos/{key}/from_timestamp"]
        held = self._videos.get(key)
        if held is None or held[0] != path:
            if held is not None:
                held[1].close()
            held = self._videos[key] = (path, VideoReader(path, numbers=numbers))
        times = begin + np.arange(entry["length"]) / fps
        return held[1].at(times, tolerance=0.5 / fps, early=0.5 / fps)

    def close(self) -> None:
        for _path, reader in self._videos.values():
            reader.close()


def _compare_column(column: Any, feature: Feature, episode: ExportEpisode, path: Path) -> None:
    expected = feature.rows(episode)
    if feature.kind == "image":
        contents = (row["bytes"] for row in column.to_pylist())
        found = np.stack([np.asarray(Image.open(io.BytesIO(content))) for content in contents])
    else:
        flat = column.combine_chunks()
        while hasattr(flat, "flatten") and hasattr(flat.type, "value_type"):
            flat = flat.flatten()
        found = flat.to_numpy(zero_copy_only=False).reshape(expected.shape)
    same = found.dtype == expected.dtype and np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")
    require_equal(same, path, episode, feature.key)


def _compare_video(reader: _Reader, feature: Feature, episode: ExportEpisode, contents: Contents) -> float:
    """Compares the pictures of an episode; returns how far they are off [mm, or mean of 255]."""
    is_depth = feature.kind == "depth video"
    frames = reader.frames(episode.number, feature.key, is_depth)
    worst, total, count = 0.0, 0.0, 0
    for block in episode.blocks(feature.paths[0], episode.length, BLOCK):
        found = np.stack([next(frames) for _ in block])
        require_equal(found.shape[:3] == block.shape[:3], reader.out, episode, f"{feature.key} (size)")
        if is_depth:
            worst = max(worst, _depth_error(found, block[..., 0], contents, feature, episode, reader.out))
        else:
            total += float(np.abs(found.astype(np.int16) - block).sum())
            count += block.size
    if is_depth:
        return worst
    mean = total / max(1, count)
    require_equal(mean <= COLOR_BOUND, reader.out, episode, f"{feature.key} ({mean:.1f} of 255 off on average)")
    return mean


def _depth_error(
    codes: np.ndarray, expected: np.ndarray, contents: Contents, feature: Feature, episode: ExportEpisode, out: Path
) -> float:
    """Checks that each depth is the nearest code's, as far as codes reach; returns the largest difference [mm]."""
    depth = contents.depth
    back = depth_of_codes(codes, depth.facts(), feature.key) * 1000.0
    none = expected == 0
    reach = (expected >= 1000 * depth.near) & (expected <= 1000 * depth.far)
    difference = np.abs(back - expected)[reach & ~none]
    allowed = depth.step(expected.astype(np.float64))[reach & ~none] / 2 + _HALF_MM
    require_equal(bool((back[none] == 0).all()), out, episode, f"{feature.key} (where there is no depth)")
    require_equal(bool((difference <= allowed).all()), out, episode, feature.key)
    return float(difference.max(initial=0.0))
