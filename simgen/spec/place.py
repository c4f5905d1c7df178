"""A place that is built anew in every episode: rooms to live in, or a warehouse, with people who walk about."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from simgen.spec.base import Bounds, Listed, OneOf, Spec, wrong

_Side = Annotated[float, Bounds(5.0, 18.0, "m")]
_Size = Annotated[tuple[_Side, _Side], Listed(2, "[along x, along y] in m")]
_Walk = Annotated[float, Bounds(0.1, 3.0, "m/s")]
_Rooms = Annotated[int, Bounds(1, 9, "rooms")]


def _count(most: int, what: str) -> Bounds:
    return Bounds(0, most, what)


class _Place(Spec):
    """What all places have."""

    people: Annotated[int, _count(10, "people")] = Field(default=0, description="People who walk about.")
    speed: Annotated[tuple[_Walk, _Walk], Listed(2, "[slowest, fastest] in m/s")] = Field(
        default=(0.6, 1.4), description="How fast people walk [m/s]: each draws theirs from this range."
    )

    @model_validator(mode="after")
    def _ordered(self) -> _Place:
        if self.speed[0] > self.speed[1]:
            raise wrong(f"speed: {self.speed[0]:g} is more than {self.speed[1]:g}. Allowed: [slowest, fastest] in m/s")
        return self


class RoomsSpec(_Place):
    """Rooms with doors, furniture and things that lie about; every episode has its own floor plan."""

    size: _Size = Field(default=(10.0, 8.0), description="Between the outer walls [m], around the world's origin.")
    rooms: Annotated[tuple[_Rooms, _Rooms], Listed(2, "[fewest, most] rooms")] = Field(
        default=(3, 5), description="How many rooms: fewest and most; fewer where they would be too small."
    )
    furniture: Annotated[int, _count(40, "pieces")] = Field(default=14, description="Most pieces of furniture.")
    clutter: Annotated[int, _count(40, "things")] = Field(default=6, description="Most things that lie about.")

    @model_validator(mode="after")
    def _sensible(self) -> RoomsSpec:
        if self.rooms[0] > self.rooms[1]:
            raise wrong(f"rooms: {self.rooms[0]} is more than {self.rooms[1]}. Allowed: [fewest, most] rooms")
        return self


class WarehouseSpec(_Place):
    """A hall with rows of racks, pallets, forklifts, cones, signs and fences."""

    size: _Size = Field(default=(14.0, 10.0), description="Between the outer walls [m], around the world's origin.")
    racks: Annotated[int, _count(30, "racks")] = Field(default=9, description="Most racks, in rows along x.")
    pallets: Annotated[int, _count(30, "pallets")] = Field(default=5, description="Most pallets, some loaded.")
    forklifts: Annotated[int, _count(5, "forklifts")] = Field(default=1, description="Most forklifts.")
    cones: Annotated[int, _count(30, "cones")] = Field(default=5, description="Most traffic cones.")
    signs: Annotated[int, _count(10, "signs")] = Field(default=2, description="Most signs on the floor.")
    fences: Annotated[int, _count(20, "fences")] = Field(default=3, description="Most pieces of fence.")


class PlaceSpec(OneOf):
    """Which place: exactly one of the fields. It has no table, so the scene needs `table: null`."""

    alternatives: ClassVar[tuple[str, ...]] = ("rooms", "warehouse")

    rooms: RoomsSpec | None = Field(default=None, description="Rooms to live in; {} for the standard ones.")
    warehouse: WarehouseSpec | None = Field(default=None, description="A warehouse; {} for the standard one.")

    @property
    def chosen(self) -> RoomsSpec | WarehouseSpec:
        """The place that is written."""
        chosen = self.rooms or self.warehouse
        assert chosen is not None, "exactly one is written"
        return chosen
