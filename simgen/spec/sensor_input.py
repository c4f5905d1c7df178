"""Sensors as Python users give them: those of the task, a preset for every camera, or a mapping as in a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import Field, ValidationError

from simgen.errors import BadInput, unknown
from simgen.spec.base import Spec, shown
from simgen.spec.document import read_mapping
from simgen.spec.problems import raise_problems, structural
from simgen.spec.sensor_presets import PRESETS
from simgen.spec.sensors import SensorSpec, SensorsSpec

SensorsInput = bool | str | Mapping[str, Any] | None
SENSORS = "sensors"  # where a task describes them


class _Written(Spec):
    sensors: SensorsSpec = Field(description="Sensors by camera.")


def sensors_from(
    given: SensorsInput, task: Mapping[str, Any], cameras: Mapping[str, Collection[str]]
) -> dict[str, SensorSpec]:
    """Returns the sensor of each camera that has one.

    Args:
        given: True: those that the task describes; the name of a preset: that for every camera; a mapping as under
            `sensors:` in a task; False or None: none.
        task: A task in its resolved form.
        cameras: The images that there are, by camera.

    Raises:
        BadInput: The task describes none; an unknown preset or camera; a sensor that is wrong or has no such images.
    """
    if given is None or given is False:
        return {}
    if isinstance(given, str):
        return _of_preset(given, cameras)
    written = task.get(SENSORS) if given is True else given
    if not isinstance(written, Mapping):
        if given is not True:
            raise BadInput(f"sensors: must be true, the name of a preset or a mapping, not {shown(given)}.")
        raise BadInput(
            "the task describes no sensors. Allowed: the name of a preset for every camera "
            f"({', '.join(PRESETS)}), or a mapping of cameras"
        )
    sensors = _read(written)
    for camera, sensor in sensors.items():
        if camera not in cameras:
            raise unknown("camera", camera, cameras, SENSORS)
        for part in ("depth", "rgb"):
            if getattr(sensor, part) is not None and part not in cameras[camera]:
                made = ", ".join(sorted(cameras[camera]))
                raise BadInput(f"sensors.{camera}.{part}: there are no such images of {camera}. Available: {made}.")
    return sensors


def _of_preset(name: str, cameras: Mapping[str, Collection[str]]) -> dict[str, SensorSpec]:
    """Returns a preset for every camera that makes what it spoils."""
    if name not in PRESETS:
        raise unknown("preset", name, PRESETS, SENSORS)
    fitting = [camera for camera, made in cameras.items() if set(PRESETS[name]) <= set(made)]
    if not fitting:
        raise BadInput(f"sensors: {name} needs a camera with {' and '.join(PRESETS[name])}, and there is none.")
    return _read(dict.fromkeys(fitting, name))


def _read(mapping: Mapping[str, Any]) -> dict[str, SensorSpec]:
    document = read_mapping({SENSORS: mapping}, "given")
    try:
        written = _Written.model_validate(document.data)
    except ValidationError as error:
        raise_problems(structural(error, document.data, _Written), document.origin, document.line)
        raise
    return dict(written.sensors)
