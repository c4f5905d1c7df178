"""The JSON file beside a ManiSkill trajectory, and what our own shards say there in addition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from simgen.data.files import plain
from simgen.errors import BadInput, SimgenError

_LARGEST = 1 << 30


class _Instance(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class Entry(BaseModel):
    """An episode. The second half are our own shards' keys."""

    model_config = ConfigDict(extra="ignore")
    episode_id: int = Field(ge=0)
    seed: int | None = Field(None, validation_alias="episode_seed")
    control_mode: str | None = None
    elapsed_steps: int | None = None
    success: bool | None = None
    phase: str | None = None
    task: str | None = None
    instruction: str | None = None
    randomisation: dict[str, Any] = {}
    segmentation_ids: dict[int, _Instance] = {}
    flags: list[str] = []
    subtasks: list[dict[str, str]] = []

    @field_validator("seed", "elapsed_steps", mode="before")
    @classmethod
    def _one_number(cls, value: Any) -> Any:
        """Recorders of several worlds write lists of one value."""
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        return int(value) if isinstance(value, float) and value.is_integer() else value if _is_int(value) else None

    @field_validator("success", mode="before")
    @classmethod
    def _one_flag(cls, value: Any) -> Any:
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        return bool(value) if isinstance(value, int | float) else None

    @field_validator("randomisation", mode="after")
    @classmethod
    def _storable(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            return plain(value, "randomisation")
        except SimgenError as error:
            raise ValueError(str(error)) from None

    @property
    def group(self) -> str:
        return f"traj_{self.episode_id}"

    @property
    def instances(self) -> dict[int, dict[str, Any]]:
        return {number: instance.model_dump() for number, instance in self.segmentation_ids.items()}


class _EnvInfo(BaseModel):
    model_config = ConfigDict(extra="ignore")
    env_id: str | None = None
    env_kwargs: dict[str, Any] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")
    env_info: _EnvInfo
    episodes: list[Entry]
    source_type: str | None = None
    source_desc: str | None = None


@dataclass(frozen=True)
class Listing:
    """A trajectory file and what its JSON says.

    Attributes:
        fps: control frequency [Hz]; None where it is the environment's default.
    """

    path: Path
    json_path: Path
    env_id: str | None
    env_kwargs: dict[str, Any]
    control_mode: str | None
    robot: str | None
    fps: float | None
    episodes: list[Entry]
    source_type: str | None
    source_desc: str | None


def read_listing(path: Path) -> Listing:
    """Reads the JSON file beside a trajectory file.

    Raises:
        BadInput: missing (ManiSkill writes it when the recorder is closed), no JSON, or not ManiSkill's.
    """
    json_path = path.with_suffix(".json")
    if not json_path.is_file():
        raise BadInput(f"{json_path}: is missing; ManiSkill writes it beside {path.name} when a recording is closed.")
    try:
        if json_path.stat().st_size > _LARGEST:
            raise BadInput(f"{json_path}: is larger than such a file ever is.")
        values = _File.model_validate(json.loads(json_path.read_bytes()))
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise BadInput(f"{json_path}: {where}: {problem['msg']}; is it the JSON of a ManiSkill trajectory?") from None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{json_path}: is no JSON ({error}); is it cut off?") from None
    kwargs = values.env_info.env_kwargs
    modes = {entry.control_mode for entry in values.episodes if entry.control_mode}
    said = kwargs.get("control_mode")
    return Listing(
        path,
        json_path,
        values.env_info.env_id,
        kwargs,
        next(iter(modes)) if len(modes) == 1 else said if isinstance(said, str) else None,
        _word(kwargs.get("robot_uids")),
        _control_hz(kwargs),
        values.episodes,
        values.source_type,
        values.source_desc,
    )


def _control_hz(kwargs: dict[str, Any]) -> float | None:
    config = kwargs.get("sim_config")
    value = config.get("control_freq") if isinstance(config, dict) else None
    return float(value) if isinstance(value, int | float) and 0 < value < 1e5 else None


def _word(value: Any) -> str | None:
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, str) else None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
