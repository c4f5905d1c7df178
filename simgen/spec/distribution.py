"""Values that are drawn anew for each episode, and fields that hold either a fixed value or such a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Discriminator, Field, GetCoreSchemaHandler, Strict, StringConstraints, Tag, model_validator
from pydantic_core import CoreSchema, core_schema

from simgen.spec.base import Bounds, Listed, Number, OneOf, Positive, shown, wrong

_CUT = 3.0  # A normal draw never lies further than this many standard deviations from the mean.


def _value_tag(value: Any) -> str:
    if isinstance(value, str):
        return "<word>"
    return "<vector>" if isinstance(value, list | tuple) else "<number>"


_Vector = Annotated[tuple[Number, ...], Field(min_length=1, max_length=64)]
_Word = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=200)]
_Numeric = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[_Vector, Tag("<vector>")],
    Discriminator(lambda value: "<vector>" if isinstance(value, list | tuple) else "<number>"),
]
_Choice = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[_Vector, Tag("<vector>")] | Annotated[_Word, Tag("<word>")],
    Discriminator(_value_tag),
]
_Pair = Annotated[tuple[_Numeric, _Numeric], Listed(2, "[low, high]")]
_MeanAndStd = Annotated[tuple[_Numeric, _Numeric], Listed(2, "[mean, standard deviation]")]
Drawn = float | np.ndarray | str


class Distribution(OneOf):
    """How a value is drawn; exactly one of the kinds. Where numbers are vectors, each component is drawn alone."""

    alternatives: ClassVar[tuple[str, ...]] = ("uniform", "log_uniform", "normal", "choose", "jitter", "scale")

    uniform: _Pair | None = Field(default=None, description="[low, high]: every value between is equally likely.")
    log_uniform: _Pair | None = Field(default=None, description="[low, high], both above 0: uniform in the logarithm.")
    normal: _MeanAndStd | None = Field(default=None, description="[mean, std], cut off at 3 standard deviations.")
    choose: Annotated[tuple[_Choice, ...], Field(min_length=1, max_length=10000)] | None = Field(
        default=None, description="One of the listed values (numbers, vectors or names)."
    )
    jitter: _Numeric | None = Field(
        default=None, description="Half width: the value that is there, plus or minus up to this."
    )
    scale: _Pair | None = Field(
        default=None, description="[low, high]: the value that is there, times a factor between."
    )
    weights: tuple[Positive, ...] | None = Field(
        default=None, description="Relative frequency of each value of `choose`."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Distribution:
        if self._given() == []:
            return self
        if self.weights is not None and (self.choose is None or len(self.weights) != len(self.choose)):
            raise wrong("'weights' needs one number above 0 for each value of 'choose'")
        if self.choose is not None:
            if len({np.shape(value) if not isinstance(value, str) else "word" for value in self.choose}) > 1:
                raise wrong("the values of 'choose' must all be of one kind: numbers, vectors of one length, or names")
        elif self.jitter is not None:
            if np.any(np.asarray(self.jitter) < 0.0):
                raise wrong("'jitter' is a half width. Allowed: 0 or more")
        else:
            self._check_pair(self.kind, *getattr(self, self.kind))
        return self

    def _check_pair(self, kind: str, first: Any, second: Any) -> None:
        if np.shape(first) != np.shape(second):
            raise wrong(f"the two values of {kind!r} must both be numbers or vectors of one length")
        if kind == "normal":
            if np.any(np.asarray(second) < 0.0):
                raise wrong("the standard deviation of 'normal' is negative. Allowed: 0 or more")
            return
        if np.any(np.asarray(first) > np.asarray(second)):
            raise wrong(
                f"the range of {kind!r} is reversed: {_plain(first)} is above {_plain(second)}. Allowed: [low, high]"
            )
        if kind in ("log_uniform", "scale") and np.any(np.asarray(first) <= 0.0):
            raise wrong(f"the range of {kind!r} starts at {_plain(first)}. Allowed: numbers above 0")

    @property
    def relative(self) -> bool:
        """Whether it changes a value that is there (jitter, scale) instead of giving one."""
        return self.jitter is not None or self.scale is not None

    @property
    def dimension(self) -> int:
        """Length of the vectors it gives; 0 for single numbers and names."""
        values = getattr(self, self.kind)
        first = values if self.jitter is not None else values[0]
        return len(first) if isinstance(first, tuple) else 0

    @property
    def words(self) -> tuple[str, ...]:
        """The names it chooses from; empty if it gives numbers."""
        return tuple(value for value in self.choose or () if isinstance(value, str))

    def sample(self, rng: np.random.Generator, base: float | np.ndarray | None = None) -> Drawn:
        """Draws one value.

        Args:
            rng: The generator; equal generators give equal values.
            base: The value that `jitter` (default 0) and `scale` (default 1) change; the others ignore it.

        Returns:
            A float, a name, or an array of shape (dimension,); shaped like `base` where a number changes a vector.
        """
        if self.choose is not None:
            picked = self.choose[self._pick(rng)]
            return picked if isinstance(picked, str) else _tidy(np.asarray(picked, float))
        if self.normal is not None:
            mean, std = (np.asarray(value, float) for value in self.normal)
            return _tidy(mean + std * _cut_normal(rng, mean.shape))
        low, high = self._limits(base)
        if low.ndim == 0 and high.ndim == 0:
            return self._between(float(low), float(high), rng)
        lows, highs = (limit.tolist() for limit in np.broadcast_arrays(low, high))
        return np.array([self._between(*ends, rng) for ends in zip(lows, highs, strict=True)])

    def _pick(self, rng: np.random.Generator) -> int:
        """Draws which of the values of `choose` it is."""
        assert self.choose is not None
        if self.weights is None:
            return int(rng.integers(len(self.choose)))
        return int(rng.choice(len(self.choose), p=np.asarray(self.weights) / np.sum(self.weights)))

    def _between(self, low: float, high: float, rng: np.random.Generator) -> float:
        if self.log_uniform is None:
            return min(max(rng.uniform(low, high), low), high)
        return min(max(float(np.exp(rng.uniform(np.log(low), np.log(high)))), low), high)

    def bounds(self, base: float | np.ndarray | None = None) -> tuple[float | np.ndarray, float | np.ndarray] | None:
        """Returns the lowest and highest value that `sample` can give (per component), or None for names."""
        if self.words:
            return None
        if self.choose is not None:
            values = np.asarray(self.choose, float)
            return _tidy(values.min(axis=0)), _tidy(values.max(axis=0))
        low, high = self._limits(base)
        return _tidy(np.asarray(low, float)), _tidy(np.asarray(high, float))

    def _limits(self, base: float | np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        if self.jitter is not None:
            center, half = np.asarray(0.0 if base is None else base, float), np.asarray(self.jitter, float)
            return center - half, center + half
        first, second = (np.asarray(value, float) for value in getattr(self, self.kind))
        if self.normal is not None:
            return first - _CUT * second, first + _CUT * second
        if self.scale is not None:
            ends = [np.asarray(1.0 if base is None else base, float) * factor for factor in (first, second)]
            return np.minimum(*ends), np.maximum(*ends)
        return first, second

    def times(self, factor: float) -> Distribution:
        """Returns the distribution of `factor` times the value, e.g. to turn degrees into radians."""
        if self.scale is not None or self.words:
            return self
        scaled = _scaled(getattr(self, self.kind), factor)
        return self.model_copy(update={self.kind: scaled})


@dataclass(frozen=True)
class Draws:
    """What a field asks of its distribution, to be written as `Annotated[Distribution, Draws(...)]`.

    Args:
        bounds: Range that every number drawn must lie in.
        dimensions: Allowed lengths of vectors; 0 is a single number.
        relative: `jitter` and `scale` make sense here.
        words: Names are allowed.
        form: What to write, for the message.
    """

    bounds: Bounds = Bounds()
    dimensions: tuple[int, ...] = (0,)
    relative: bool = False
    words: bool = False
    form: str = "numbers"

    def check(self, drawn: Distribution) -> Distribution:
        """Returns the distribution, or raises the error that says what this field needs."""
        if drawn.relative:
            if not self.relative:
                raise wrong(
                    f"{drawn.kind!r} changes a value that is there. Allowed: uniform, log_uniform, normal, choose"
                )
            return drawn
        if drawn.words:
            if not self.words:
                raise wrong(f"must give {self.form}, not names such as {shown(drawn.words[0])}")
            return drawn
        if drawn.dimension not in self.dimensions:
            given = f"vectors of {drawn.dimension}" if drawn.dimension else "single numbers"
            raise wrong(f"must give {self.form}, not {given}")
        for end in drawn.bounds() or ():
            for value in np.atleast_1d(end):
                self.bounds.check(float(value))
        return drawn

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks after the distribution itself was read."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))


def tag_of(value: Any) -> str:
    """Tells a distribution from a plain value by its form; the discriminator of fields that take both."""
    return "<distribution>" if isinstance(value, Mapping | Distribution) else "<value>"


@dataclass(frozen=True)
class OneNumber:
    """A number that may also be drawn, to be written as `Annotated[float | Distribution, OneNumber(...)]`.

    Args:
        bounds: Range of the number, and of every number drawn.
        form: What distributions must give, for the message.
    """

    bounds: Bounds
    form: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Tells the two by their form, so that messages are about the one that was meant."""
        either = Annotated[
            Annotated[float, self.bounds, Tag("<value>")]
            | Annotated[Distribution, Draws(self.bounds, form=self.form), Tag("<distribution>")],
            Discriminator(tag_of),
        ]
        return handler.generate_schema(either)


_ANGLE = Bounds(-2 * np.pi, 2 * np.pi, "rad", hint="looks like degrees; use the field ending in _deg")
_DEGREES = Bounds(-360.0, 360.0, "degrees")
AngleOrDrawn = Annotated[float | Distribution, OneNumber(_ANGLE, "single angles in rad")]
DegreesOrDrawn = Annotated[float | Distribution, OneNumber(_DEGREES, "single angles in degrees")]


def _tidy(value: np.ndarray) -> float | np.ndarray:
    return float(value) if value.ndim == 0 else value


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str([round(number, 6) for number in value])


def _scaled(value: Any, factor: float) -> Any:
    return tuple(_scaled(part, factor) for part in value) if isinstance(value, tuple) else value * factor


def _cut_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = np.asarray(rng.standard_normal(shape))
    while np.any(outside := np.abs(drawn) > _CUT):
        drawn = np.where(outside, rng.standard_normal(shape), drawn)
    return drawn
