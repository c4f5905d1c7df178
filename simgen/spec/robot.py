"""Which robot does the task, how it is commanded and where it stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simgen.spec.base import Angle, Bounds, Degrees, Name, Position, Spec, in_radians

ControlMode = Literal["pd_joint_delta_pos", "pd_joint_pos", "pd_ee_delta_pose", "pd_ee_pose"]


class RobotSpec(Spec):
    """The robot of the task."""

    use: Name = Field(description="Name of a robot; `simgen list robots` names them.")
    control: ControlMode = Field(
        default="pd_joint_delta_pos",
        description="What an action means: the delta modes take -1..1; pd_joint_pos takes joint positions [rad] and "
        "pd_ee_pose a pose in the base's frame [m, rad]; the last number is the gripper, -1 closed to 1 open (of the "
        "so100 in the joint modes one more joint).",
    )
    xyz: Position | None = Field(default=None, description="Place of the base [m]; default as on the robot's card.")
    yaw: Angle = Field(default=0.0, description="Turn of the base about the vertical axis [rad].")
    yaw_deg: Degrees | None = Field(default=None, description="The same in degrees.")
    qpos_noise: Annotated[float, Bounds(0.0, 1.0, "rad")] = Field(
        default=0.02, description="Standard deviation of the joint positions at the start [rad]."
    )

    @model_validator(mode="after")
    def _sensible(self) -> RobotSpec:
        in_radians(self, "yaw", "yaw_deg")
        return self
