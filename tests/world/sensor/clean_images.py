"""Sensors with single effects, and clean images to spoil."""

from __future__ import annotations

from typing import Any

import torch

from simgen.spec.sensors import SensorSpec
from simgen.world.sensor.sensor import Sensor

SIZE = 96
FOCAL = 100.0
NO_DEPTH_EFFECTS: dict[str, Any] = {
    "min_m": 0.0, "max_m": 32.0, "lateral_px": 0.0, "smooth_px": 0.0, "grazing_noise_m": 0.0, "max_angle_deg": 90.0,
    "edge_holes": 0.0, "holes": 0.0,
}  # fmt: skip
NO_EFFECTS: dict[str, dict[str, Any]] = {
    "stereo": {**NO_DEPTH_EFFECTS, "model": "stereo", "noise_px": 0.0, "step_px": 0.0, "shadow": False},
    "tof": {
        **NO_DEPTH_EFFECTS, "model": "tof", "noise_m": 0.0, "noise_per_m": 0.0, "noise_per_m2": 0.0, "flying": 0.0,
    },
}  # fmt: skip


def sensor_of(**fields: Any) -> Sensor:
    """Returns the sensor of a camera called base."""
    return Sensor("base", SensorSpec.model_validate(fields))


def depth_sensor(model: str, **fields: Any) -> Sensor:
    """Returns a sensor of depth with these effects and no others."""
    return sensor_of(depth=NO_EFFECTS[model] | fields)


def intrinsics(count: int) -> torch.Tensor:
    """Returns the matrices of the cameras that took the images. Shape: (count, 3, 3)."""
    middle = SIZE / 2
    return torch.tensor([[FOCAL, 0.0, middle], [0.0, FOCAL, middle], [0.0, 0.0, 1.0]]).repeat(count, 1, 1)


def wall(millimetres: int, count: int = 1) -> torch.Tensor:
    """Returns depth of a wall across the view."""
    return torch.full((count, SIZE, SIZE, 1), millimetres, dtype=torch.int16)


def spoilt(sensor: Sensor, images: torch.Tensor, seeds: list[int], frames: list[int]) -> torch.Tensor:
    """Returns what a sensor makes of depth (int16) or colour (uint8) images."""
    output = "depth" if images.dtype == torch.int16 else "rgb"
    return sensor.spoilt(output, images, intrinsics(len(images)), seeds, frames)
