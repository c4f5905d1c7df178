"""A task that ManiSkill itself defines, by the id of its environment, with what may be changed about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, StringConstraints, model_validator

from simgen.spec.base import Bounds, Listed, Position, Spec, Text, wrong
from simgen.spec.task import TaskName
from simgen.spec.teacher import TeacherSpec

ENV_ID_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]*-v\d+$"
EnvId = Annotated[str, Strict(), StringConstraints(pattern=ENV_ID_PATTERN, max_length=80)]
RegisteredOutput = Literal["rgb", "depth", "segmentation"]
Outputs = Annotated[tuple[RegisteredOutput, ...], Field(min_length=1, max_length=3)]
_Word = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=80)]
_Pixels = Annotated[int, Bounds(8, 4096, "pixels")]
_Size = Annotated[tuple[_Pixels, _Pixels], Listed(2, "[width, height] in pixels")]
_Fov = Annotated[float, Bounds(1.0, 179.0, "degrees")]
_Option = bool | int | float | str | list[float] | None


class RegisteredRobotSpec(Spec):
    """Which of the environment's robots, and how it is commanded."""

    use: _Word | None = Field(default=None, description="ManiSkill's name of a robot; default the environment's own.")
    control: _Word | None = Field(
        default=None, description="ManiSkill's name of a control mode; default the robot's own."
    )


class RegisteredEpisodeSpec(Spec):
    """Length and rates of an episode; what is not written is the environment's own."""

    max_steps: Annotated[int, Bounds(1, 100000, "control steps")] | None = Field(
        default=None, description="Length [control steps]."
    )
    control_hz: Annotated[int, Bounds(1, 1000, "Hz")] | None = Field(default=None, description="Actions per second.")
    sim_hz: Annotated[int, Bounds(1, 10000, "Hz")] | None = Field(default=None, description="Physics steps per second.")


class RegisteredCameraSpec(Spec):
    """What is changed about one of the environment's cameras."""

    size: _Size | None = Field(default=None, description="Image size [width, height] [px].")
    fov_deg: _Fov | None = Field(default=None, description="Vertical field of view [degrees].")
    eye: Position | None = Field(default=None, description="Place in the world [m]; goes with `look_at`.")
    look_at: Position | None = Field(default=None, description="Point that it looks at [m]; goes with `eye`.")

    @model_validator(mode="after")
    def _sensible(self) -> RegisteredCameraSpec:
        if (self.eye is None) != (self.look_at is None):
            raise wrong("'eye' and 'look_at' go together; write both")
        if self.eye is not None and self.eye == self.look_at:
            raise wrong("'eye' and 'look_at' are the same point")
        return self


class ImagesSpec(Spec):
    """What all cameras of the environment make."""

    size: _Size | None = Field(default=None, description="Size [width, height] [px]; default the environment's own.")
    outputs: Outputs = Field(
        default=("rgb", "depth", "segmentation"), description="rgb (uint8), depth (int16 mm), segmentation (int16)."
    )

    @model_validator(mode="after")
    def _sensible(self) -> ImagesSpec:
        if len(set(self.outputs)) < len(self.outputs):
            raise wrong("'outputs' names an image twice")
        return self


class RegisteredSpec(Spec):
    """A ManiSkill environment by id: it owns scene, reward, success and control; SI units, radians, z up."""

    name: TaskName = Field(default="", description="Unique name of the task; default the id.")
    description: Text = Field(default="", description="For readers.")
    env_id: EnvId = Field(description="e.g. PickCube-v1; `simgen list maniskill` names them.")
    instruction: Text = Field(default="", description="What the robot is told.")
    engine: Literal["maniskill"] | None = Field(default=None, description="They run in ManiSkill only.")
    robot: RegisteredRobotSpec = Field(default_factory=RegisteredRobotSpec, description="Robot and control mode.")
    reward: Literal["normalized_dense", "dense", "sparse", "none"] | None = Field(
        default=None, description="Which of the environment's rewards; default its own."
    )
    episode: RegisteredEpisodeSpec = Field(default_factory=RegisteredEpisodeSpec, description="Length.")
    images: ImagesSpec = Field(default_factory=ImagesSpec, description="What all cameras make.")
    cameras: Annotated[dict[_Word, RegisteredCameraSpec], Field(max_length=32)] = Field(
        default_factory=dict, description="Changes to the environment's cameras, by their names."
    )
    options: dict[_Word, _Option] = Field(
        default_factory=dict, description="Other keyword arguments of the environment, as ManiSkill documents them."
    )
    poses: tuple[_Word, ...] = Field(
        default=(), description="Attributes of the environment that are poses and that the teacher names as objects."
    )
    teacher: TeacherSpec | None = Field(default=None, description="Way-points that solve the task.")

    @model_validator(mode="before")
    @classmethod
    def _named_by_id(cls, data: Any) -> Any:
        if isinstance(data, dict) and "name" not in data and isinstance(data.get("env_id"), str):
            return {"name": data["env_id"], **data}
        return data

    @model_validator(mode="after")
    def _sensible(self) -> RegisteredSpec:
        if self.teacher is not None and self.teacher.steps is None:
            raise wrong(f"a registered environment has no {self.teacher.kind!r} teacher. Allowed: steps")
        return self

    def resolved(self) -> dict[str, Any]:
        """Returns the task with every default written out, JSON-able; reading it again gives an equal task."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def completed(
        self, robot: str | None, control: str, max_steps: int, control_hz: int, sim_hz: int, reward: str
    ) -> RegisteredSpec:
        """Returns the task with what the environment decided where nothing was written; no robot: it has several."""
        written = self.resolved()
        decided = {"control": control} if robot is None else {"use": robot, "control": control}
        written["robot"] = decided | written["robot"]
        written["episode"] = {"max_steps": max_steps, "control_hz": control_hz, "sim_hz": sim_hz} | written["episode"]
        return RegisteredSpec.model_validate({"reward": reward} | written)
