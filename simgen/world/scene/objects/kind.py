"""What a kind of object is: its description, its parameters with units and ranges, and the function that builds it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simgen.errors import BadInput, unknown
from simgen.world.scene.model import ObjectModel

Value = float | tuple[float, ...]
Build = Callable[..., ObjectModel]


class Parameter(NamedTuple):
    """One number (or vector) of a kind.

    Args:
        default: Used for seed 0 and where the seed does not vary it.
        unit: "m", or "1" for ratios and counts.
        low: Lowest value that is accepted.
        high: Highest value that is accepted.
        varies: Range that seeds other than 0 draw from, or None.
    """

    default: Value
    unit: str
    low: float
    high: float
    varies: tuple[float, float] | None = None


@dataclass(frozen=True)
class ObjectKind:
    """A family of shapes.

    Args:
        description: One line, with the place of the origin.
        parameters: By name, in the order in which the seed draws them.
        build: Takes every parameter by name and returns the model.
        stream: Kinds with the same stream draw the same random fractions: a peg and a hole of one seed fit.
    """

    description: str
    parameters: Mapping[str, Parameter]
    build: Build
    stream: str = ""


def seeded_values(name: str, kind: ObjectKind, seed: int) -> dict[str, Value]:
    """Returns every parameter's value for a seed, rounded to 0.1 mm; seed 0 gives the defaults."""
    values = {key: parameter.default for key, parameter in kind.parameters.items()}
    if seed == 0:
        return values
    if seed < 0:
        raise BadInput(f"{name}: seed must be 0 or more, not {seed}.")
    rng = np.random.default_rng([zlib.crc32((kind.stream or name).encode()), seed])
    for key, parameter in kind.parameters.items():
        if parameter.varies is None:
            continue
        low, high = parameter.varies
        values[key] = round(low + (high - low) * rng.random(), 4)
    return values


def checked_value(name: str, key: str, value: object, parameters: Mapping[str, Parameter]) -> Value:
    """Returns the value as float or tuple of floats.

    Raises:
        BadInput: Unknown parameter, not a number, wrong length, or outside the accepted range.
    """
    if key not in parameters:
        raise unknown("parameter", key, [*parameters, "seed", "scale"], where=name)
    parameter = parameters[key]
    expected = parameter.default
    count = len(expected) if isinstance(expected, tuple) else 1
    items = list(value) if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str) else [value]
    numbers = [_number(item) for item in items]
    if len(numbers) != count or any(number is None for number in numbers):
        wanted = f"{count} numbers" if count > 1 else "a number"
        raise BadInput(f"{name}.{key} must be {wanted} [{parameter.unit}], not {value!r}.")
    floats = tuple(float(number) for number in numbers if number is not None)
    for number in floats:
        if not parameter.low <= number <= parameter.high:
            millimetres = parameter.unit == "m" and parameter.low <= number / 1000.0 <= parameter.high
            hint = f"; sizes are in metres, did you mean {number / 1000.0:g}?" if millimetres and number > 1 else "."
            allowed = f"{parameter.low:g} .. {parameter.high:g} [{parameter.unit}]"
            raise BadInput(f"{name}.{key} = {number:g} is outside {allowed}{hint}")
    return floats if isinstance(expected, tuple) else floats[0]


def require(condition: bool, message: str) -> None:
    """Raises BadInput with the message unless the sizes are consistent."""
    if not condition:
        raise BadInput(message)


def _number(value: object) -> float | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return None
    return float(value) if math.isfinite(value) else None
