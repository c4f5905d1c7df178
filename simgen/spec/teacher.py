"""The teacher of a task: a list of moves, grips and waits that solves it, or a planner of another kind."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Strict, StringConstraints, Tag, model_validator

from simgen.spec.base import (
    Angle,
    Angles,
    AnglesDegrees,
    Bounds,
    Coordinate,
    Degrees,
    Fraction,
    OneOf,
    Position,
    Spec,
    Text,
    in_radians,
    wrong,
)
from simgen.spec.planner import PlannerSpec
from simgen.spec.pose import BodyName
from simgen.spec.push import PushSpec
from simgen.spec.terms import Condition

_Seconds = Annotated[float, Bounds(0.0, 60.0, "s", above=True)]
_Target = Annotated[
    Annotated[Position, Tag("<value>")] | Annotated[BodyName, Tag("<name>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<value>"),
]
_Gripper = Annotated[
    Annotated[Literal["open", "close"], Tag("<name>")] | Annotated[Fraction, Tag("<value>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<value>"),
]
_Frame = Annotated[
    str, Strict(), StringConstraints(pattern=r"^(world|body|towards:[A-Za-z][A-Za-z0-9_]*)$", max_length=80)
]


class MoveSpec(Spec):
    """A straight way of the tool centre point, or of a body that it holds, to a place."""

    to: _Target = Field(description="Object, `tcp` (where it is now) or point [x, y, z] in the world [m].")
    offset: Position = Field(default=(0.0, 0.0, 0.0), description="Added to the place [m], in the axes of `frame`.")
    frame: _Frame = Field(
        default="world",
        description="Axes of `offset`: world, body (those of `to`), or towards:<object> (x points there, z up).",
    )
    height: Coordinate | None = Field(
        default=None,
        description="Height of the place in the world [m], instead of that of `to`; `offset` comes on top.",
    )
    yaw: Angle | None = Field(
        default=None, description="Turn of the gripper about the vertical [rad], in the axes of `frame`."
    )
    yaw_deg: Degrees | None = Field(default=None, description="The same in degrees.")
    rpy: Angles | None = Field(
        default=None, description="Turn of what is moved from pointing down / from upright [rad], before `yaw`."
    )
    rpy_deg: AnglesDegrees | None = Field(default=None, description="The same in degrees.")
    carry: BodyName | None = Field(
        default=None, description="Held object that shall be at the place, instead of the gripper."
    )
    symmetry: Annotated[int, Bounds(1, 360, "headings")] = Field(
        default=1,
        description="With `carry`: how many headings of the held object are as good as each other (2: also turned by "
        "180 degrees, 4: by 90); the one is taken that is nearest to how the gripper was turned at the start.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> MoveSpec:
        in_radians(self, "yaw", "yaw_deg")
        in_radians(self, "rpy", "rpy_deg")
        if self.frame == "body" and not isinstance(self.to, str):
            raise wrong("frame 'body' needs an object in 'to'. Allowed with a point: world, towards:<object>")
        if self.symmetry > 1 and self.carry is None:
            raise wrong("'symmetry' goes with 'carry', the object that has it; add it")
        return self

    @property
    def towards(self) -> str | None:
        """The object that the frame's x axis points to, if it does."""
        return self.frame.removeprefix("towards:") if self.frame.startswith("towards:") else None


class OperateSpec(Spec):
    """A way of the tool along the joint of a part that it holds or pushes: straight for a drawer, an arc for a door."""

    part: BodyName = Field(description="Moving part of an object, e.g. cabinet.drawer_1.")
    opening: Annotated[float, Bounds(-1.0, 2.0)] = Field(
        description="Where the part shall come, 0 closed to 1 open; beyond that the tool presses on."
    )
    turn_hand: Annotated[bool, Strict()] = Field(
        default=True, description="Whether the hand turns with a part that turns, or keeps its heading."
    )


class StepSpec(OneOf):
    """One step of the teacher: a move, a part that is operated, a grip or a wait."""

    alternatives: ClassVar[tuple[str, ...]] = ("move", "operate", "grip", "wait")
    default_seconds: ClassVar[dict[str, float]] = {"move": 1.0, "operate": 2.0, "grip": 0.3}

    move: MoveSpec | None = Field(default=None, description="Go somewhere.")
    operate: OperateSpec | None = Field(default=None, description="Go along the joint of a moving part.")
    grip: _Gripper | None = Field(default=None, description="open, close, or an opening from 0 (closed) to 1 (open).")
    wait: _Seconds | None = Field(default=None, description="Stay for this long [s].")
    gripper: _Gripper | None = Field(
        default=None, description="With `move`: opening of the gripper on the way; default as is."
    )
    seconds: _Seconds | None = Field(default=None, description="Duration [s]; default 1.0 for a move, 0.3 for a grip.")
    check: Condition | None = Field(
        default=None, description="Must hold at the end, else the teacher starts again with this stage."
    )
    stage: Text | None = Field(default=None, description="Name of the stage that begins with this step.")
    done: Condition | None = Field(default=None, description="With `stage`: if it holds, the stage is left out.")

    @model_validator(mode="after")
    def _sensible(self) -> StepSpec:
        if self.wait is not None and self.seconds is not None:
            raise wrong("'wait' is itself a time in s; remove 'seconds'")
        if self.gripper is not None and self.move is None:
            raise wrong("'gripper' goes with 'move'. Allowed: grip: open, grip: close")
        if self.done is not None and self.stage is None:
            raise wrong("'done' goes with 'stage', the name of what it leaves out; add it")
        return self

    @property
    def duration(self) -> float:
        """How long the step takes [s]."""
        return self.wait or self.seconds or self.default_seconds[self.kind]


class TeacherSpec(OneOf):
    """One kind of teacher. A plain list is way-points: the steps alone.

    Steps may form stages: a check that fails starts again with the stage's first step, not with the first of all.
    """

    alternatives: ClassVar[tuple[str, ...]] = ("steps", "push", "planner")

    steps: Annotated[tuple[StepSpec, ...], Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Way-points in their order."
    )
    push: PushSpec | None = Field(default=None, description="Pushes a flat block onto a target.")
    planner: PlannerSpec | None = Field(default=None, description="Drives through a place to a goal.")
    retries: Annotated[int, Bounds(0, 100, "retries")] = Field(
        default=2, description="With `steps`: how often it may start again."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"steps": value} if isinstance(value, list | tuple) else value
