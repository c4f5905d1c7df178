"""Distractors and counted objects as they are written: short forms, what is filled in, and what is said of a group."""

from __future__ import annotations

from typing import Any

import pytest

from simgen.errors import BadInput
from simgen.spec import TaskSpec, load_task, observation_label
from simgen.spec.counted import counted, most, with_numbers
from simgen.spec.distractors import DistractorsSpec

CUBE: dict[str, Any] = {"box": [0.04, 0.04, 0.04]}
THREE = [CUBE, {"mug": {}}, {"bowl": {}}]


def task(distractors: Any = None, objects: dict[str, Any] | None = None, **fields: Any) -> TaskSpec:
    scene = {"objects": {"cube": CUBE} if objects is None else objects, "distractors": distractors}
    table = {name: fields.pop(name) for name in ("table",) if name in fields}
    return load_task({"name": "some", "robot": {"use": "panda"}, "scene": scene | table, **fields})


def distractors_of(read: TaskSpec) -> DistractorsSpec:
    assert read.scene.distractors is not None
    return read.scene.distractors


@pytest.mark.parametrize(
    ("written", "numbers"),
    [(0, [0]), (4, [4]), ([0, 2], [0, 1, 2]), ({}, [4]), ({"count": [2, 3]}, [2, 3]), ({"mug": {}}, [4])],
)
def test_a_number_is_enough_and_all_may_be_left_out(written: Any, numbers: list[int]) -> None:
    assert list(counted(task(written))["distractor"]) == numbers


def test_they_differ_in_kind_size_colour_and_place_where_nothing_is_written() -> None:
    found = distractors_of(task(3))
    kinds = [shape.kind for shape in found.shapes]
    assert len(set(kinds)) > 8
    assert max(kinds.count(kind) for kind in kinds) > 1
    assert found.color is not None
    assert found.pose.aside
    assert found.pose.target == "table"
    assert found.pose.xy is not None
    assert distractors_of(task(3, {}, table=None)).pose.target == "ground"


def test_they_are_of_other_kinds_than_what_the_task_is_about() -> None:
    assert "box" in [shape.kind for shape in distractors_of(task(3, {"ball": {"sphere": 0.02}})).shapes]
    found = distractors_of(task(3, {"thing": {"choose": THREE}, "sign": {"marker": {"star": {}}}}))
    kinds = [shape.kind for shape in found.shapes]
    assert not {"box", "mug", "bowl", "star"} & set(kinds)
    every = [{kind: {}} for kind in {shape.kind for shape in distractors_of(task(1, {})).shapes} - {"box", "cylinder"}]
    every += [CUBE, {"cylinder": {"radius": 0.02, "height": 0.05}}]
    with pytest.raises(BadInput, match="all built-in kinds of 'distractors'. Allowed: 'choose' for them"):
        task(3, {"thing": {"choose": every}})


def test_what_is_written_stays_and_the_rest_of_a_place_is_filled_in() -> None:
    found = distractors_of(task({"choose": THREE, "color": "red", "pose": {"xy": [0.1, 0.2], "yaw_deg": 90}}))
    assert (len(found.shapes), found.color, found.pose.xy, found.pose.target) == (3, "red", (0.1, 0.2), "table")
    assert found.pose.yaw == pytest.approx(1.5708, abs=1e-4)
    assert found.pose.aside
    beside = distractors_of(task({"pose": {"beside": "cube", "distance": 0.1}}))
    assert (beside.pose.relation, beside.pose.xy) == ("beside", None)


def test_they_read_back_equal_and_can_be_changed() -> None:
    read = task({"count": [1, 2], "pose": {"xy": [0.1, 0.2]}})
    assert load_task(read.resolved()) == read
    empty = task({"color": None, "pose": {"xy": None}})
    assert load_task(empty.resolved()) == empty == task(4)
    assert list(counted(load_task(read.resolved(), ["scene.distractors=7"]))["distractor"]) == [7]
    assert list(counted(load_task(read.resolved(), ["scene.distractors.count=5"]))["distractor"]) == [5]
    assert counted(load_task(read.resolved(), ["scene.distractors=null"])) == {}


def test_they_become_objects_with_numbers_after_all_others() -> None:
    found = most(task([0, 2], randomize={"distractor.mass": {"uniform": [0.1, 0.2]}}))
    assert list(found.scene.objects) == ["cube", "distractor_1", "distractor_2"]
    assert found.scene.distractors is None
    assert set(found.randomize) == {"distractor_1.mass", "distractor_2.mass"}
    assert list(with_numbers(task(2), {"distractor": 0}).scene.objects) == ["cube"]


def test_what_is_observed_of_a_group_is_observed_of_each() -> None:
    privileged = [{"velocity": {"body": "clutter"}}, "distractor_position"]
    groups = {"policy": ["qpos", "clutter_pose"], "privileged": privileged}
    written = task([1, 2], {"cube": CUBE, "clutter": {**CUBE, "count": [1, 3]}}, observe=groups)
    found = with_numbers(written, {"clutter": 2, "distractor": 1})
    assert [observation_label(call) for call in found.observe.policy] == ["qpos", "clutter_1_pose", "clutter_2_pose"]
    labels = [observation_label(call) for call in found.observe.privileged]
    assert labels == ["clutter_1_velocity", "clutter_2_velocity", "distractor_1_position"]


def test_an_observation_after_a_group_is_named_by_its_place_in_the_file() -> None:
    groups = {"policy": ["clutter_pose", "clutter_velocity", "clutter_speed", "cup_pose"]}
    with pytest.raises(BadInput) as caught:
        task(None, {"cube": CUBE, "clutter": {**CUBE, "count": [3, 4]}}, observe=groups)
    places = [line.split(": ")[1] for line in str(caught.value).splitlines()]
    assert [place.split(".")[:3] for place in places] == [["observe", "policy", "2"], ["observe", "policy", "3"]]


def test_a_group_that_differs_from_itself_and_others() -> None:
    clutter = {"choose": THREE, "count": [1, 2], "different_from": ["cube", "clutter"]}
    found = most(task(None, {"cube": {"choose": THREE}, "clutter": clutter})).scene.objects
    assert found["clutter_1"].different_from == ("cube",)
    assert found["clutter_2"].different_from == ("cube", "clutter_1")
    after = most(task(None, {"cube": {"choose": THREE, "different_from": "clutter"}, "clutter": {**CUBE, "count": 2}}))
    assert after.scene.objects["cube"].different_from == ("clutter_1", "clutter_2")
    message = r"scene\.objects\.clutter\.different_from: clutter_3 cannot always differ from cube, clutter_1, clutter_2"
    with pytest.raises(BadInput, match=message):
        task(None, {"cube": {"choose": THREE}, "clutter": {**clutter, "count": [1, 3]}})
