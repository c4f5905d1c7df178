"""Sensor models: what a real camera would have made of the clean images. They are views: what is stored stays clean.

The camera models (`DepthSpec`, `RgbSpec`) say how images are spoilt, `SensorSpec` adds when they arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    Tag,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from simgen.errors import nearest
from simgen.spec.base import MILLIMETRES, Bounds, Listed, Name, Spec, shown, wrong
from simgen.spec.distribution import Distribution, Draws, tag_of
from simgen.spec.sensor_presets import PRESETS


@dataclass(frozen=True)
class OrDrawn:
    """A number of known range, or a distribution of such numbers that is drawn once per episode."""

    bounds: Bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Reads a mapping as a distribution and everything else as a number."""
        unit = f" in {self.bounds.unit}" if self.bounds.unit else ""
        draws = Draws(self.bounds, form=f"single numbers{unit}")
        choices = {
            "<value>": handler.generate_schema(Annotated[float, self.bounds]),
            "<distribution>": handler.generate_schema(Annotated[Distribution, draws]),
        }
        return core_schema.tagged_union_schema(choices, discriminator=tag_of)


_Share = Annotated[float | Distribution, OrDrawn(Bounds(0.0, 1.0))]
_Pixels = Annotated[float | Distribution, OrDrawn(Bounds(0.0, 16.0, "pixels"))]
_Noise = Annotated[float | Distribution, OrDrawn(Bounds(0.0, 0.5, "m"))]
_Scale = Annotated[float, Bounds(0.0, 16.0, "pixels")]
_Range = Annotated[float, Bounds(0.0, 32.0, "m", hint=MILLIMETRES)]
_Gain = Annotated[float, Bounds(0.05, 20.0)]
_Gains = Annotated[
    Annotated[Annotated[tuple[_Gain, _Gain, _Gain], Listed(3, "[red, green, blue]")], Tag("<value>")]
    | Annotated[
        Distribution, Draws(Bounds(0.05, 20.0), (3,), form="[red, green, blue] of gains"), Tag("<distribution>")
    ],
    Discriminator(tag_of),
]
_DEPTH_MODELS = ("stereo", "tof")


def _depth_model(value: Any) -> Any:
    if value in _DEPTH_MODELS:
        return value
    allowed = ", ".join(_DEPTH_MODELS)
    raise wrong(f"unknown model of depth {shown(value)}. Allowed: {allowed}{nearest(value, _DEPTH_MODELS)}")


_Model = BeforeValidator(_depth_model)


class DepthSpec(Spec):
    """What the models of depth cameras share. Lengths in pixels are those of the image at hand."""

    min_m: _Range = Field(default=0.2, description="Nearest depth that is measured [m]; safe: 0.1 to 0.5.")
    max_m: _Range = Field(default=10.0, description="Furthest depth that is measured [m]; safe: 3 to 10.")
    lateral_px: _Pixels = Field(
        default=0.5, description="Standard deviation of where a pixel looks [px], which frays edges; safe: 0 to 1."
    )
    smooth_px: _Scale = Field(
        default=1.0, description="Over how far noise is alike, as windows of matching make it [px]; safe: 0 to 3."
    )
    grazing_noise_m: _Noise = Field(
        default=0.0001,
        description="Noise of slanted surfaces: this times (a / (90 - a))^2 at a degrees [m]; safe: 0 to 0.0005.",
    )
    max_angle_deg: Annotated[float, Bounds(1.0, 90.0, "degrees")] = Field(
        default=82.0, description="Surfaces more slanted than this to the ray give nothing [degrees]; 90: all do."
    )
    edge_holes: _Share = Field(
        default=0.3, description="Share of pixels lost where a surface ends before another; safe: 0 to 0.6."
    )
    holes: _Share = Field(default=0.002, description="Share of all pixels lost at random; safe: 0 to 0.05.")
    hole_px: _Scale = Field(default=1.5, description="Size of the blobs that are lost [px]; 0: single pixels.")

    @model_validator(mode="after")
    def _sensible(self) -> DepthSpec:
        if self.min_m >= self.max_m:
            raise wrong(f"min_m {self.min_m:g} is not below max_m {self.max_m:g}")
        return self


class StereoSpec(DepthSpec):
    """Depth from disparity d = focal_px * baseline_m / depth, so that its noise grows with the square of the depth."""

    model: Annotated[Literal["stereo"], _Model] = Field(default="stereo", description="Two cameras, or one and a lamp.")
    baseline_m: Annotated[float, Bounds(0.0, 1.0, "m", above=True)] = Field(
        default=0.05, description="Distance of the two cameras [m]; safe: 0.02 to 0.12."
    )
    focal_px: Annotated[float, Bounds(1.0, 10000.0, "pixels")] | None = Field(
        default=None, description="Focal length of the real camera, for its noise [px]; default that of the image."
    )
    noise_px: _Pixels = Field(
        default=0.08, description="Standard deviation of the disparity [px of the real camera]; safe: 0.03 to 0.2."
    )
    step_px: Annotated[float, Bounds(0.0, 4.0, "pixels")] = Field(
        default=0.03125, description="Disparities are multiples of this [px]; 0: of nothing; safe: 0.03 to 0.15."
    )
    shadow: Annotated[bool, Strict()] = Field(
        default=True, description="Lose what the right camera cannot see: strips left of objects and of the image."
    )


