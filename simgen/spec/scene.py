"""What stands around the robot: table, ground and objects."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from simgen.spec.base import Name, Spec, wrong
from simgen.spec.look import FixtureSpec, GroundSpec
from simgen.spec.object import ObjectSpec
from simgen.spec.place import PlaceSpec


class SceneSpec(Spec):
    """Table, ground and objects."""

    table: FixtureSpec | None = Field(default_factory=FixtureSpec, description="The table; null for none.")
    place: PlaceSpec | None = Field(
        default=None, description="Rooms or a warehouse around the robot, drawn anew in every episode."
    )
    ground: GroundSpec = Field(default_factory=GroundSpec, description="The floor.")
    objects: Annotated[dict[Name, ObjectSpec], Field(max_length=200)] = Field(
        default_factory=dict, description="Objects by name."
    )

    @model_validator(mode="after")
    def _names_are_clear(self) -> SceneSpec:
        for name, body in self.objects.items():
            for number in range(1, body.counts[-1] + 1) if body.counts else ():
                if f"{name}_{number}" in self.objects:
                    raise wrong(f"{name}_{number} is an object of its own and one of the {name}. Allowed: other names")
        return self

    @model_serializer(mode="wrap")
    def _keep_no_table(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Nothing is written for absent fields, but an absent table would be read as the default one.
        return handler(self) | ({"table": None} if self.table is None else {})
