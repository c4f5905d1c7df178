"""Articulated objects of the procedural library: every kind by name, and the one function that makes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import cast

from simgen.errors import unknown
from simgen.world.scene.articulated import cabinet, tap
from simgen.world.scene.articulated.mechanism import articulated, part_pose, scaled_joint
from simgen.world.scene.model import ArticulatedModel
from simgen.world.scene.objects.kind import ObjectKind, Value, checked_value, seeded_values

__all__ = ["ARTICULATED_KINDS", "articulated", "make_articulated", "part_pose", "scaled_joint"]

ARTICULATED_KINDS: dict[str, ObjectKind] = {**cabinet.KINDS, **tap.KINDS}


def make_articulated(kind: str, seed: int = 0, **parameters: object) -> ArticulatedModel:
    """Makes an articulated object; the result depends on nothing but the arguments and is shared between calls.

    Args:
        kind: A name of `ARTICULATED_KINDS`, which also says where the origin is.
        seed: Draws the sizes of the kinds that vary; 0 is the kind's standard size. It never changes the joints.
        **parameters: Sizes that replace the drawn ones.

    Raises:
        BadInput: Unknown kind or parameter, a size out of range, or sizes that do not fit together.
    """
    if kind not in ARTICULATED_KINDS:
        raise unknown("articulated kind", kind, ARTICULATED_KINDS)
    known = ARTICULATED_KINDS[kind].parameters
    values = seeded_values(kind, ARTICULATED_KINDS[kind], seed)
    values |= {name: checked_value(kind, name, value, known) for name, value in parameters.items()}
    return _made(kind, tuple(values.items()))


@lru_cache(maxsize=512)
def _made(kind: str, values: tuple[tuple[str, Value], ...]) -> ArticulatedModel:
    build = cast(Callable[..., ArticulatedModel], ARTICULATED_KINDS[kind].build)
    return build(**dict(values))
