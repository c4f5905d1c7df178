"""The spec for machines: JSON schema for editors and language models, the resolved form of a task, and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from simgen.spec.object import ObjectSpec
from simgen.spec.registry import Parameter, Registry, Role, Term, default_registry
from simgen.spec.shape import ShapeSpec
from simgen.spec.task import TaskSpec
from simgen.spec.teacher import StepSpec
from simgen.spec.vocabulary import COLORS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_VECTOR = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_TYPES: dict[str, dict[str, Any]] = {
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "body": {"type": "string"},
    "flat": {"type": "string"},
    "joint": {"type": "string"},
    "part": {"type": "string"},
    "surface": {"type": "string"},
    "text": {"type": "string"},
    "place": {"anyOf": [{"type": "string"}, _VECTOR]},
    "axis": {"anyOf": [{"enum": ["x", "y", "z", "-x", "-y", "-z"]}, _VECTOR]},
    "axes": {"type": "string", "pattern": "^[xyz]{1,3}$"},
    "vector": _VECTOR,
    "region": {"type": "array", "items": _VECTOR, "minItems": 2, "maxItems": 2},
}
_WHEN = {"type": "string", "description": "Name of a condition; the term counts while it holds."}


def json_schema(registry: Registry | None = None) -> dict[str, Any]:
    """Returns the JSON schema (draft 2020-12) of a task's file.

    Args:
        registry: The names that may be used; default simgen's own.
    """
    registry = default_registry() if registry is None else registry
    schema = _without_null(TaskSpec.model_json_schema(by_alias=True))
    parts = schema["$defs"]
    parts["TermCall"] = {"description": "An observation.", "anyOf": _calls(registry, "observation", _short_forms())}
    parts["Condition"] = _condition(registry)
    parts["RewardSpec"] = {"description": "A summand of the reward.", "anyOf": _rewards(registry)}
    parts["TeacherSpec"] = {"anyOf": [parts["TeacherSpec"]["properties"]["steps"], parts["TeacherSpec"]]}
    parts["RobotSpec"]["properties"]["use"]["enum"] = list(registry.robots)
    _name_colors(schema, registry)
    distractors = parts["SceneSpec"]["properties"]["distractors"]
    parts["SceneSpec"]["properties"]["distractors"] = {
        "description": distractors.pop("description"),
        "anyOf": [*parts["DistractorsSpec"]["properties"]["count"]["oneOf"], distractors],
    }
    for model in (ObjectSpec, ShapeSpec, StepSpec):
        parts[model.__name__]["oneOf"] = [{"required": [name]} for name in model.alternatives]
    for kind, entry in registry.objects.items():
        sizes = {name: _parameter(parameter) for name, parameter in entry.parameters.items()}
        for model in ("ObjectSpec", "ShapeSpec", "DistractorsSpec"):
            parts[model]["properties"][kind] |= {"properties": sizes, "additionalProperties": False}
    parts["Distribution"]["oneOf"] = [
        {"required": [name]} for name in ("uniform", "log_uniform", "normal", "choose", "jitter", "scale")
    ]
    schema["properties"]["randomize"]["description"] += (
        " Paths: " + ", ".join(e.path for e in registry.randomizable) + "."
    )
    schema["properties"]["randomize"]["additionalProperties"] = {"type": "object"}
    return {"$schema": _DRAFT, **schema, "title": "simgen task"}


def resolved(task: TaskSpec) -> dict[str, Any]:
    """Returns the task with every default written out, JSON-able; `load_task` of it gives an equal task."""
    return task.resolved()


def task_hash(task: TaskSpec) -> str:
    """Returns the SHA-256 (hex) of the task's canonical resolved JSON; equal tasks have equal hashes."""
    text = json.dumps(_canonical(resolved(task)), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Writes whole floats as integers, so that 5 and 5.0 are one number."""
    if isinstance(value, Mapping):
        return {key: _canonical(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_canonical(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_null(value: Any) -> Any:
    """Drops the null that pydantic offers for fields that are simply not written."""
    if isinstance(value, list):
        return [_without_null(part) for part in value]
    if not isinstance(value, dict):
        return value
    out = {key: _without_null(part) for key, part in value.items()}
    if "default" in out and out["default"] is None and "anyOf" in out:
        del out["default"]
        kinds = [kind for kind in out.pop("anyOf") if kind != {"type": "null"}]
        out = {**kinds[0], **out} if len(kinds) == 1 else {"anyOf": kinds, **out}
    return out


def _parameter(parameter: Parameter) -> dict[str, Any]:
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    out = _TYPES[parameter.type] | {"description": parameter.description + unit}
    if parameter.type in ("float", "int"):
        out |= {"minimum": parameter.low, "maximum": parameter.high}
    return out if parameter.required or parameter.default is None else out | {"default": parameter.default}


def _arguments(term: Term) -> dict[str, Any]:
    return {
        "type": "object",
        "description": term.description,
        "properties": {name: _parameter(parameter) for name, parameter in term.parameters.items()},
        "required": [name for name, parameter in term.parameters.items() if parameter.required],
        "additionalProperties": False,
    }


def _calls(registry: Registry, role: Role, short_forms: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    terms = registry.named(role)
    bare = [name for name, term in terms.items() if not any(part.required for part in term.parameters.values())]
    full = {"properties": {name: _arguments(term) for name, term in terms.items()}, "additionalProperties": False}
    return [{"enum": bare}, *short_forms, {"type": "object", **full, "minProperties": 1, "maxProperties": 1}]


def _short_forms() -> list[dict[str, Any]]:
    return [{"type": "string", "pattern": "_(pose|position|velocity)$"}]


def _condition(registry: Registry) -> dict[str, Any]:
    bare, full = _calls(registry, "condition")
    here = {"$ref": "#/$defs/Condition"}
    several = {"type": "array", "items": here, "minItems": 1}
    full["properties"] |= {"all": several, "any": several, "not": here}
    return {"description": "Something that is true or not in a world.", "anyOf": [bare, full]}


def _rewards(registry: Registry) -> list[dict[str, Any]]:
    bare, full = _calls(registry, "reward")
    names = list(full["properties"])
    full["properties"] |= {"weight": {"type": "number", "default": 1.0, "description": "Factor."}, "when": _WHEN}
    full["maxProperties"] = 3
    return [bare, full | {"oneOf": [{"required": [name]} for name in names]}]


def _name_colors(schema: dict[str, Any], registry: Registry) -> None:
    """Lists the names of colours and textures where text stands for one."""
    for model in schema["$defs"].values():
        for name, words in (("color", COLORS), ("background", COLORS), ("texture", registry.textures)):
            field = model.get("properties", {}).get(name, {})
            for kind in field.get("oneOf", field.get("anyOf", [])):
                if kind.get("type") == "string":
                    kind["enum"] = list(words)
