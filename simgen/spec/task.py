"""A task as a user writes it: the whole of the YAML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, StringConstraints

from simgen.spec.base import Name, Spec, Text
from simgen.spec.camera import CameraSpec
from simgen.spec.episode import EpisodeSpec
from simgen.spec.observe import ObserveSpec
from simgen.spec.physics import PhysicsSpec
from simgen.spec.randomize import RandomizeSpec
from simgen.spec.render import RenderSpec
from simgen.spec.robot import RobotSpec
from simgen.spec.scene import SceneSpec
from simgen.spec.sensors import SensorsSpec
from simgen.spec.stages import StageSpec
from simgen.spec.teacher import TeacherSpec
from simgen.spec.terms import Condition, RewardSpec

TaskName = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]


class TaskSpec(Spec):
    """Robot, scene, cameras, what is observed, rewarded and randomised, and a teacher. SI units, radians, z up."""

    name: TaskName = Field(description="Unique name of the task, e.g. pick_cube.")
    description: Text = Field(default="", description="For readers.")
    instruction: Text = Field(
        default="",
        description="What the robot is told; {cube.color}, {cube.kind}, {cube.class}, {cube.name} are filled in.",
    )
    engine: Literal["newton", "maniskill"] | None = Field(
        default=None, description="Engine; default newton. `--engine` wins over it."
    )
    robot: RobotSpec = Field(description="The robot.")
    episode: EpisodeSpec = Field(default_factory=EpisodeSpec, description="Length and rates.")
    scene: SceneSpec = Field(description="Table, ground and objects.")
    cameras: Annotated[dict[Name, CameraSpec], Field(max_length=32)] = Field(
        default_factory=dict, description="Cameras by name."
    )
    sensors: SensorsSpec | None = Field(
        default=None, description="Sensors by camera: how a real one would spoil its images; recordings stay clean."
    )
    render: RenderSpec = Field(default_factory=RenderSpec, description="How images are made.")
    physics: PhysicsSpec = Field(default_factory=PhysicsSpec, description="Gravity and capacities.")
    observe: ObserveSpec = Field(default_factory=ObserveSpec, description="What is observed beside the images.")
    reward: Annotated[tuple[RewardSpec, ...], Field(max_length=100)] = Field(
        default=(),
        description="Summands of the reward.",
    )
    stages: Annotated[tuple[StageSpec, ...], Field(max_length=50)] = Field(
        default=(), description="Sub-tasks in their order; the task is done when the last one is."
    )
    success: Condition | None = Field(
        default=None, description="When the task is done; with `stages`: what must hold besides when all are done."
    )
    failure: Condition | None = Field(
        default=None, description="When the episode is lost and ends, e.g. the robot has fallen."
    )
    randomize: RandomizeSpec = Field(default_factory=dict)
    teacher: TeacherSpec | None = Field(default=None, description="What solves the task; needs `success` or `stages`.")

    @property
    def has_goal(self) -> bool:
        """Whether it says when it is done."""
        return self.success is not None or bool(self.stages)

    def resolved(self) -> dict[str, Any]:
        """Returns the task with every default written out, JSON-able; reading it again gives an equal task."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
