"""Where an object starts: its relation to a fixture or another object, its place there and its orientation."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Discriminator, Field, Strict, StringConstraints, Tag, model_validator

from simgen.spec.base import (
    MILLIMETRES,
    Angles,
    AnglesDegrees,
    Bounds,
    Coordinate,
    Listed,
    Spec,
    in_radians,
    wrong,
)
from simgen.spec.distribution import AngleOrDrawn, DegreesOrDrawn, Distribution, Draws, OneNumber, tag_of

Relation = Literal["on", "above", "beside", "in"]
BodyName = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=64)]
_PLACE = Bounds(-100.0, 100.0, "m", hint=MILLIMETRES)
_HEIGHT = Bounds(0.0, 10.0, "m", hint=MILLIMETRES)
_GAP = Bounds(0.0, 10.0, "m", above=True, hint=MILLIMETRES)
Way = Annotated[float, Bounds(0.5, 50.0, "m")]

PlaceOrDrawn = Annotated[
    Annotated[Annotated[tuple[Coordinate, Coordinate], Listed(2, "[x, y] in m")], Tag("<value>")]
    | Annotated[Distribution, Draws(_PLACE, (2,), form="[x, y] in m"), Tag("<distribution>")],
    Discriminator(tag_of),
]
HeightOrDrawn = Annotated[float | Distribution, OneNumber(_HEIGHT, "single heights in m")]
GapOrDrawn = Annotated[float | Distribution, OneNumber(_GAP, "single distances in m")]


class FreeSpec(Spec):
    """A spot where nothing stands in the scene's `place`, from which a way leads to the robot's start."""

    distance: Annotated[tuple[Way, Way], Listed(2, "[shortest, longest] in m")] = Field(
        default=(3.0, 8.0), description="Length of the way from the robot's start [m]."
    )

    @model_validator(mode="after")
    def _ordered(self) -> FreeSpec:
        if self.distance[0] >= self.distance[1]:
            shortest, longest = self.distance
            raise wrong(f"distance: {shortest:g} is not below {longest:g}. Allowed: [shortest, longest] in m")
        return self


class PoseSpec(Spec):
    """Where an object is at the start of an episode: at most one relation (default `on: table`) and the place there."""

    relations: ClassVar[tuple[Relation, ...]] = get_args(Relation)

    on: BodyName | None = Field(default=None, description="Stands on the surface of this fixture or object.")
    above: BodyName | None = Field(
        default=None, description="Its origin is `z` above the surface of this fixture or object."
    )
    beside: BodyName | None = Field(default=None, description="Stands on the same surface as this object, next to it.")
    in_: BodyName | None = Field(
        default=None, alias="in", description="Lies in this object, which must be open (bowl, bin)."
    )
    free: FreeSpec | None = Field(
        default=None,
        description="Stands on the floor of the scene's `place`, where it is free; {} for the standard distance.",
    )
    level: Annotated[int, Bounds(1, 100, "boards")] | None = Field(
        default=None,
        description="With `on` a shelf: which of its boards, 1 is the lowest; default the highest point of the shelf.",
    )
    xy: PlaceOrDrawn | None = Field(
        default=None,
        description="Place of the origin [m]: on or above a fixture in world axes, else relative to the named object's "
        "origin. Default: the middle.",
    )
    z: HeightOrDrawn | None = Field(
        default=None, description="With `above`: height of the origin over the surface [m]."
    )
    distance: GapOrDrawn | None = Field(
        default=None,
        description="With `beside`: from origin to origin [m], in a direction that is drawn; or give `xy`.",
    )
    yaw: AngleOrDrawn = Field(default=0.0, description="Turn about the vertical axis [rad].")
    yaw_deg: DegreesOrDrawn | None = Field(default=None, description="The same in degrees.")
    rpy: Angles | None = Field(
        default=None, description="Roll, pitch, yaw about the fixed axes x, y, z [rad], before `yaw`."
    )
    rpy_deg: AnglesDegrees | None = Field(default=None, description="The same in degrees.")
    clearance: Annotated[float, Bounds(0.0, 1.0, "m", hint=MILLIMETRES)] = Field(
        default=0.01, description="Smallest gap to other objects at the start [m]."
    )
    exact: Annotated[bool, Strict()] = Field(
        default=False,
        description="Put there whatever else is there, and others do not keep clear of it: for rooms and for scenes "
        "that somebody has arranged.",
    )
    aside: Annotated[bool, Strict()] = Field(
        default=False,
        description="Nothing stands above or below it, markers included, and it keeps clear of the robot's start.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> PoseSpec:
        given = [name for name in self.relations if self._target(name) is not None]
        if len(given) > 1:
            raise wrong(
                f"has {' and '.join(map(repr, given))}; write one relation. Allowed: {', '.join(self.relations)}"
            )
        if self.free is not None and (given or self.xy is not None):
            raise wrong("'free' draws the place; remove the relation and 'xy'")
        in_radians(self, "yaw", "yaw_deg")
        in_radians(self, "rpy", "rpy_deg")
        relation = self.relation
        if (relation == "above") != (self.z is not None):
            raise wrong("'above' needs 'z', the height over the surface in m; 'z' goes with 'above' only")
        if self.level is not None and self.on is None:
            raise wrong("'level' goes with 'on', the shelf whose board it is")
        if relation == "beside" and (self.distance is None) == (self.xy is None):
            raise wrong("'beside' needs either 'distance' (in a drawn direction) or 'xy' (from the other object), in m")
        if relation != "beside" and self.distance is not None:
            raise wrong("'distance' goes with 'beside' only")
        return self

    def _target(self, relation: str) -> str | None:
        return self.in_ if relation == "in" else getattr(self, relation)

    @property
    def relation(self) -> Relation:
        """How it relates to `target`: on, above, beside or in."""
        for name in self.relations:
            if self._target(name) is not None:
                return name
        return "on"

    @property
    def target(self) -> str:
        """Name of the fixture or object that the relation names; the table where none is written."""
        return self._target(self.relation) or ("table" if self.free is None else "ground")
