"""Physics beyond the bodies: gravity, how friction is solved, and room for contacts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simgen.spec.base import Bounds, Spec

_Room = Annotated[int, Bounds(1, 100000)]


class PhysicsSpec(Spec):
    """Gravity, friction and capacities; the latter follow from the objects and need no care unless a message asks."""

    gravity: Annotated[float, Bounds(-100.0, 100.0, "m/s^2")] = Field(default=-9.81, description="Along z [m/s^2].")
    impratio: Annotated[float, Bounds(0.01, 1000.0)] = Field(
        default=10.0,
        description="How stiff friction is beside the contact normal, as in MuJoCo (Newton only): high, and held "
        "objects creep less; low, and fast pushed ones hop less.",
    )
    contacts_per_world: _Room | None = Field(default=None, description="Room for contacts; default: from the objects.")
    constraints_per_world: _Room | None = Field(
        default=None, description="Room for constraint rows; default: from the contacts."
    )
