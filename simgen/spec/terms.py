"""Named terms with parameters, as the YAML writes them: observations, rewards and conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, Strict, StringConstraints, field_validator, model_serializer, model_validator

from simgen.errors import nearest
from simgen.spec.base import Bounds, Spec, shown, wrong

TermName = Annotated[str, Strict(), StringConstraints(min_length=1, max_length=200)]
_COMBINATIONS = ("all", "any", "not")
_REWARD_FIELDS = ("weight", "when")


class TermCall(Spec):
    """A term by name with its parameters; written `name` or `{name: {parameter: value}}`."""

    name: TermName = Field(description="Name of the term; `simgen list terms` names them with their units.")
    parameters: dict[TermName, Any] = Field(default_factory=dict, description="Values by parameter name.")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping) and "name" not in value:
            return _call(value, "a term")
        return value

    @field_validator("parameters", mode="after")
    @classmethod
    def _plain_values(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        return {name: plain_value(value) for name, value in parameters.items()}

    @model_serializer
    def _write(self) -> Any:
        return self.written

    @property
    def written(self) -> str | dict[str, Any]:
        """The call as a user writes it."""
        listed = {name: _unfrozen(value) for name, value in self.parameters.items()}
        return {self.name: listed} if listed else self.name


class Condition(Spec):
    """Something that is true or not in a world: a term, or all / any / not of conditions."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=100)] | None = None
    any: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=100)] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    term: TermCall | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"term": value}
        if not isinstance(value, Mapping):
            raise wrong(f"must be a condition, not {shown(value)}. Allowed: a term, or all, any, not of conditions")
        if isinstance(value.get("term"), TermCall):
            return value
        if not any(name in value for name in _COMBINATIONS):
            return {"term": _call(value, "a condition")}
        if len(value) > 1:
            raise wrong(f"has {_names(value)}; a condition has one key. Allowed: combine several with 'all' or 'any'")
        ((name, inside),) = value.items()
        return {name: _required(name, inside)}

    @model_serializer
    def _write(self) -> Any:
        for name, parts in (("all", self.all), ("any", self.any)):
            if parts is not None:
                return {name: [part._write() for part in parts]}
        return {"not": self.not_._write()} if self.not_ is not None else self.call.written

    @property
    def call(self) -> TermCall:
        """The term of a condition that is a single term."""
        if self.term is None:
            raise ValueError("a combination of conditions has no term of its own")
        return self.term

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that it combines; empty for a single term."""
        return self.all or self.any or ((self.not_,) if self.not_ is not None else ())

    def calls(self) -> Iterable[TermCall]:
        """Returns every term in it, in order."""
        return [call for _, call in self.placed_calls(())]

    def placed_calls(self, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], TermCall]]:
        """Yields every term in it, in order, with its place in a condition that stands at `path`."""
        if self.term is not None:
            yield path, self.term
        elif self.not_ is not None:
            yield from self.not_.placed_calls((*path, "not"))
        else:
            name = "all" if self.all is not None else "any"
            for index, part in enumerate(self.parts):
                yield from part.placed_calls((*path, name, index))


class RewardSpec(Spec):
    """One summand of the reward: `{term: {parameters}, weight: 1.0, when: condition}`."""

    term: TermCall = Field(description="The term.")
    weight: Annotated[float, Bounds()] = Field(default=1.0, description="Factor.")
    when: TermName | None = Field(
        default=None,
        description="Name of a condition; the term counts while it holds. It takes parameters from the term's own.",
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"term": value}
        if not isinstance(value, Mapping) or isinstance(value.get("term"), TermCall):
            return value
        kept = {name: value[name] for name in _REWARD_FIELDS if name in value}
        term = {name: parameters for name, parameters in value.items() if name not in _REWARD_FIELDS}
        return {"term": _call(term, "a reward", _REWARD_FIELDS), **kept}

    @model_serializer
    def _write(self) -> dict[str, Any]:
        written = self.term.written
        out: dict[str, Any] = {written: {}} if isinstance(written, str) else dict(written)
        out["weight"] = self.weight
        return out if self.when is None else out | {"when": self.when}


def plain_value(value: Any) -> Any:
    """Returns a parameter's value with numbers as floats and lists as tuples, or raises what is wrong with it."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        if len(value) > 100 or any(isinstance(part, list | tuple) and _is_nested(part) for part in value):
            raise wrong("a parameter's list is too long or too deep")
        return tuple(plain_value(part) for part in value)
    return Bounds().check(value)


def _is_nested(parts: Iterable[Any]) -> bool:
    return any(isinstance(part, list | tuple) for part in parts)


def _unfrozen(value: Any) -> Any:
    return [_unfrozen(part) for part in value] if isinstance(value, tuple) else value


def _call(value: Mapping[Any, Any], what: str, fields: tuple[str, ...] = ()) -> dict[str, Any]:
    if len(value) != 1:
        hints = [nearest(name, fields) for name in value if fields]
        hint = next((hint for hint in hints if hint), "")
        found = f"has {_names(value)}" if value else "has none"
        raise wrong(
            f"{what} is one term with its parameters, but it {found}. Allowed: {{term: {{parameter: value}}}}{hint}"
        )
    ((name, parameters),) = value.items()
    return {"name": name, "parameters": _parameters(name, parameters)}


def _parameters(name: Any, value: Any) -> Any:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        hint = nearest(name, _COMBINATIONS)
        raise wrong(
            f"parameters of {shown(name)} must be a mapping, not {shown(value)}. Allowed: {{parameter: value}}{hint}"
        )
    return value


def _required(name: str, value: Any) -> Any:
    if value is None:
        raise wrong(f"{name!r} is empty. Allowed: {'a condition' if name == 'not' else 'a list of conditions'}")
    return value


def _names(value: Iterable[Any]) -> str:
    return ", ".join(shown(name) for name in list(value)[:5])
