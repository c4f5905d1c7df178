"""meta/info.json of a LeRobot dataset: version, rate, features and where its files are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from simgen.errors import BadInput

INFO = "meta/info.json"
VERSIONS = ("v2.0", "v2.1", "v3.0")
_LARGEST_JSON = 64 << 20
Count = Annotated[int, Field(ge=0)]
IMAGES = ("video", "image")


class Feature(BaseModel):
    """One column of the tables, or one camera."""

    model_config = ConfigDict(extra="ignore")
    dtype: str
    shape: list[Annotated[int, Field(ge=0, le=1 << 24)]] = []
    names: Any = None
    info: dict[str, Any] | None = None
    video_info: dict[str, Any] | None = None

    @field_validator("shape", mode="before")
    @classmethod
    def _always_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) else value

    @property
    def facts(self) -> dict[str, Any]:
        """What is said of a video, under either of the names it was given over time."""
        return {**(self.video_info or {}), **(self.info or {})}

    @property
    def is_depth(self) -> bool:
        """Whether its images are depth maps."""
        return bool(self.facts.get("is_depth_map") or self.facts.get("video.is_depth_map"))

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of its images [px], whichever axis comes first; None where the shape is not an image's."""
        shape = list(self.shape)
        if len(shape) == 2:
            return shape[0], shape[1]
        if len(shape) != 3:
            return None
        channels_first = shape[0] in (1, 3) and shape[2] not in (1, 3)
        return (shape[1], shape[2]) if channels_first else (shape[0], shape[1])

    @property
    def column_names(self) -> list[str] | None:
        """The names of its columns as one list, or None where they are not one per column."""
        names = _flat(self.names)
        return names if len(names) == _product(self.shape) and names else None


class Info(BaseModel):
    """meta/info.json; what it says besides is left alone."""

    model_config = ConfigDict(extra="ignore")
    codebase_version: Literal["v2.0", "v2.1", "v3.0"]
    robot_type: str | None = None
    fps: Annotated[float, Field(gt=0, allow_inf_nan=False, le=1e5)]
    total_episodes: Count
    total_frames: Count
    chunks_size: Annotated[int, Field(ge=1)] = 1000
    data_path: str
    video_path: str | None = None
    splits: dict[str, str] = {}
    features: dict[str, Feature]

    @property
    def is_v3(self) -> bool:
        return self.codebase_version == "v3.0"


def read_info(root: Path) -> Info:
    """Reads and checks meta/info.json.

    Raises:
        BadInput: missing, no JSON, another version, a field that is missing or wrong.
    """
    path = root / INFO
    values = read_json_object(path)
    version = values.get("codebase_version")
    if version not in VERSIONS:
        said = "no codebase_version" if version is None else f"codebase_version {str(version)[:40]!r}"
        raise BadInput(
            f"{path}: has {said}; allowed: {', '.join(VERSIONS)}. Scripts in lerobot.datasets bring older datasets up."
        )
    try:
        return Info.model_validate(values)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in error.errors()[:5]
        ]
        raise BadInput(f"{path}: {'; '.join(lines)}") from None


def read_json_object(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
        BadInput: names the file if it is missing, unreadable, too large or no object.
    """
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise BadInput(f"{path}: is larger than such a file ever is.")
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"is no JSON ({error})"
        raise BadInput(f"{path}: {reason}") from None
    if not isinstance(values, dict):
        raise BadInput(f"{path}: holds no JSON object.")
    return values


def filled(template: str, field: str, root: Path, **values: int | str) -> Path:
    """Returns the path that a template of info.json stands for.

    Raises:
        BadInput: if it has other fields, or leads out of the dataset.
    """
    try:
        text = template.format(**values)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise BadInput(
            f"{root / INFO}: {field} {template!r} cannot be filled in ({error}); allowed: {', '.join(values)}."
        ) from None
    path = Path(text)
    if path.is_absolute() or ".." in path.parts or "\0" in text:
        raise BadInput(f"{root / INFO}: {field} {template!r} leads out of the dataset.")
    return root / path


def _flat(names: Any) -> list[str]:
    if isinstance(names, str):
        return [names]
    if isinstance(names, dict):
        if names and all(isinstance(value, int) for value in names.values()):  # name -> column
            return [str(name) for name in sorted(names, key=names.__getitem__)]
        return [name for value in names.values() for name in _flat(value)]
    if isinstance(names, list):
        return [name for value in names for name in _flat(value)]
    return []


def _product(shape: list[int]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
