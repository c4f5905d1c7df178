"""The library of procedural objects: every kind by name, and the one function that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np

from simgen.errors import BadInput, unknown
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects import boards, extruded, holed, mug, primitives, revolved, terrain
from simgen.world.scene.objects.assemble import scale_model
from simgen.world.scene.objects.kind import ObjectKind, Parameter, Value, checked_value, seeded_values

OBJECT_KINDS: dict[str, ObjectKind] = {
    **primitives.KINDS,
    **mug.KINDS,
    **revolved.KINDS,
    **extruded.KINDS,
    **holed.KINDS,
    **boards.KINDS,
    **terrain.KINDS,
}
_SCALE = {
    1: {"scale": Parameter(1.0, "1", 0.001, 1000.0)},
    3: {"scale": Parameter((1.0, 1.0, 1.0), "1", 0.001, 1000.0)},
}


def make_object(kind: str, seed: int = 0, **parameters: object) -> ObjectModel:
    """Makes an object of the library; the result depends on nothing but the arguments and is shared between calls.

    Args:
        kind: A name of `OBJECT_KINDS`, which also says where the origin is.
        seed: Draws the sizes of the kinds that vary; 0 is the kind's standard size. Primitives have no seed.
        **parameters: Sizes that replace the drawn ones, and `scale`: a factor, or one per axis.

    Raises:
        BadInput: Unknown kind or parameter, a size out of range, or sizes that do not fit together.
    """
    if kind not in OBJECT_KINDS:
        raise unknown("object kind", kind, OBJECT_KINDS)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise BadInput(f"{kind}: seed must be a whole number, not {seed!r}.")
    scale = _checked_scale(kind, parameters.pop("scale", 1.0))
    known = OBJECT_KINDS[kind].parameters
    values = seeded_values(kind, OBJECT_KINDS[kind], int(seed))
    values |= {name: checked_value(kind, name, value, known) for name, value in parameters.items()}
    return _scaled(kind, tuple(values.items()), scale)


def _checked_scale(kind: str, scale: object) -> tuple[float, float, float]:
    per_axis = isinstance(scale, (Sequence, np.ndarray)) and not isinstance(scale, str) and len(scale) != 1
    value = checked_value(kind, "scale", scale, _SCALE[3 if per_axis else 1])
    return cast(tuple[float, float, float], value if isinstance(value, tuple) else (value, value, value))


@lru_cache(maxsize=1024)
def _scaled(kind: str, values: tuple[tuple[str, Value], ...], scale: tuple[float, float, float]) -> ObjectModel:
    return scale_model(_made(kind, values), scale)


@lru_cache(maxsize=512)
def _made(kind: str, values: tuple[tuple[str, Value], ...]) -> ObjectModel:
    return OBJECT_KINDS[kind].build(**dict(values))
