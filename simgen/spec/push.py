"""The pushing teacher: it pushes a flat block onto a target by choosing contact and direction again and again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simgen.spec.base import MILLIMETRES, Bounds, Spec
from simgen.spec.pose import BodyName

_Height = Annotated[float, Bounds(0.0, 1.0, "m", hint=MILLIMETRES)]


class PushSpec(Spec):
    """What is pushed where, and with what tool; the tool points down and pushes with its side."""

    body: BodyName = Field(description="Flat block that is pushed.")
    target: BodyName = Field(description="Flat block or marker of the same shape that it shall cover.")
    radius: Annotated[float, Bounds(0.0, 0.1, "m", above=True, hint=MILLIMETRES)] = Field(
        default=0.008, description="Of the tool [m]; that of the panda_stick is the default."
    )
    height: _Height = Field(default=0.015, description="Of the tool's tip over the table while it pushes [m].")
    above: _Height = Field(default=0.09, description="Of the tool's tip over the table on its way to a contact [m].")
    speed: Annotated[float, Bounds(0.0, 1.0, "m/s", above=True)] = Field(
        default=0.1, description="Of the tool while it pushes [m/s]; three times as fast on its way to a contact."
    )
