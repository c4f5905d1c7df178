"""Small LeRobot datasets, written with pyarrow and PyAV by the published layout of versions 2.1 and 3.0.

Nothing of simgen is used, so that a reader and a writer of ours cannot be wrong together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KEY = "observation.images.front"


def picture(episode: int, frame: int, height: int = 32, width: int = 48) -> np.ndarray:
    """A frame whose grey level says which it is: 40 + 50 * episode + 4 * frame, with a bright column on the left."""
    image = np.full((height, width, 3), 40 + 50 * episode + 4 * frame, np.uint8)
    image[:, : width // 4] = 230
    return image


def write_video(path: Path, frames: Sequence[np.ndarray], fps: float, codec: str = "libx264", **options: str) -> None:
    """Writes a video; lossless with codec="ffv1"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001), options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = {"ffv1": "bgr0", "mpeg4": "yuv420p"}.get(codec, "yuv420p")
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


@dataclass
class Made:
    """What was put into a dataset: by episode and name of the column."""

    root: Path
    columns: list[dict[str, np.ndarray]] = field(default_factory=list)
    tasks: tuple[str, ...] = ("pick up the cube", "push the cube")


def _columns(episode: int, length: int, start: int, fps: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(episode)
    last = np.arange(length) == length - 1
    return {
        "observation.state": rng.standard_normal((length, 6), dtype=np.float32),
        "action": rng.standard_normal((length, 6), dtype=np.float32),
        "next.reward": last.astype(np.float32),
        "next.done": last,
        "next.success": last & (episode != 1),
        "timestamp": (np.arange(length) / fps).astype(np.float32),
        "frame_index": np.arange(length),
        "episode_index": np.full(length, episode),
        "index": start + np.arange(length),
        "task_index": np.full(length, episode % 2),
    }


def _table(columns: dict[str, np.ndarray]) -> pa.Table:
    def convert(values: np.ndarray) -> pa.Array:
        if values.ndim == 1:
            return pa.array(values)
        return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])

    return pa.table({name: convert(values) for name, values in columns.items()})


def info_of(version: str, fps: float, lengths: Sequence[int], names: Any = None) -> dict[str, Any]:
    """meta/info.json."""
    motors = names or [f"{name}.pos" for name in ("shoulder_pan", "lift", "elbow", "flex", "roll", "gripper")]
    v3 = version == "v3.0"
    small = {
        name: {"dtype": "int64", "shape": [1], "names": None}
        for name in ("frame_index", "episode_index", "index", "task_index")
    }
    return {
        "codebase_version": version,
        "robot_type": "so101_follower",
        "total_episodes": len(lengths),
        "total_frames": sum(lengths),
        "total_tasks": 2,
        "chunks_size": 1000,
        "fps": fps,
        "splits": {"train": f"0:{len(lengths)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
        if v3
        else "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
        if v3
        else "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
        "features": {
            "observation.state": {"dtype": "float32", "shape": [6], "names": motors},
            "action": {"dtype": "float32", "shape": [6], "names": motors},
            "next.reward": {"dtype": "float32", "shape": [1], "names": None},
            "next.done": {"dtype": "bool", "shape": [1], "names": None},
            "next.success": {"dtype": "bool", "shape": [1], "names": None},
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
            **small,
            KEY: {
                "dtype": "video",
                "shape": [32, 48, 3],
                "names": ["height", "width", "channels"],
                "info": {
                    "video.fps": fps,
                    "video.codec": "h264",
                    "video.pix_fmt": "yuv420p",
                    "video.is_depth_map": False,
                },
            },
        },
    }


def write_v3(root: Path, lengths: Sequence[int] = (6, 5, 7), fps: float = 10.0) -> Made:
    """Version 3.0: all episodes in one table (a row group each) and the videos of the first two in one file."""
    made = Made(root)
    starts = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    made.columns = [_columns(number, length, starts[number], fps) for number, length in enumerate(lengths)]
    (root / "meta/episodes/chunk-000").mkdir(parents=True)
    (root / "data/chunk-000").mkdir(parents=True)
    (root / "meta/info.json").write_text(json.dumps(info_of("v3.0", fps, lengths)))
    tasks = pa.table({"task_index": [0, 1], "__index_level_0__": list(made.tasks)})
    pq.write_table(tasks, root / "meta/tasks.parquet")
    tables = [_table(columns) for columns in made.columns]
    with pq.ParquetWriter(root / "data/chunk-000/file-000.parquet", tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    rows, files = [], {0: [], 1: []}
    for number, length in enumerate(lengths):
        file = 0 if number < 2 else 1
        frames = [picture(number, frame) for frame in range(length)]
        begin = len(files[file]) / fps
        files[file] += frames
        rows.append(
            {
                "episode_index": number,
                "tasks": [made.tasks[number % 2]],
                "length": length,
                "dataset_from_index": starts[number],
                "dataset_to_index": starts[number + 1],
                "data/chunk_index": 0,
                "data/file_index": 0,
                f"videos/{KEY}/chunk_index": 0,
                f"videos/{KEY}/file_index": file,
                f"videos/{KEY}/from_timestamp": begin,
                f"videos/{KEY}/to_timestamp": begin + length / fps,
                "meta/episodes/chunk_index": 0,
                "meta/episodes/file_index": 0,
            }
        )
    pq.write_table(pa.Table.from_pylist(rows), root / "meta/episodes/chunk-000/file-000.parquet")
    for file, frames in files.items():
        if frames:
            write_video(root / f"videos/{KEY}/chunk-000/file-{file:03d}.mp4", frames, fps, crf="5", g="2")
    return made


def write_v2(root: Path, lengths: Sequence[int] = (6, 5, 7), fps: float = 10.0, version: str = "v2.1") -> Made:
    """Version 2.1: a table and a video per episode, metadata as lines of JSON."""
    made = Made(root)
    (root / "meta").mkdir(parents=True)
    (root / "data/chunk-000").mkdir(parents=True)
    (root / "meta/info.json").write_text(json.dumps(info_of(version, fps, lengths)))
    lines = [{"task_index": number, "task": task} for number, task in enumerate(made.tasks)]
    (root / "meta/tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    listed, start = [], 0
    for number, length in enumerate(lengths):
        made.columns.append(_columns(number, length, start, fps))
        pq.write_table(_table(made.columns[-1]), root / f"data/chunk-000/episode_{number:06d}.parquet")
        frames = [picture(number, frame) for frame in range(length)]
        write_video(root / f"videos/chunk-000/{KEY}/episode_{number:06d}.mp4", frames, fps, crf="5", g="2")
        listed.append({"episode_index": number, "tasks": [made.tasks[number % 2]], "length": length})
        start += length
    (root / "meta/episodes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in listed))
    return made


def change_info(root: Path, **changes: Any) -> None:
    """Overwrites fields of meta/info.json."""
    path = root / "meta/info.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
