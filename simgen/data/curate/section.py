"""What the settings of all filters have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from simgen.spec.base import Bounds, Spec

Share = Annotated[float, Bounds(0.0, 1.0)]
NonNegative = Annotated[float, Bounds(0.0)]
Positive = Annotated[float, Bounds(0.0, above=True)]
Count = Annotated[int, Strict(), Field(ge=0, le=10**9)]


class Section(Spec):
    """The settings of a filter; those of an episode's values are thresholds."""

    enabled: Annotated[bool, Strict()] = Field(default=True, description="whether it drops anything")
