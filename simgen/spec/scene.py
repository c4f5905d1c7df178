"""What stands around the robot: table, ground and objects."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from simgen.spec.base import Name, Spec
from simgen.spec.look import FixtureSpec, GroundSpec
from simgen.spec.object import ObjectSpec


class SceneSpec(Spec):
    """Table, ground and objects."""

    table: FixtureSpec | None = Field(default_factory=FixtureSpec, description="The table; null for none.")
    ground: GroundSpec = Field(default_factory=GroundSpec, description="The floor.")
    objects: Annotated[dict[Name, ObjectSpec], Field(max_length=200)] = Field(
        default_factory=dict, description="Objects by name."
    )

    @model_serializer(mode="wrap")
    def _keep_no_table(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Nothing is written for absent fields, but an absent table would be read as the default one.
        return handler(self) | ({"table": None} if self.table is None else {})
