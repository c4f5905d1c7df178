"""The JSON schema is whole, says units, and knows the names of the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simgen.spec import json_schema


@pytest.fixture(scope="module")
def schema(registry) -> dict[str, Any]:
    return json_schema(registry)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(part)


def test_every_reference_leads_somewhere(schema):
    references = [node["$ref"] for node in _nodes(schema) if isinstance(node.get("$ref"), str)]
    assert references
    for reference in references:
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def test_it_says_what_it_is_which_draft_and_which_fields_are_needed(schema):
    assert schema["title"] == "simgen task"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["required"]) == {"name", "robot", "scene"}
    assert schema["additionalProperties"] is False


def test_every_field_is_described(schema):
    for name, part in schema["$defs"].items():
        if name in ("Condition", "RewardSpec", "TermCall", "TeacherSpec"):
            continue
        for field, content in part.get("properties", {}).items():
            assert content.get("description"), f"{name}.{field}"


def test_it_knows_the_names_of_the_registry(schema, registry):
    assert schema["$defs"]["RobotSpec"]["properties"]["use"]["enum"] == ["panda", "quadruped", "so100"]
    condition = schema["$defs"]["Condition"]["anyOf"][1]["properties"]
    assert {"near", "all", "any", "not"} <= set(condition)
    assert condition["near"]["properties"]["within"]["description"] == "largest distance of the origins [m]"
    assert condition["near"]["required"] == ["body", "at", "within"]
    mug = schema["$defs"]["ObjectSpec"]["properties"]["mug"]
    assert mug["properties"]["radius"]["maximum"] == registry.objects["mug"].parameters["radius"].high


def test_ranges_are_in_it(schema):
    fov = schema["$defs"]["CameraSpec"]["properties"]["fov_deg"]
    assert (fov["minimum"], fov["maximum"], fov["default"]) == (1.0, 179.0, 90.0)
