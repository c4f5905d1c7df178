"""What a task is about: the bodies that its success, else its reward or its teacher, speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WHERE = ("success", "stages", "reward", "teacher")
_KEYS = ("body", "part", "to", "push", "operate")


def target_bodies(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the solid objects that a resolved spec is about; none for tasks that do not say.

    Markers are left out: they are drawn for people, and some are out of the picture by design.
    """
    scene = spec.get("scene")
    objects = scene.get("objects", {}) if isinstance(scene, Mapping) else {}
    solid = {name for name, body in objects.items() if isinstance(body, Mapping) and "marker" not in body}
    for field in _WHERE:
        found = dict.fromkeys(name for name in _named(spec.get(field)) if name.partition(".")[0] in solid)
        if found:
            return tuple(found)
    return ()


def _named(value: Any) -> Iterator[str]:
    """Names of bodies anywhere in conditions, terms and steps."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if key in _KEYS and isinstance(inside, str):
                yield inside
            else:
                yield from _named(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _named(inside)
