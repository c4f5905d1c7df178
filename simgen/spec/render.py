"""How images are made: mesh budget, shadows, textures and light."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, model_validator

from simgen.spec.base import Bounds, Direction, Fraction, Spec, wrong
from simgen.spec.look import FixedColor

_Flag = Annotated[bool, Strict()]


class LightSpec(Spec):
    """One directional light and the light that is everywhere."""

    direction: Direction = Field(default=(0.4, 0.3, 0.9), description="Towards the light; any length.")
    intensity: Annotated[float, Bounds(0.0, 100.0)] = Field(
        default=1.0, description="Of the directional light; 1 is a lab."
    )
    ambient: Fraction = Field(default=0.35, description="Share of the light that comes from everywhere, 0..1.")
    color: FixedColor = Field(
        default=(1.0, 1.0, 1.0), description="Colour of the directional light: name or [r, g, b] in 0..1."
    )

    @model_validator(mode="after")
    def _sensible(self) -> LightSpec:
        if not any(self.direction):
            raise wrong("'direction' has no length")
        return self


class RenderSpec(Spec):
    """What the renderer draws."""

    triangles_per_link: Annotated[int, Bounds(20, 1000000, "triangles")] = Field(
        default=2000, description="Budget of each robot link's mesh [triangles]."
    )
    shadows: _Flag = Field(default=True, description="Draw shadows.")
    textures: _Flag = Field(default=True, description="Draw textures.")
    samples: Annotated[int, Bounds(1, 4, "samples")] = Field(
        default=1, description="Samples per pixel and axis, for colour: 1, 2 or 4."
    )
    light: LightSpec = Field(default_factory=LightSpec, description="The light.")
    background: FixedColor = Field(
        default=(0.72, 0.78, 0.85), description="Colour where nothing is hit: name or [r, g, b] in 0..1."
    )

    @model_validator(mode="after")
    def _sensible(self) -> RenderSpec:
        if self.samples == 3:
            raise wrong("'samples' is 3. Allowed: 1, 2, 4")
        return self
