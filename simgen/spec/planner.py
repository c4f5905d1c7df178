"""The planning teacher of robots that drive: it knows the map, follows the best way and gives way to people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simgen.spec.base import Bounds, Spec
from simgen.spec.pose import BodyName


class PlannerSpec(Spec):
    """Where it drives and how; {} for the standard planner."""

    to: BodyName = Field(default="goal", description="Object or marker to drive to.")
    look_ahead: Annotated[float, Bounds(0.2, 5.0, "m")] = Field(
        default=1.0, description="How far ahead on the way the point is that it steers to [m]."
    )
    speed: Annotated[float, Bounds(0.05, 5.0, "m/s")] = Field(default=1.0, description="Largest forward speed [m/s].")
    turn: Annotated[float, Bounds(0.05, 6.0, "rad/s")] = Field(default=1.2, description="Largest yaw rate [rad/s].")
    stop: Annotated[float, Bounds(0.05, 5.0, "m")] = Field(
        default=0.4, description="It stops when it is so near to the goal [m]."
    )
