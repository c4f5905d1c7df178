"""What an importer is: it recognises a format by its files, describes a source of it and reads its episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from simgen.errors import SimgenError, unknown

RECORDED = "recorded"  # the phase of episodes whose source knows no phases
DROP, REPEAT = "drop-action", "repeat-observation"
LastStep = Literal["drop-action", "repeat-observation"]
NONE = "none"  # as a camera: no images
Progress = Callable[[str, int, int], None]
"""Called with a part of the work, what of it is done, and how much there is."""


def silent(part: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


class Unusable(SimgenError):
    """An episode that cannot be imported; says which file and what is wrong with it."""


@dataclass(frozen=True)
class ImportOptions:
    """How to import.

    Attributes:
        format: name of the importer; None: recognised by the files.
        episodes: which ones, by their number in the source, such as "0:10"; None: all.
        cameras: which ones; empty: all; "none": no images.
        size: width and height of the stored images [px]; None: as they are.
        task: name of the task; None: what the source says, else its own name.
        instruction: of episodes whose source has none.
        fps: frames per second where the source does not say, and for videos of several rates.
        clip_seconds: longest episode that a video becomes; None: one episode a video.
        last_step: what happens where an episode has as many observations as actions, so that none follows the last
            action: the last observation is stored twice, so that no action, reward or label is lost; or that action
            is dropped, so that every observation was seen.
        all_successful: episodes of a source that does not label success are successes, as demonstrations are.
        skip_bad: leave out what cannot be imported, and count it.
        resume: go on with the dataset that is there.
        codec, processes: of the writer.
    """

    format: str | None = None
    episodes: str | None = None
    cameras: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    task: str | None = None
    instruction: str | None = None
    fps: float | None = None
    clip_seconds: float | None = None
    last_step: LastStep = REPEAT
    all_successful: bool = False
    skip_bad: bool = False
    resume: bool = False
    codec: str | None = None
    processes: int = 1


@dataclass(frozen=True)
class Camera:
    """A camera of a source: output ("rgb", "depth", ...) -> height and width as stored there [px]."""

    outputs: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a source before an episode is read.

    Attributes:
        format, version: such as "lerobot", "v3.0".
        name: of the task or of the folder.
        episodes: how many; they are numbered from 0.
        fps: control steps per second [Hz]; None where nobody says.
        cameras: those that are imported.
        notes: feature notes by the path of an array: names, unit.
        control: name of the control mode.
        labelled: whether the source says which episodes succeeded.
        phases: in the order of the shards.
        longest: observations of the longest episode; 0 where that is not known.
        one_short: whether episodes have as many observations as actions, so that none follows the last action.
        details: what else the spec of the dataset is to say: JSON only, and the same for the same source.
        remarks: what a person should know: what was left out and why.
    """

    format: str
    version: str | None
    name: str
    episodes: int
    fps: float | None
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    robot_type: str | None = None
    control: str | None = None
    labelled: bool = False
    phases: tuple[str, ...] = (RECORDED,)
    longest: int = 0
    one_short: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(eq=False)
class Recording:
    """One episode as its source has it.

    Attributes:
        steps: T, the number of actions.
        arrays: by the paths of an Episode. "obs/..." and "env_states/..." have T+1 rows, or T where the source keeps
            no observation after the last action; all else that has T rows belongs to the steps.
        task: None where it is the source's.
        success: None where the source does not say.
        seed: None where the source has none.
        origin: where in the source it is; JSON only.
    """

    steps: int
    arrays: dict[str, np.ndarray]
    task: str | None = None
    instruction: str = ""
    success: bool | None = None
    seed: int | None = None
    segmentation_ids: dict[int, dict[str, Any]] = field(default_factory=dict)
    subtasks: list[dict[str, str]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    randomisation: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A source whose metadata were read and are sound."""

    info: SourceInfo

    def phase(self, number: int) -> str:
        """Returns the phase of an episode, one of `info.phases`."""
        ...

    def problem(self, number: int) -> str | None:
        """Returns what is wrong with the files of an episode as far as that can be told without decoding; else None."""
        ...

    def read(self, number: int) -> Recording:
        """Reads an episode; in rising order this decodes every file once.

        Raises:
            Unusable: if something in it is damaged or missing.
        """
        ...

    def close(self) -> None:
        """Closes what is open."""
        ...


class Importer(Protocol):
    """One format. `name` is what `--from` takes, `looks_for` says by which files a source is recognised."""

    name: str
    looks_for: str

    def recognise(self, path: Path) -> bool:
        """Returns whether a path looks like this format, from names and small files only."""
        ...

    def open(self, path: Path, options: ImportOptions, progress: Progress = silent) -> Source:
        """Reads the metadata of a source.

        Args:
            progress: told how far it is, where that takes long.

        Raises:
            BadInput: names the file and what is wrong with it.
        """
        ...


def chosen(cameras: Mapping[str, Camera], options: ImportOptions, where: str) -> dict[str, Camera]:
    """Returns the cameras that are wanted.

    Raises:
        BadInput: for a camera that is not there; names those that are.
    """
    if options.cameras == (NONE,):
        return {}
    for name in options.cameras:
        if name not in cameras:
            raise unknown("camera", name, [*cameras, NONE], where)
    return {name: camera for name, camera in cameras.items() if not options.cameras or name in options.cameras}


def safe_name(text: str) -> str:
    """Returns a name that can be a part of an array's path."""
    cleaned = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text).strip("_")
    return cleaned or "unnamed"


def listing(lines: Iterable[str], most: int = 10) -> str:
    """Returns lines below each other, indented, the first few of them."""
    lines = list(lines)
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(f"  {line}" for line in [*lines[:most], *more])
