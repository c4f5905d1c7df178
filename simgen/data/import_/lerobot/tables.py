"""Which episodes a LeRobot dataset has, and where their rows and frames are: jsonl in version 2, parquet in 3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simgen.data.import_.lerobot.info import Info, filled
from simgen.data.import_.lerobot.parquet import read_columns
from simgen.errors import BadInput

_LONGEST_LINE = 16 << 20


@dataclass(frozen=True)
class Clip:
    """Where the frames of an episode are: a video, and when in it they begin [s]."""

    path: Path
    start: float


@dataclass(frozen=True)
class Row:
    """An episode as the metadata have it.

    Attributes:
        length: frames.
        tasks: instructions.
        data: the file with its rows.
        first: its first row in that file.
        clips: by the key of the camera.
    """

    number: int
    length: int
    tasks: tuple[str, ...]
    data: Path
    first: int
    clips: dict[str, Clip]


class Table(Protocol):
    """The episodes by number."""

    total_frames: int
    longest: int

    def __len__(self) -> int:
        """One more than the highest number of an episode."""
        ...

    def row(self, number: int) -> Row | None:
        """Returns an episode; None if it is not listed."""
        ...


class _Line(BaseModel):
    """A line of meta/episodes.jsonl."""

    model_config = ConfigDict(extra="ignore")
    episode_index: int = Field(ge=0, le=10**8)
    length: int = Field(ge=0)
    tasks: list[str] = []


class _TaskLine(BaseModel):
    """A line of meta/tasks.jsonl."""

    model_config = ConfigDict(extra="ignore")
    task_index: int
    task: str


class JsonTable:
    """Version 2: meta/episodes.jsonl, one table and one video per episode."""

    def __init__(self, root: Path, info: Info, cameras: Sequence[str]) -> None:
        self._root, self._info, self._cameras = root, info, cameras
        self._rows: dict[int, _Line] = {}
        for line in _lines(root / "meta/episodes.jsonl", _Line):
            self._rows[line.episode_index] = line
        self.total_frames = sum(line.length for line in self._rows.values())
        self.longest = max((line.length for line in self._rows.values()), default=0)

    def __len__(self) -> int:
        return max(self._rows, default=-1) + 1

    def row(self, number: int) -> Row | None:
        line = self._rows.get(number)
        if line is None:
            return None
        values = {"episode_chunk": number // self._info.chunks_size, "episode_index": number}
        clips = {key: Clip(self._video(key, values), 0.0) for key in self._cameras}
        data = filled(self._info.data_path, "data_path", self._root, **values)
        return Row(number, line.length, tuple(line.tasks), data, 0, clips)

    def _video(self, key: str, values: dict[str, int]) -> Path:
        return filled(self._info.video_path or "", "video_path", self._root, video_key=key, **values)


class ParquetTable:
    """Version 3: meta/episodes/*/*.parquet; tables and videos hold several episodes each."""

    def __init__(self, root: Path, info: Info, cameras: Sequence[str]) -> None:
        self._root, self._info, self._cameras = root, info, cameras
        places = [f"videos/{key}/{name}" for key in cameras for name in ("chunk_index", "file_index", "from_timestamp")]
        numbers = ["episode_index", "length", "dataset_from_index", "data/chunk_index", "data/file_index", *places]
        files = sorted((root / "meta/episodes").glob("*/*.parquet"))
        if not files:
            raise BadInput(f"{root / 'meta/episodes'}: has no table of the episodes (chunk-000/file-000.parquet).")
        self._columns: dict[str, list[Any]] = {name: [] for name in [*numbers, "tasks"]}
        for file in files:
            for name, values in read_columns(file, numbers, ["tasks"]).items():
                self._columns[name] += values
        self._place = {number: place for place, number in enumerate(self._columns["episode_index"])}
        self._first: dict[tuple[int, int], int] = {}  # of the rows in each file
        for place in self._place.values():
            key, start = self._file(place), self._columns["dataset_from_index"][place]
            self._first[key] = min(start, self._first.get(key, start))
        self.total_frames = sum(self._columns["length"])
        self.longest = max(self._columns["length"], default=0)

    def _file(self, place: int) -> tuple[int, int]:
        return self._columns["data/chunk_index"][place], self._columns["data/file_index"][place]

    def __len__(self) -> int:
        return max(self._place, default=-1) + 1

    def row(self, number: int) -> Row | None:
        place = self._place.get(number)
        if place is None:
            return None
        file = self._file(place)
        values = {"chunk_index": file[0], "file_index": file[1]}
        tasks = self._columns["tasks"][place]
        return Row(
            number,
            self._columns["length"][place],
            tuple(tasks) if isinstance(tasks, list) else (str(tasks),) if tasks else (),
            filled(self._info.data_path, "data_path", self._root, **values),
            self._columns["dataset_from_index"][place] - self._first[file],
            {key: self._clip(key, place) for key in self._cameras},
        )

    def _clip(self, key: str, place: int) -> Clip:
        chunk, file, start = (
            self._columns[f"videos/{key}/{name}"][place] for name in ("chunk_index", "file_index", "from_timestamp")
        )
        values = {"video_key": key, "chunk_index": chunk, "file_index": file}
        return Clip(filled(self._info.video_path or "", "video_path", self._root, **values), float(start))


def read_tasks(root: Path, info: Info) -> dict[int, str]:
    """Returns the instructions by their number.

    Raises:
        BadInput: if the table of them is damaged.
    """
    if not info.is_v3:
        path = root / "meta/tasks.jsonl"
        return {line.task_index: line.task for line in _lines(path, _TaskLine)} if path.exists() else {}
    path = root / "meta/tasks.parquet"
    if not path.exists():
        return {}
    columns = read_columns(path, ["task_index"], None)
    texts = [name for name, values in columns.items() if values and all(isinstance(value, str) for value in values)]
    if not texts:
        return {}
    name = "task" if "task" in texts else texts[0]  # pandas calls an index without name __index_level_0__
    return dict(zip(columns["task_index"], columns[name], strict=True))


def _lines(path: Path, kind: type[Any]) -> Iterator[Any]:
    """Reads a file of one JSON object a line.

    Raises:
        BadInput: names the line that cannot be read.
    """
    number = 0
    try:
        with open(path, "rb") as file:
            while text := file.readline(_LONGEST_LINE):
                number += 1
                if text.strip():
                    yield kind.model_validate(json.loads(text))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise BadInput(f"{path}:{number}: {where}: {problem['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}:{number}: is no JSON ({error}); is the file cut off?") from None
