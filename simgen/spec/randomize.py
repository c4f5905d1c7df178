"""What changes from episode to episode beyond the scene's own distributions: paths and how their values are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Strict, StringConstraints

from simgen.spec.base import wrong
from simgen.spec.distribution import Distribution

_FIELDS = frozenset(Distribution.model_fields)


def flattened(value: Any) -> Any:
    """Turns `{cube: {mass: {...}}}` into `{cube.mass: {...}}`; what is no such mapping stays as it is."""
    if not isinstance(value, Mapping):
        return value
    flat: dict[Any, Any] = {}
    for name, inside in value.items():
        nested = (
            isinstance(inside, Mapping) and inside and not _FIELDS & {key for key in inside if isinstance(key, str)}
        )
        if (
            isinstance(name, str)
            and nested
            and all(isinstance(part, Mapping | Distribution) for part in inside.values())
        ):
            parts = {f"{name}.{key}": part for key, part in flattened(inside).items()}
        else:
            parts = {name: inside}
        if twice := parts.keys() & flat.keys():
            raise wrong(f"{min(map(str, twice))} is given twice, once with dots and once as a mapping")
        flat |= parts
    return flat


RandomizePath = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=200)]
RandomizeSpec = Annotated[
    dict[RandomizePath, Distribution],
    Field(
        max_length=500,
        description="Distributions by path, e.g. `cube.mass`, `camera.base.eye`, `light.intensity`; `simgen list "
        "randomizations` names them with unit, default, safe range and engines.",
    ),
    BeforeValidator(flattened),
]
