"""An object of the scene: its shape or shapes, looks, mass, surface and place."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Discriminator, Field, Strict, Tag, model_validator

from simgen.spec.asset import asset_fixed
from simgen.spec.base import Bounds, Listed, Name, Text, wrong
from simgen.spec.distribution import Distribution, Draws, OneNumber, tag_of
from simgen.spec.look import Coloured
from simgen.spec.pose import PoseSpec
from simgen.spec.shape import ShapeSpec

_MASS = Bounds(0.0, 1000.0, "kg", above=True)
_DENSITY = Bounds(0.0, 30000.0, "kg/m^3", above=True)
_FRICTION = Bounds(0.0, 10.0)
_RESTITUTION = Bounds(0.0, 1.0)
_SHARE = Bounds(0.0, 1.0)
_FACTOR = Bounds(0.0001, 1000.0)
MOST_OBJECTS = 64  # of one kind
_COUNT = Bounds(1, MOST_OBJECTS, "objects")
_PHYSICAL = ("mass", "density", "friction", "restitution", "fixed")

Mass = Annotated[float | Distribution, OneNumber(_MASS, "single masses in kg")]
Density = Annotated[float | Distribution, OneNumber(_DENSITY, "single densities in kg/m^3")]
Friction = Annotated[float | Distribution, OneNumber(_FRICTION, "single coefficients")]
Restitution = Annotated[float | Distribution, OneNumber(_RESTITUTION, "single numbers")]
Opening = Annotated[float | Distribution, OneNumber(_SHARE, "single shares from 0 to 1")]
Count = Annotated[
    Annotated[int, _COUNT, Tag("<value>")]
    | Annotated[
        Annotated[tuple[Annotated[int, _COUNT], Annotated[int, _COUNT]], Listed(2, "a number or [lowest, highest]")],
        Tag("<range>"),
    ],
    Discriminator(lambda value: "<range>" if isinstance(value, list | tuple) else "<value>"),
]
Factor = Annotated[float, _FACTOR]
Scale = Annotated[
    Annotated[Factor, Tag("<value>")]
    | Annotated[Annotated[tuple[Factor, Factor, Factor], Listed(3, "a factor or [x, y, z]")], Tag("<per axis>")]
    | Annotated[Distribution, Draws(_FACTOR, (0, 3), form="a factor or [x, y, z]"), Tag("<distribution>")],
    Discriminator(lambda value: "<per axis>" if isinstance(value, list | tuple) else tag_of(value)),
]


def _as_tuple(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class ObjectSpec(ShapeSpec, Coloured):
    """An object of the scene: one shape, several to `choose` from in each episode, or a `marker` that is only drawn."""

    alternatives: ClassVar[tuple[str, ...]] = (*ShapeSpec.alternatives, "choose", "marker")

    choose: Annotated[tuple[ShapeSpec, ...], Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="Shapes of which each episode has one."
    )
    marker: ShapeSpec | None = Field(default=None, description="Only drawn: it has no mass and touches nothing.")
    count: Count | None = Field(
        default=None,
        description="How many of it there are, called <name>_1, <name>_2 ...: a number, or [lowest, highest], of which "
        "each is a task of its own in the dataset; terms may name those up to the lowest.",
    )
    pose: PoseSpec = Field(default_factory=PoseSpec, description="Where it is at the start.")
    scale: Scale = Field(
        default=1.0,
        description="Factor on the shape's size: one, per axis [x, y, z], or a distribution; 0.001 for a mesh in "
        "millimetres.",
    )
    mass: Mass | None = Field(default=None, description="Mass [kg].")
    density: Density | None = Field(default=None, description="Density [kg/m^3], if no mass is given; default 1000.")
    friction: Friction = Field(default=1.0, description="Coulomb coefficient.")
    restitution: Restitution = Field(
        default=0.0, description="Share of the speed that is left after a bounce, 0..1; the newton engine has only 0."
    )
    open: Annotated[dict[Name, Opening], Field(max_length=20)] = Field(
        default_factory=dict,
        description="How far moving parts are open at the start: 0 closed to 1 open, or a distribution; default 0.",
    )
    fixed: Annotated[bool, Strict()] = Field(default=False, description="Collides, but never moves.")
    different_from: Annotated[tuple[Name, ...], BeforeValidator(_as_tuple)] = Field(
        default=(), description="Objects whose shape this one must not share in an episode: a name or a list."
    )
    class_: Text | None = Field(
        default=None, alias="class", description="Semantic class in the segmentation; default its kind."
    )

    @model_validator(mode="after")
    def _sensible(self) -> ObjectSpec:
        if self.seeds is not None and (self.choose is not None or self.marker is not None):
            raise wrong("'seeds' stands beside the shape that it draws, inside 'choose' or 'marker'")
        if isinstance(self.count, tuple) and self.count[0] > self.count[1]:
            raise wrong(f"the range of 'count' is reversed: {list(self.count)}. Allowed: [lowest, highest]")
        if self.mass is not None and self.density is not None:
            raise wrong("has both 'mass' and 'density'; write one of them")
        written = [name for name in _PHYSICAL if getattr(self, name) != type(self).model_fields[name].default]
        if self.marker is not None and written:
            raise wrong(f"a marker is only drawn, so it has no {' or '.join(map(repr, written))}")
        return self

    @property
    def counts(self) -> range | None:
        """How many of it there may be; None where it is there once and keeps its name."""
        if self.count is None:
            return None
        low, high = self.count if isinstance(self.count, tuple) else (self.count, self.count)
        return range(low, high + 1)

    @model_validator(mode="after")
    def _fixed_as_its_asset_is(self) -> ObjectSpec:
        patterns = [shape.asset for shape in self.shapes] if self.marker is None else []
        if "fixed" not in self.model_fields_set and any(patterns):
            # Frozen models refuse assignment; this is still part of reading one.
            vars(self).update(fixed=all(pattern is not None and asset_fixed(pattern) for pattern in patterns))
        return self

    @property
    def shapes(self) -> tuple[ShapeSpec, ...]:
        """Everything it can be, in the order of the file."""
        written = self.choose or ((self.marker,) if self.marker is not None else (self,))
        return tuple(single for shape in written for single in shape.each)
