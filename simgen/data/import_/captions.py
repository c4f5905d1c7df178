"""What lies beside a video: a caption as text, or a JSON object with a caption, success and a camera matrix."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from simgen.data.import_.base import Unusable

_LARGEST = 1 << 20
_WORDS = ("caption", "instruction", "text", "task", "prompt", "description")
_Row = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=3, max_length=3)]
_Matrix = Annotated[list[_Row], Field(min_length=3, max_length=3)]


class _Beside(BaseModel):
    """The JSON file beside a video."""

    model_config = ConfigDict(extra="ignore")
    caption: str | list[str] | None = Field(None, validation_alias=AliasChoices(*_WORDS))
    success: bool | None = None
    intrinsics: _Matrix | None = Field(None, validation_alias=AliasChoices("intrinsics", "intrinsic_cv", "K"))


@dataclass(frozen=True)
class Caption:
    """What is known of a video.

    Attributes:
        text: what happens in it; "" where nobody says.
        success: None where nobody says.
        intrinsics: camera matrix of the full image, OpenCV convention [px].
        file: where it was read from.
    """

    text: str = ""
    success: bool | None = None
    intrinsics: list[list[float]] | None = None
    file: str | None = None


def caption_of(candidates: Iterable[Path]) -> Caption:
    """Reads the first of these files that is there; a `.json` before a `.txt`.

    Raises:
        Unusable: if it cannot be read.
    """
    paths = [path for path in candidates if path.is_file()]
    for path in sorted(paths, key=lambda path: path.suffix != ".json"):
        return _of_json(path) if path.suffix == ".json" else Caption(_text(path).strip(), file=path.name)
    return Caption()


def _of_json(path: Path) -> Caption:
    try:
        values: Any = json.loads(_text(path))
        beside = _Beside.model_validate({"caption": values} if isinstance(values, str) else values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise Unusable(f"{path}: {where}: {problem['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path}: is no JSON ({error}).") from None
    text = beside.caption if not isinstance(beside.caption, list) else (beside.caption or [""])[0]
    return Caption((text or "").strip(), beside.success, beside.intrinsics, path.name)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise Unusable(f"{path}: is larger than a caption ever is.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: cannot be read as text ({error}).") from None
