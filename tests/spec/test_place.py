"""What a user may write about places, and the messages where it does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from simgen.errors import BadInput
from simgen.spec import load_task

GOOD: dict[str, Any] = {
    "name": "drive",
    "robot": {"use": "diff_drive", "control": "base_velocity", "start": "free"},
    "scene": {
        "table": None,
        "place": {"rooms": {}},
        "objects": {"goal": {"marker": {"sphere": 0.1}, "pose": {"free": {"distance": [2, 6]}}}},
    },
    "observe": {"policy": ["ego_speed", "route"]},
    "success": {"arrived": {}},
    "teacher": {"planner": {}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good task with another value at a path with dots."""

    def copy(node: Any) -> Any:
        return {key: copy(part) for key, part in node.items()} if isinstance(node, dict) else node

    task = copy(GOOD)
    *heads, last = path.split(".")
    node = task
    for head in heads:
        node = node[head]
    node[last] = value
    return task


def test_a_place_with_its_defaults_is_complete() -> None:
    task = load_task(GOOD)
    assert task.scene.place is not None
    assert task.scene.place.chosen.size == (10.0, 8.0)
    assert load_task(task.resolved()) == task


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "scene.place",
            {"rooms": {"size": [50, 8]}},
            "scene.place.rooms.size.0: 50 is out of range. Allowed: 5 to 18 m",
        ),
        ("scene.place", {"rooms": {"furnitur": 3}}, "did you mean 'furniture'?"),
        ("scene.place", {"roms": {}}, "unknown field 'roms'"),
        ("scene.place", {"rooms": {"speed": [2, 1]}}, "2 is more than 1. Allowed: [slowest, fastest] in m/s"),
        ("scene.place", {"rooms": {"rooms": [4, 2]}}, "4 is more than 2. Allowed: [fewest, most] rooms"),
        ("scene.place", {"rooms": {}, "warehouse": {}}, "needs exactly one of the fields below"),
        ("scene.place", None, "robot.start: needs the scene's 'place'"),
        ("scene.table", {"use": "table"}, "a place has no table; write 'table: null' in the scene"),
        ("robot.control", "pd_joint_pos", "a robot in a place drives; control is 'pd_joint_pos'"),
        ("robot.xyz", [1, 2, 0], "'start: free' draws where the robot is; remove 'xyz' and 'yaw'"),
        ("scene.objects.goal.pose", {"free": {"distance": [6, 2]}}, "6 is not below 2. Allowed: [shortest, longest]"),
        ("scene.objects.goal.pose", {"free": {}, "on": "ground"}, "'free' draws the place; remove the relation"),
        ("teacher.planner", {"to": "goul"}, "unknown object 'goul'. Allowed: goal; did you mean 'goal'?"),
        ("teacher.planner", {"speed": 50}, "teacher.planner.speed: 50 is out of range. Allowed: 0.05 to 5 m/s"),
        ("success", {"arrived": {"within": 99}}, "99 is out of range"),
    ],
)
def test_the_message(path: str, value: Any, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_task(changed(path, value))
    assert message in str(caught.value)


@pytest.mark.parametrize("place", [{"rooms": {"people": 20}}, {"roms": {}}, 5])
def test_a_wrong_place_is_no_missing_one(place: Any) -> None:
    with pytest.raises(BadInput) as caught:
        load_task(changed("scene.place", place))
    (line,) = str(caught.value).splitlines()
    assert "scene.place" in line


def test_wrong_stages_are_no_missing_ones() -> None:
    task = changed("observe.policy", ["stage"]) | {"stages": [{"name": "go", "done": {"arrived": {}}, "wrong": 1}]}
    with pytest.raises(BadInput) as caught:
        load_task(task)
    (line,) = str(caught.value).splitlines()
    assert "unknown field 'wrong'" in line


def test_a_term_about_the_goal_needs_one() -> None:
    task = changed("scene.objects", {"end": GOOD["scene"]["objects"]["goal"]})
    task["observe"] = {"policy": ["ego_speed"]}
    task["teacher"] = {"planner": {"to": "end"}}
    with pytest.raises(BadInput) as caught:
        load_task(task)
    expected = (
        "success.arrived: arrived without 'at' is about 'goal', which is not there. Allowed: 'at' with one of end"
    )
    assert str(caught.value) == f"task: {expected}"
    task["success"] = {"arrived": {"at": "end"}}
    load_task(task)


def test_terms_about_ways_need_a_place() -> None:
    task = changed("scene.place", None)
    task["robot"]["start"] = None
    task["scene"]["objects"]["goal"]["pose"] = {"on": "ground"}
    task["observe"]["policy"] = ["route"]
    with pytest.raises(BadInput) as caught:
        load_task(task)
    lines = str(caught.value).splitlines()
    assert any("'route' needs the task's 'place', but there is none" in line for line in lines)
    assert any("a planner needs the scene's 'place', through which it drives; add it" in line for line in lines)
