"""Reads the episodes of a LeRobot dataset."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np

from simgen.data.import_.base import RECORDED, ImportOptions, Recording, SourceInfo, Unusable, chosen, safe_name
from simgen.data.import_.images import resize_stack
from simgen.data.import_.lerobot.images import ImageColumns, Videos
from simgen.data.import_.lerobot.info import INFO, Info, read_info
from simgen.data.import_.lerobot.mapping import (
    FLAGS,
    Mapped,
    Placed,
    cameras_of,
    features_in_short,
    notes_of,
    place_features,
)
from simgen.data.import_.lerobot.parquet import RowReader, numbers_of
from simgen.data.import_.lerobot.tables import JsonTable, ParquetTable, Row, read_tasks
from simgen.errors import BadInput

_BOOKS = ("episode_index", "frame_index", "timestamp")


class LeRobotSource:
    """A LeRobot dataset whose metadata were read."""

    def __init__(self, root: Path, options: ImportOptions) -> None:
        self._root, self._options = root, options
        self._meta = read_info(root)
        if options.fps is not None and abs(options.fps - self._meta.fps) > 1e-6:
            raise BadInput(f"--fps {options.fps:g}: {root / INFO} says {self._meta.fps:g}; leave --fps out.")
        mapped = place_features(self._meta)
        cameras = chosen(cameras_of(mapped), options, str(root))
        mapped.placed = [placed for placed in mapped.placed if placed.camera is None or placed.camera in cameras]
        self._placed = mapped.placed
        filmed = [placed.key for placed in mapped.placed if placed.kind.endswith("video")]
        if filmed and not self._meta.video_path:
            raise BadInput(f"{root / INFO}: has the video {filmed[0]!r}, but no video_path.")
        self._table = (ParquetTable if self._meta.is_v3 else JsonTable)(root, self._meta, filmed)
        self._tasks = read_tasks(root, self._meta)
        self._reader, self._checker = RowReader(), RowReader()
        self._videos = Videos(self._meta.fps, options.size)
        self._images = ImageColumns(root, options.size)
        self._require_whole()
        self.info = self._describe(mapped, cameras)

    def _require_whole(self) -> None:
        """Refuses a dataset whose metadata contradict each other: somebody was still writing it."""
        listed, said = len(self._table), self._meta.total_episodes
        frames, total = self._table.total_frames, self._meta.total_frames
        problem = None
        if listed != said:
            problem = f"total_episodes is {said}, but meta/episodes lists {listed}"
        elif frames != total:
            problem = f"total_frames is {total}, but the episodes of meta/episodes have {frames}"
        elif not said:
            problem = "has no episodes"
        elif not any(placed.path == "actions" for placed in self._placed) and not self._placed:
            problem = "has no feature that can be imported"
        if problem and not (self._options.skip_bad and listed):
            raise BadInput(
                f"{self._root / INFO}: {problem}; is the dataset half-written? --skip-bad takes what is whole."
            )

    def _describe(self, mapped: Mapped, cameras: dict) -> SourceInfo:
        meta = self._meta
        remarks = tuple(f"{key} is left out: {reason}" for key, reason in mapped.left_out.items())
        if not any(placed.path == "actions" for placed in mapped.placed):
            remarks += ("there is no feature 'action': the episodes have actions without columns",)
        return SourceInfo(
            format="lerobot",
            version=meta.codebase_version,
            name=safe_name(self._root.resolve().name),
            episodes=max(len(self._table), meta.total_episodes),
            fps=meta.fps,
            cameras=cameras,
            notes=notes_of(mapped),
            robot_type=meta.robot_type,
            labelled=any(placed.path == "success" for placed in mapped.placed),
            longest=self._table.longest,
            one_short=True,
            details={
                "fingerprint": hashlib.sha256((self._root / INFO).read_bytes()).hexdigest()[:16],
                "splits": meta.splits,
                "features": features_in_short(meta, mapped),
            },
            remarks=remarks,
        )

    def phase(self, number: int) -> str:
        return RECORDED

    def problem(self, number: int) -> str | None:
        row = self._table.row(number)
        if row is None:
            return f"is not listed in {self._root / 'meta'}"
        if row.length < 1:
            return f"has {row.length} frames by {self._root / 'meta'}"
        try:
            rows = self._checker.count(row.data)
            if rows < row.first + row.length or (not self._meta.is_v3 and rows != row.length):
                return f"{row.data}: has {rows} rows; the metadata say {row.first + row.length}"
            self._require_columns(row.data)
            for key, clip in row.clips.items():
                self._videos.require(key, clip, row.length, whole=not self._meta.is_v3)
        except Unusable as error:
            return str(error)
        return None

    def _require_columns(self, path: Path) -> None:
        there = set(self._checker.columns(path))
        for placed in self._placed:
            if not placed.kind.endswith("video") and placed.key not in there:
                raise Unusable(f"{path}: has no column {placed.key!r}, which {INFO} lists.")

    def read(self, number: int) -> Recording:
        row = self._table.row(number)
        if row is None:
            raise Unusable(f"is not listed in {self._root / 'meta'}")
        there = set(self._reader.columns(row.data))
        wanted = [placed.key for placed in self._placed if not placed.kind.endswith("video")]
        books = [name for name in (*_BOOKS, "task_index") if name in there]
        table = self._reader.rows(row.data, row.first, row.length, [*wanted, *books])
        self._require_rows_of(table, row)
        arrays = {placed.path: self._array(placed, table, row) for placed in self._placed}
        arrays.setdefault("actions", np.zeros((row.length, 0), np.float32))
        instruction, subtasks = self._instructions(table, row, arrays)
        success = arrays.get("success")
        return Recording(
            steps=row.length,
            arrays=arrays,
            instruction=instruction,
            success=bool(success.reshape(-1)[-1]) if success is not None else None,
            subtasks=subtasks,
            flags=self._splits(number),
            origin={"file": str(row.data.relative_to(self._root))},
        )

    def _require_rows_of(self, table, row: Row) -> None:
        """Refuses rows of another episode, and times that are not those of the rate."""
        frames = np.arange(row.length)
        for name, expected in (("episode_index", np.full(row.length, row.number)), ("frame_index", frames)):
            if name in table.column_names:
                found = numbers_of(table.column(name), [], f"{row.data}: {name}")
                if not np.array_equal(found, expected):
                    wrong = int(np.argmax(found != expected))
                    raise Unusable(
                        f"{row.data}: row {row.first + wrong} has {name} {found[wrong]}, not {expected[wrong]}."
                    )
        if "timestamp" in table.column_names:
            times = numbers_of(table.column("timestamp"), [], f"{row.data}: timestamp").astype(np.float64)
            off = np.abs(times - times[0] - frames / self._meta.fps).max()
            if not off <= 0.5 / self._meta.fps:
                raise Unusable(
                    f"{row.data}: timestamps are off those of {self._meta.fps:g} frames per second by {off:.3g} s."
                )

    def _array(self, placed: Placed, table, row: Row) -> np.ndarray:
        where = f"{row.data}: {placed.key}"
        if placed.kind.endswith("video"):
            return self._videos.read(placed, row.clips[placed.key], row.length)
        column = table.column(placed.key)
        if placed.kind.endswith("image"):
            return self._images.read(placed, column, where)
        array = numbers_of(column, _row_shape(placed), where)
        if placed.columns is not None:
            array = array[:, placed.columns]
        if placed.kind == "depth":
            return self._images.depth(placed, array)
        if placed.kind == "pixels":
            return resize_stack(array[..., None] if array.ndim == 3 else array, self._options.size)
        return array.astype(bool) if placed.path in FLAGS else array

    def _instructions(self, table, row: Row, arrays: dict[str, np.ndarray]) -> tuple[str, list[dict[str, str]]]:
        """The instruction of an episode; where it has several, also which step has which."""
        tasks = list(row.tasks)
        if "task_index" in table.column_names and self._tasks:
            numbers = numbers_of(table.column("task_index"), [], f"{row.data}: task_index")
            unknown = next((int(number) for number in np.unique(numbers) if int(number) not in self._tasks), None)
            if unknown is not None:
                raise Unusable(f"{row.data}: task_index {unknown} is not in meta/tasks.")
            found = list(dict.fromkeys(int(number) for number in numbers))
            tasks = [self._tasks[number] for number in found]
            if len(found) > 1:
                arrays["subtask"] = np.array([found.index(int(number)) for number in numbers], np.int32)
        stages = [{"name": f"task_{place}", "instruction": task} for place, task in enumerate(tasks)]
        return "; ".join(tasks), stages if "subtask" in arrays else []

    def _splits(self, number: int) -> list[str]:
        """The names of the splits that an episode belongs to, where there are several."""
        return [name for name, text in _several(self._meta) if _inside(text, number)]

    def close(self) -> None:
        self._reader.close()
        self._checker.close()
        self._videos.close()


def _row_shape(placed: Placed) -> list[int]:
    """The shape of a row; single numbers of steps, such as rewards, have no axis of their own."""
    shape = placed.feature.shape
    is_scalar = shape in ([1], []) and placed.path != "actions" and not placed.path.startswith("obs/")
    return [] if is_scalar else shape


def _several(meta: Info) -> list[tuple[str, str]]:
    return sorted(meta.splits.items()) if len(meta.splits) > 1 else []


@functools.lru_cache(maxsize=256)
def _inside(text: str, number: int) -> bool:
    first, colon, stop = text.partition(":")
    return bool(colon) and first.isdigit() and stop.isdigit() and int(first) <= number < int(stop)
