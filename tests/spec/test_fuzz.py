"""Whatever is put in, the reader gives a task or a BadInput; what it gives reads back equal."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simgen.errors import BadInput
from simgen.spec import json_schema, load_task, parse_task, resolved, task_hash
from simgen.spec.document import read_yaml

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, -(10**400), 0, -1, 1, 2, 100]),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["cube", "goal", "table", "bowl", "red", "qpos", "on", "{", "{cube.color}", "a.b", "\ud800", "*"]),
)
KEYS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["name", "robot", "use", "scene", "objects", "pose", "on", "in", "all", "not", "term", "uniform", "choose",
         "box", "mesh", "marker", "weight", "when", "move", "to", "steps", "near", "body", "parameters", "light"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


def attempt(read) -> None:
    try:
        task = read()
    except BadInput as error:
        text = str(error)
        assert 0 < len(text.splitlines()) <= 20
        assert len(text) < 60_000
        text.encode("utf-8")
        return
    written = resolved(task)
    assert task_hash(task)
    assert written["name"] == task.name


def round_trip(data: Any, registry) -> None:
    try:
        task = load_task(data, registry=registry)
    except BadInput:
        return
    again = load_task(resolved(task), registry=registry)
    assert again == task
    assert resolved(again) == resolved(task)


@settings(QUICK, max_examples=300)
@given(text=st.one_of(st.text(max_size=200), st.text(alphabet="{}[]:,-&*!|>'\"#%@\n\t ab1.", max_size=120)))
@example(text='"\\UFFFFFFFF"')
@example(text="? [a]\n: b")
@example(text="%YAML 9.9\n---\na: 1")
@example(text="a: !!int abc")
@example(text="&a a: *a")
def test_any_text(text, registry):
    attempt(lambda: parse_task(text, registry=registry))


@settings(QUICK, max_examples=100)
@given(data=st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_mapping(data, registry):
    attempt(lambda: load_task(data, registry=registry))


def _places(value: Any, path: tuple = ()) -> list[tuple]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inside for place in _places(part, (*path, key)))]


def _mutated(data: Any, places: list[tuple], draw: st.DataObject) -> Any:
    data = copy.deepcopy(data)
    path = draw.draw(st.sampled_from([place for place in places if place]))
    holder = data
    for key in path[:-1]:
        if not isinstance(holder, dict | list) or (isinstance(holder, dict) and key not in holder):
            return data
        holder = holder[key]
    action = draw.draw(st.sampled_from(["replace", "replace", "remove", "rename", "move"]))
    if action == "remove" and isinstance(holder, dict):
        holder.pop(path[-1], None)
    elif action == "rename" and isinstance(holder, dict):
        holder[draw.draw(KEYS)] = holder.pop(path[-1], None)
    elif action == "move":
        holder[path[-1]] = copy.deepcopy(holder)
    else:
        holder[path[-1]] = draw.draw(VALUES)
    return data


@settings(QUICK, max_examples=80)
@given(draw=st.data())
def test_a_good_task_with_parts_changed(draw, good, registry):
    data = read_yaml(good, "good").data
    places = _places(data)
    data = _mutated(data, places, draw)
    attempt(lambda: load_task(data, registry=registry))
    round_trip(data, registry)


@settings(QUICK, max_examples=80)
@given(draw=st.data())
def test_a_good_text_with_characters_changed(draw, good, registry):
    start = draw.draw(st.integers(0, len(good) - 1))
    end = draw.draw(st.integers(start, min(len(good), start + 30)))
    text = good[:start] + draw.draw(st.text(max_size=5)) + good[end:]
    attempt(lambda: parse_task(text, registry=registry))


@settings(QUICK, max_examples=80)
@given(path=st.text(max_size=30), value=st.text(max_size=20))
@example(path="reward.0.weight", value="&a [*a]")
@example(path="scene.objects.cube.choose.0", value="{}")
@example(path=".", value="1")
@example(path="reward.²", value="1")
def test_any_override(path, value, good, registry):
    attempt(lambda: parse_task(good, overrides=[f"{path}={value}"], registry=registry))


@settings(QUICK, max_examples=60)
@given(name=st.text(max_size=300))
@example(name="a" * 5000)
@example(name="\0")
@example(name="/")
@example(name=".")
def test_any_name(name, registry):
    attempt(lambda: load_task(name, registry=registry))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", 1j, {1: 2}, range(3)])
def test_values_that_no_file_can_hold(value, good, registry):
    data = read_yaml(good, "good").data
    data["description"] = value
    with pytest.raises(BadInput):
        load_task(data, registry=registry)


def test_the_schema_does_not_depend_on_how_often_it_is_made(registry):
    assert json_schema(registry) == json_schema(registry)
