"""What all models of the spec are made of: the strict base class, numbers with bounds and units, lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, LiteralString, cast

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

LARGEST = 1e6
MILLIMETRES = "lengths are in metres, this looks like millimetres"


def wrong(message: str) -> PydanticCustomError:
    """Builds the error that a validator raises; `message` is shown to the user as it is."""
    return PydanticCustomError("simgen", cast(LiteralString, message))


def shown(value: object) -> str:
    """Returns a short, printable, one-line form of what the user wrote."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**20:
        return "a number of more than 20 digits"
    if isinstance(value, float):
        return f"{value:.7g}"
    text = ascii(value) if isinstance(value, str | int) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


class Spec(BaseModel):
    """A part of a task as a user writes it: unknown fields are errors and values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class OneOf(Spec):
    """A part of which exactly one of the fields named in `alternatives` is written."""

    alternatives: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _exactly_one(self) -> OneOf:
        given = self._given()
        if len(given) == 1:
            return self
        found = f"it has {' and '.join(map(repr, given))}" if given else "it has none of them"
        raise wrong(f"needs exactly one of the fields below, but {found}. Allowed: {', '.join(self.alternatives)}")

    def _given(self) -> list[str]:
        return [name for name in self.alternatives if getattr(self, name) is not None]

    @property
    def kind(self) -> str:
        """Which of the alternatives was written, e.g. "uniform" or "box"."""
        return self._given()[0]


@dataclass(frozen=True)
class Bounds:
    """The range of a number, to be written as `Annotated[float, Bounds(...)]`.

    Args:
        low, high: Smallest and largest allowed value.
        unit: Shown in messages, e.g. "m".
        above: `low` itself is not allowed.
        hint: Added to the message when a number's magnitude is too large.
    """

    low: float = -LARGEST
    high: float = LARGEST
    unit: str = ""
    above: bool = False
    hint: str = ""

    def check(self, value: Any, whole: bool = False) -> float | int:
        """Returns `value` as a float (or an int if `whole`), or raises the error that names the range."""
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            unit = f" in {self.unit}" if self.unit else ""
            raise wrong(
                f"must be a {'whole ' if whole else ''}number{unit}, not {shown(value)}. Allowed: {self.text()}"
            )
        if not isinstance(value, int) and not math.isfinite(value):
            raise wrong(f"must be a finite number, not {value}. Allowed: {self.text()}")
        if value < self.low or value > self.high or (self.above and value <= self.low):
            large = abs(value) > max(abs(self.low), abs(self.high))
            hint = f" ({self.hint})" if self.hint and large else ""
            raise wrong(f"{shown(value)} is out of range{hint}. Allowed: {self.text()}")
        number = float(value)
        if whole and not number.is_integer():
            raise wrong(f"must be a whole number, not {shown(value)}. Allowed: {self.text()}")
        return int(number) if whole else number + 0.0

    def text(self) -> str:
        """Returns the range in words, e.g. "above 0 to 10 m"."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{'above ' if self.above else ''}{self.low:.7g} to {self.high:.7g}{unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks before pydantic does, so that the message is ours."""
        whole = source is int
        return core_schema.no_info_before_validator_function(lambda value: self.check(value, whole), handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Adds the range to the JSON schema."""
        return handler(schema) | {"exclusiveMinimum" if self.above else "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Listed:
    """A list of known length, to be written as `Annotated[tuple[...], Listed(3, "[x, y, z]")]`."""

    count: int
    form: str

    def check(self, value: Any) -> Any:
        """Returns `value` if it is a list of `count` entries, or raises the error that shows the form."""
        if isinstance(value, Sequence) and not isinstance(value, str | bytes) and len(value) == self.count:
            return value
        raise wrong(f"must be a list of {self.count} values, not {shown(value)}. Allowed: {self.form}")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks before pydantic does, so that the message is ours."""
        return core_schema.no_info_before_validator_function(self.check, handler(source))


Number = Annotated[float, Bounds()]
Positive = Annotated[float, Bounds(0.0, above=True)]
Fraction = Annotated[float, Bounds(0.0, 1.0)]
Length = Annotated[float, Bounds(0.0, 10.0, "m", above=True, hint=MILLIMETRES)]
Coordinate = Annotated[float, Bounds(-100.0, 100.0, "m", hint=MILLIMETRES)]
Angle = Annotated[
    float, Bounds(-2 * math.pi, 2 * math.pi, "rad", hint="looks like degrees; use the field ending in _deg")
]
Degrees = Annotated[float, Bounds(-360.0, 360.0, "degrees")]
Position = Annotated[tuple[Coordinate, Coordinate, Coordinate], Listed(3, "[x, y, z] in m")]
Direction = Annotated[tuple[Number, Number, Number], Listed(3, "[x, y, z]")]
Angles = Annotated[tuple[Angle, Angle, Angle], Listed(3, "[roll, pitch, yaw] in rad")]
AnglesDegrees = Annotated[tuple[Degrees, Degrees, Degrees], Listed(3, "[roll, pitch, yaw] in degrees")]
Name = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
Text = Annotated[str, Strict(), StringConstraints(max_length=4000)]


def in_radians(spec: Spec, radians: str, degrees: str) -> None:
    """Replaces the field `degrees` of a freshly read spec by `radians`, so that only one of the two is ever used."""
    written = getattr(spec, degrees)
    if written is None:
        return
    if radians in spec.model_fields_set:
        raise wrong(f"has both {radians!r} and {degrees!r}; write one of them")
    if isinstance(written, tuple):
        value: object = tuple(math.radians(angle) for angle in written)
    else:
        value = math.radians(written) if isinstance(written, float) else written.times(math.pi / 180.0)
    # Frozen models refuse assignment; this is still part of reading one.
    vars(spec).update({radians: value, degrees: None})
    spec.model_fields_set.add(radians)
    spec.model_fields_set.discard(degrees)