class TofSpec(DepthSpec):
    """Depth from the time of flight of light: noise noise_m + noise_per_m * z + noise_per_m2 * z^2 at z metres."""

    model: Annotated[Literal["tof"], _Model] = Field(description="Time of flight.")
    smooth_px: _Scale = Field(default=0.0, description="Over how far noise is alike [px]; safe: 0 to 1.")
    noise_m: _Noise = Field(default=0.0015, description="Standard deviation [m]; safe: 0.0005 to 0.005.")
    noise_per_m: Annotated[float | Distribution, OrDrawn(Bounds(-0.5, 0.5))] = Field(
        default=-0.0005, description="Its growth with depth [m/m]; safe: -0.0005 to 0.005."
    )
    noise_per_m2: Annotated[float | Distribution, OrDrawn(Bounds(-0.5, 0.5))] = Field(
        default=0.0003, description="Its growth with the square of depth [m/m^2]; safe: 0 to 0.002."
    )
    flying: _Share = Field(
        default=0.4, description="Share of pixels at edges that hang between front and back; safe: 0 to 0.6."
    )


class RgbSpec(Spec):
    """What happens to colour, in this order: exposure and white balance, blur, saturation, noise."""

    exposure: Annotated[float | Distribution, OrDrawn(Bounds(0.05, 20.0))] = Field(
        default=1.0, description="Factor on the light; safe: 0.6 to 1.6."
    )
    white_balance: _Gains = Field(
        default=(1.0, 1.0, 1.0), description="Factors on red, green and blue light; safe: 0.85 to 1.15 each."
    )
    blur_px: _Pixels = Field(
        default=0.0, description="Defocus: standard deviation of the blur [px]; safe: 0 to 1 at 128 px."
    )
    motion_px: _Pixels = Field(
        default=0.0,
        description="Motion: length of the streak [px], in a direction drawn anew for each frame; safe: 0 to 4.",
    )
    noise: Annotated[float | Distribution, OrDrawn(Bounds(0.0, 0.5))] = Field(
        default=0.0, description="Standard deviation, as a share of the full range of the image; safe: 0 to 0.05."
    )
    grain_px: _Scale = Field(default=0.0, description="Over how far noise is alike [px]; safe: 0 to 1.")


_DepthModel = Annotated[
    Annotated[StereoSpec, Tag("<stereo>")] | Annotated[TofSpec, Tag("<tof>")],
    Discriminator(lambda value: "<tof>" if _model_of(value) == "tof" else "<stereo>"),
]


class SensorSpec(Spec):
    """The sensor behind a camera: how its images are spoilt and when they arrive. What is not written stays clean."""

    preset: Annotated[str, Strict()] | None = Field(
        default=None, description=f"A real camera to start from; fields written beside it win: {', '.join(PRESETS)}."
    )
    depth: _DepthModel | None = Field(default=None, description="Noise and holes of depth; needs the output depth.")
    rgb: RgbSpec | None = Field(default=None, description="Noise, blur and exposure of rgb; needs the output rgb.")
    latency_steps: Annotated[float | Distribution, OrDrawn(Bounds(0.0, 1000.0, "control steps"))] = Field(
        default=0.0, description="How late images arrive [control steps], rounded; safe: 0 to 4."
    )
    drop: Annotated[float | Distribution, OrDrawn(Bounds(0.0, 0.99))] = Field(
        default=0.0, description="Share of frames that never arrive, so that the one before stays; safe: 0 to 0.1."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or data.get("preset") is None:
            return data
        name = data["preset"]
        if name not in PRESETS:
            raise wrong(f"unknown preset {shown(name)}. Allowed: {', '.join(PRESETS)}{nearest(name, PRESETS)}")
        return _merged(PRESETS[name], data)


class _PresetByName:
    """Lets the name of a preset stand for a whole sensor."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Turns a name into a mapping."""
        named = core_schema.no_info_before_validator_function
        return named(lambda value: {"preset": value} if isinstance(value, str) else value, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Lists the names beside the sensor's own schema."""
        return {"anyOf": [{"type": "string", "enum": list(PRESETS)}, handler(schema)]}


SensorOrPreset = Annotated[SensorSpec, _PresetByName()]
SensorsSpec = Annotated[dict[Name, SensorOrPreset], Field(min_length=1, max_length=32)]


def _model_of(value: Any) -> Any:
    return value.get("model") if isinstance(value, Mapping) else getattr(value, "model", None)


def _merged(preset: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Lays what was written over a preset; another model of depth replaces the preset's."""
    merged = dict(written)
    for name, value in preset.items():
        given = written.get(name)
        if given is None:
            merged[name] = value
        elif isinstance(given, Mapping) and given.get("model", value.get("model")) == value.get("model"):
            merged[name] = {**value, **given}
    return merged
