"""Which robot or robots do the task, how they are commanded and where they stand."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Strict, Tag, model_validator

from simgen.spec.base import Angle, Bounds, Degrees, Listed, Name, Position, Spec, in_radians, wrong
from simgen.spec.distribution import Distribution, Draws, tag_of

ControlMode = Literal[
    "pd_joint_delta_pos", "pd_joint_pos", "pd_ee_delta_pose", "pd_ee_pose", "pd_joint_offset", "base_velocity", "effort"
]

_SPEED = Bounds(-10.0, 10.0, "m/s")
_Speed = Annotated[float, _SPEED]
_COMMAND = "[forward, left, yaw rate] in m/s and rad/s"
Command = Annotated[
    Annotated[Annotated[tuple[_Speed, _Speed, _Speed], Listed(3, _COMMAND)], Tag("<value>")]
    | Annotated[Distribution, Draws(_SPEED, (3,), form=_COMMAND), Tag("<distribution>")],
    Discriminator(tag_of),
]


class RobotChoice(Spec):
    """One of several robots that do the task, and what is different for it; a plain name is `use` alone."""

    use: Name = Field(description="Name of a robot; `simgen list robots` names them.")
    weight: Annotated[float, Bounds(0.0, 1e6, above=True)] = Field(
        default=1.0, description="Share of the episodes, beside those of the other robots."
    )
    set: Annotated[dict[Annotated[str, Strict(), Field(min_length=1, max_length=1000)], Any], Field(max_length=100)] = (
        Field(
            default_factory=dict,
            description="Changes to the task for this robot, e.g. {scene.objects.cube.box: [0.03, 0.03, 0.03]}.",
        )
    )


def _named(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


class RobotSpec(Spec):
    """The robot of the task, or several to `choose` from, of which each makes a task of its own."""

    use: Name | None = Field(default=None, description="Name of a robot; `simgen list robots` names them.")
    choose: (
        Annotated[tuple[Annotated[RobotChoice, BeforeValidator(_named)], ...], Field(min_length=1, max_length=64)]
        | None
    ) = Field(
        default=None,
        description="Robots that share the episodes: names, or {use, weight, set} where something is different.",
    )
    control: ControlMode = Field(
        default="pd_joint_delta_pos",
        description="What an action means: the delta modes take -1..1; pd_joint_pos takes joint positions [rad] and "
        "pd_ee_pose a pose in the base's frame [m, rad]; the last number is the gripper, -1 closed to 1 open (of the "
        "so100 in the joint modes one more joint). pd_joint_offset takes -1..1 around the rest position, as legged "
        "robots are driven; base_velocity takes forward velocity and yaw rate as shares of the base's largest, then "
        "the arm as pd_joint_delta_pos; effort takes shares of each joint's largest force.",
    )
    xyz: Position | None = Field(default=None, description="Place of the base [m]; default as on the robot's card.")
    yaw: Angle = Field(default=0.0, description="Turn of the base about the vertical axis [rad].")
    yaw_deg: Degrees | None = Field(default=None, description="The same in degrees.")
    start: Literal["free"] | None = Field(
        default=None, description="free: drawn in every episode, where nothing stands in the scene's `place`."
    )
    qpos_noise: Annotated[float, Bounds(0.0, 1.0, "rad")] = Field(
        default=0.02, description="Standard deviation of the joint positions at the start [rad]."
    )

    command: Command = Field(
        default=(0.0, 0.0, 0.0),
        description="Velocity that the base is asked for in an episode: forward, left [m/s] and yaw rate [rad/s], or a "
        "distribution of it; the terms track_velocity, track_turn, follows_command and velocity_command speak of it.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> RobotSpec:
        in_radians(self, "yaw", "yaw_deg")
        if self.start is not None and (self.xyz is not None or self.yaw != 0.0):
            raise wrong("'start: free' draws where the robot is; remove 'xyz' and 'yaw'")
        if (self.use is None) == (self.choose is None):
            raise wrong("needs either 'use', the name of a robot, or 'choose', a list of robots")
        names = self.names
        if len(set(names)) < len(names):
            raise wrong(f"'choose' names a robot twice: {', '.join(names)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The robots that do the task."""
        return (self.use,) if self.use is not None else tuple(robot.use for robot in self.choose or ())
