"""The objects of a scene by name, as far as the other parts of a task need to know them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simgen.errors import nearest
from simgen.spec.base import shown
from simgen.spec.problems import Path, Problem
from simgen.spec.scene import SceneSpec

MOST_LISTED = 40  # names in a message


@dataclass(frozen=True)
class Bodies:
    """Names of the objects: `solid` ones collide, `movable` ones are solid and not fixed, `markers` are only drawn."""

    solid: tuple[str, ...]
    markers: tuple[str, ...]
    movable: tuple[str, ...]
    table: bool = True

    @classmethod
    def of(cls, scene: SceneSpec) -> Bodies:
        """Reads them from a scene."""
        solid = tuple(name for name, body in scene.objects.items() if body.marker is None)
        return cls(
            solid,
            tuple(name for name in scene.objects if name not in solid),
            tuple(name for name in solid if not scene.objects[name].fixed),
            scene.table is not None,
        )

    @classmethod
    def of_unread(cls, scene: Any) -> Bodies:
        """Reads what can be read from a scene as written, though something else in it is wrong."""
        objects = scene.get("objects") if isinstance(scene, Mapping) else None
        objects = objects if isinstance(objects, Mapping) else {}
        markers = tuple(name for name, body in objects.items() if isinstance(body, Mapping) and "marker" in body)
        solid = tuple(name for name in objects if name not in markers)
        return cls(solid, markers, solid)

    @property
    def all(self) -> tuple[str, ...]:
        """All names, solid ones first."""
        return (*self.solid, *self.markers)

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
