"""The slots that a place adds to the layout: a fixed number, whatever an episode draws."""

from __future__ import annotations

from simgen.spec.place import PlaceSpec
from simgen.world.scene.place.person import VARIANTS, person
from simgen.world.scene.place.rooms import room_groups
from simgen.world.scene.place.thing import Group
from simgen.world.scene.place.warehouse import warehouse_groups
from simgen.world.scene.slots import BodySlot

PREFIX = "place"
PERSON = "person"


def is_person(name: str) -> bool:
    """Says whether a slot is that of a person."""
    return name.startswith(f"{PREFIX}.{PERSON}_")


def place_groups(spec: PlaceSpec) -> dict[str, Group]:
    """Returns the groups of slots by name, the people last."""
    groups = room_groups(spec.rooms) if spec.rooms is not None else {}
    groups |= warehouse_groups(spec.warehouse) if spec.warehouse is not None else {}
    return groups | {PERSON: Group(spec.chosen.people, tuple(person(variant) for variant in range(VARIANTS)))}


def place_slots(spec: PlaceSpec) -> tuple[BodySlot, ...]:
    """Returns the slots, called "place.wall_1" and so on; each group's candidates say what class they are."""
    return tuple(
        BodySlot(
            f"{PREFIX}.{name}_{number + 1}", "fixed", group.candidates, "",
            scenery=name != PERSON, texture_size=group.texture_size,
        )
        for name, group in place_groups(spec).items()
        for number in range(group.count)
    )  # fmt: skip
