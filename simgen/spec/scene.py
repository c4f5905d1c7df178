"""What stands around the robot: table, ground and objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from simgen.spec.base import Name, Spec, wrong
from simgen.spec.distractors import DISTRACTOR, DistractorsSpec, with_defaults
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
    distractors: DistractorsSpec | None = Field(
        default=None,
        description="Things that are in the picture and in the way but no part of the task: how many, or a mapping.",
    )

    @model_validator(mode="before")
    @classmethod
    def _complete_distractors(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get("distractors") is None:
            return data
        table = "table" not in data or data["table"] is not None
        return {**data, "distractors": with_defaults(data["distractors"], data.get("objects"), table)}

    @model_validator(mode="after")
    def _groups_are_clear(self) -> SceneSpec:
        if self.distractors is not None and DISTRACTOR in self.objects:
            raise wrong(f"{DISTRACTOR} is an object of its own beside the 'distractors'. Allowed: another name")
        if self.place is not None and self.distractors is not None:
            pose = self.distractors.pose
            if pose.free is None and pose.target == "ground":
                raise wrong("'distractors' do not see the walls of a 'place'. Allowed: pose: {free: {}}, or none")
        for name, body in self.written.items():
            for number in range(1, body.counts[-1] + 1) if body.counts else ():
                if f"{name}_{number}" in self.objects:
                    raise wrong(f"{name}_{number} is an object of its own and one of the {name}. Allowed: other names")
        return self

    @property
    def written(self) -> dict[str, ObjectSpec]:
        """The objects as written, each once however often it is there, and last the distractors."""
        return self.objects if self.distractors is None else {**self.objects, DISTRACTOR: self.distractors}

    @model_serializer(mode="wrap")
    def _keep_no_table(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Nothing is written for absent fields, but an absent table would be read as the default one.
        return handler(self) | ({"table": None} if self.table is None else {})
