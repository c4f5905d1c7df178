"""How things look: colours by name or number, textures, and the table and floor that carry them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Strict, StringConstraints, Tag

from simgen.errors import nearest
from simgen.spec.base import Bounds, Fraction, Listed, Name, Spec, shown, wrong
from simgen.spec.distribution import Distribution, Draws, tag_of
from simgen.spec.vocabulary import COLORS

_LOOKS_OF_ANYTHING = (".color", ".texture")
_LOOKS = re.compile(r"camera\.[^.]+\.(eye|look_at|fov_deg)|light\.(direction|intensity|ambient)")
Rgb = Annotated[tuple[Fraction, Fraction, Fraction], Listed(3, "[red, green, blue], each 0 to 1")]
TextureName = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=64)]


def is_look(path: str) -> bool:
    """Says whether what is drawn at a path of `randomize`, such as "light.color", is seen only and moves nothing."""
    return path.endswith(_LOOKS_OF_ANYTHING) or _LOOKS.fullmatch(path) is not None


def _known_color(name: str) -> str:
    if name not in COLORS:
        raise wrong(
            f"unknown color {shown(name)}. Allowed: {', '.join(COLORS)}, or [r, g, b] in 0..1{nearest(name, COLORS)}"
        )
    return name


def _known_colors(drawn: Distribution) -> Distribution:
    for word in drawn.words:
        _known_color(word)
    return drawn


def _color_tag(value: Any) -> str:
    if isinstance(value, Mapping | Distribution):
        return "<distribution>"
    return "<rgb>" if isinstance(value, list | tuple) else "<name>"


FixedColor = Annotated[
    Annotated[str, Strict(), AfterValidator(_known_color), Tag("<name>")] | Annotated[Rgb, Tag("<rgb>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<rgb>"),
]
_DrawnColor = Annotated[
    Distribution,
    Draws(Bounds(0.0, 1.0), (3,), words=True, form="color names or [r, g, b] in 0..1"),
    AfterValidator(_known_colors),
]
ColorSpec = Annotated[
    Annotated[str, Strict(), AfterValidator(_known_color), Tag("<name>")]
    | Annotated[Rgb, Tag("<rgb>")]
    | Annotated[_DrawnColor, Tag("<distribution>")],
    Discriminator(_color_tag),
]
TextureSpec = Annotated[
    Annotated[TextureName, Tag("<value>")]
    | Annotated[Distribution, Draws(dimensions=(), words=True, form="names of textures"), Tag("<distribution>")],
    Discriminator(tag_of),
]


class Coloured(Spec):
    """Anything with a colour and a texture."""

    color: ColorSpec | None = Field(
        default=None, description="Name, [r, g, b] in 0..1 (sRGB), or a distribution over either; it tints the texture."
    )
    texture: TextureSpec | None = Field(default=None, description="Name of a texture, or {choose: [...]}.")


class FixtureSpec(Coloured):
    """Something that stands still and carries objects."""

    use: Name = Field(default="table", description="Which fixture; `simgen list objects` names them.")


class GroundSpec(Coloured):
    """The floor of the room; the default is a lab floor."""
