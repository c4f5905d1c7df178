"""Places that are built anew in every episode: rooms and warehouses, of a fixed number of fixed bodies, and people."""

from simgen.world.scene.place.person import RADIUS as PERSON_RADIUS
from simgen.world.scene.place.sample import PlaceSampler
from simgen.world.scene.place.slots import PREFIX, is_person, place_slots

__all__ = ["PERSON_RADIUS", "PREFIX", "PlaceSampler", "is_person", "place_slots"]
