"""The objects of a scene by name, as far as the other parts of a task need to know them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simgen.errors import nearest
from simgen.spec.base import shown
from simgen.spec.counted import unread_names
from simgen.spec.parts import object_levels, object_parts, unsure_parts
from simgen.spec.problems import Path, Problem
from simgen.spec.scene import SceneSpec
from simgen.spec.vocabulary import FLAT

MOST_LISTED = 40  # names in a message
MOST_LEVELS = 100  # boards of a shelf


@dataclass(frozen=True)
class Bodies:
    """Names of the objects: `solid` ones collide, `movable` ones are solid and not fixed, `markers` are only drawn.

    Moving parts of articulated objects, e.g. cabinet.drawer_1, are among the solid and movable ones. `flat`
    ones (markers too) are blocks that lie flat; `levels` is on how many boards of a solid one things can stand.
    `unsure` are moving parts that an object has with some of its shapes only, and which cannot be named.
    """

    solid: tuple[str, ...]
    markers: tuple[str, ...]
    movable: tuple[str, ...]
    table: bool = True
    parts: tuple[str, ...] = ()
    flat: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()

    @classmethod
    def of(cls, scene: SceneSpec) -> Bodies:
        """Reads them from a scene."""
        solid = tuple(name for name, body in scene.objects.items() if body.marker is None)
        parts = tuple(part for name in solid for part in object_parts(name, scene.objects[name]))
        return cls(
            (*solid, *parts),
            tuple(name for name in scene.objects if name not in solid),
            (*(name for name in solid if not scene.objects[name].fixed), *parts),
            scene.table is not None,
            parts,
            tuple(name for name, body in scene.objects.items() if all(shape.kind in FLAT for shape in body.shapes)),
            {name: object_levels(scene.objects[name]) for name in solid},
            tuple(part for name in solid for part in unsure_parts(name, scene.objects[name])),
        )

    @classmethod
    def of_unread(cls, scene: Any) -> Bodies:
        """Reads what can be read from a scene as written, though something else in it is wrong."""
        objects = unread_names(scene) if isinstance(scene, Mapping) else {}
        markers = tuple(name for name, body in objects.items() if isinstance(body, Mapping) and "marker" in body)
        solid = tuple(name for name in objects if name not in markers)
        return cls(solid, markers, solid, flat=tuple(objects), levels=dict.fromkeys(solid, MOST_LEVELS))

    @property
    def all(self) -> tuple[str, ...]:
        """All names, solid ones first."""
        return (*self.solid, *self.markers)

    @property
    def whole(self) -> tuple[str, ...]:
        """All names but those of parts."""
        return self.whole_of(self.all)

    def whole_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the names without those of parts."""
        return tuple(name for name in names if name not in self.parts)

    @property
    def fixtures(self) -> tuple[str, ...]:
        """What objects can stand on beside each other."""
        return ("table", "ground") if self.table else ("ground",)


def check_name(path: Path, what: str, name: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    """Reports a name that is not among the allowed ones."""
    if name not in allowed:
        more = f" and {len(allowed) - MOST_LISTED} more" if len(allowed) > MOST_LISTED else ""
        listed = ", ".join(allowed[:MOST_LISTED]) + more or "none, there are none"
        yield Problem(path, f"unknown {what} {shown(name)}. Allowed: {listed}{nearest(name, allowed)}")


def check_part(path: Path, name: str, bodies: Bodies) -> Iterator[Problem]:
    """Reports the name of something that is no moving part, or one that is not always there."""
    owner = name.partition(".")[0]
    if name in bodies.unsure:
        always = ", ".join(part for part in bodies.parts if part.startswith(f"{owner}.")) or "there are none"
        message = f"{name} is there with some of the shapes of {owner} only"
        yield Problem(path, f"{message}. Allowed: only parts that every choice has: {always}")
    else:
        yield from check_name(path, "moving part", name, bodies.parts)


def check_level(path: Path, level: int, shelf: str, bodies: Bodies) -> Iterator[Problem]:
    """Reports the number of a board that a shelf does not always have."""
    count = bodies.levels.get(shelf, 0)
    if level > count:
        found = f"has the boards 1 to {count}" if count else "is no shelf"
        allowed = f"1 to {count}" if count else "boards of a shelf only"
        yield Problem(path, f"{shelf} {found}, so no board {level}. Allowed: {allowed}")
