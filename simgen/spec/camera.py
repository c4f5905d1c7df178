"""Cameras: where they look from, how wide, at which size, and which images they make."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from simgen.spec.base import Bounds, Direction, Listed, Position, Spec, wrong
from simgen.spec.pose import BodyName

NativeOutput = Literal["rgb", "depth", "segmentation", "normals", "albedo"]
"""What engines draw."""
DerivedOutput = Literal["optical_flow", "scene_flow", "pointcloud"]
"""What is worked out from depth, segmentation and poses, the same for all engines."""
Output = Literal[NativeOutput, DerivedOutput]
PIXELS: dict[Output, tuple[int, str]] = {
    "rgb": (3, "uint8"), "depth": (1, "int16"), "segmentation": (1, "int16"), "normals": (3, "float32"),
    "albedo": (3, "uint8"), "optical_flow": (2, "float32"), "scene_flow": (3, "float32"), "pointcloud": (4, "float32"),
}  # fmt: skip
"""What a pixel of each image is: numbers, and their type."""
_NATIVE: tuple[NativeOutput, ...] = get_args(NativeOutput)
_DERIVED: tuple[DerivedOutput, ...] = get_args(DerivedOutput)
_DERIVED_FROM: tuple[NativeOutput, ...] = ("depth", "segmentation")
_OUTPUTS = (
    "Images it makes. rgb: uint8. depth: int16 [mm] along the camera's axis, 0 = none. segmentation: int16 ids. "
    "normals: float32 unit vectors, world frame. albedo: uint8. Derived ones are float32: "
    "optical_flow: (H, W, 2) [px], x right, y down: how far the surface point seen at this pixel has moved in the "
    "image since the previous frame (position now minus position then; the camera's motion included). "
    "scene_flow: (H, W, 3) [m], world frame: how far that point has moved since the previous frame (the camera's "
    "motion not included). pointcloud: (H, W, 4): its position in the world [m], and 1 where something was hit. "
    "All three are 0 where nothing is hit or it is 32.767 m away or farther; both flows are 0 in an episode's first "
    "frame, and optical_flow where the point was nearer than `near` before."
)
_Pixels = Annotated[int, Bounds(8, 4096, "pixels")]
_Size = Annotated[tuple[_Pixels, _Pixels], Listed(2, "[width, height] in pixels")]
_LookAt = Annotated[
    Annotated[Position, Tag("<value>")] | Annotated[BodyName, Tag("<name>")],
    Discriminator(lambda value: "<name>" if isinstance(value, str) else "<value>"),
]


class CameraSpec(Spec):
    """A camera, in the world or on a link of the robot."""

    eye: Position = Field(description="Place [m], in the world or in the frame of `mount`.")
    look_at: _LookAt = Field(description="Point that it looks at [m], in the same frame, or the name of an object.")
    mount: BodyName | None = Field(
        default=None, description="Link of the robot, or object, that carries it; default the world."
    )
    up: Direction = Field(default=(0.0, 0.0, 1.0), description="Direction that is up in the image, in the same frame.")
    fov_deg: Annotated[float, Bounds(1.0, 179.0, "degrees")] = Field(
        default=90.0, description="Vertical field of view [degrees]."
    )
    size: _Size = Field(default=(128, 128), description="Image size [width, height] [px].")
    outputs: Annotated[tuple[Output, ...], Field(min_length=1, max_length=8)] = Field(
        default=("rgb",), description=_OUTPUTS
    )
    near: Annotated[float, Bounds(0.0001, 10.0, "m")] = Field(default=0.01, description="Nearest distance it sees [m].")
    far: Annotated[float, Bounds(0.1, 10000.0, "m")] = Field(
        default=100.0, description="Furthest distance it sees [m]."
    )

    @property
    def drawn(self) -> tuple[NativeOutput, ...]:
        """What an engine must draw: the native images among `outputs`, and what the derived ones are made of."""
        needed: tuple[Output, ...] = (*self.outputs, *(_DERIVED_FROM if self.derived else ()))
        return tuple(output for output in _NATIVE if output in needed)

    @property
    def derived(self) -> tuple[DerivedOutput, ...]:
        """The derived images among `outputs`."""
        return tuple(output for output in _DERIVED if output in self.outputs)

    @model_validator(mode="after")
    def _sensible(self) -> CameraSpec:
        if self.near >= self.far:
            raise wrong(f"near {self.near:g} is not below far {self.far:g}")
        if len(set(self.outputs)) < len(self.outputs):
            raise wrong("'outputs' names an image twice")
        if not any(self.up):
            raise wrong("'up' has no length")
        if isinstance(self.look_at, str):
            return self
        view = np.subtract(self.look_at, self.eye)
        if not view.any():
            raise wrong("'eye' and 'look_at' are the same point")
        sine = np.linalg.norm(np.cross(view, self.up)) / (np.linalg.norm(view) * np.linalg.norm(self.up))
        if sine < 1e-4:
            raise wrong("'up' is along the line of sight. Allowed: another direction, e.g. up: [1, 0, 0]")
        return self
