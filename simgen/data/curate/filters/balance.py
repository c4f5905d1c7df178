"""No more episodes of a kind than wanted, so that a dataset is not mostly one task, object or instruction."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, field_validator

from simgen.data.curate.section import Section
from simgen.errors import nearest
from simgen.spec.base import wrong

KEYS = ("task", "phase", "instruction", "objects", "success", "robot")
DRAWN = "randomisation."


class BalanceSpec(Section):
    """Drops episodes of kinds of which there are too many; which ones, their hashes decide."""

    enabled: Annotated[bool, Strict()] = Field(default=False, description="whether it drops anything")
    by: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=("task", "phase"),
        description=f"what makes a kind: {', '.join(KEYS)}, or a drawn value such as {DRAWN}cube.color",
    )
    most: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = Field(
        default=None, description="episodes of a kind; null: as many as of the rarest"
    )

    @field_validator("by")
    @classmethod
    def _known(cls, by: tuple[str, ...]) -> tuple[str, ...]:
        for name in by:
            if name not in KEYS and not name.startswith(DRAWN):
                raise wrong(f"unknown kind {name!r}. Allowed: {', '.join(KEYS)}, {DRAWN}<name>{nearest(name, KEYS)}")
        return by
