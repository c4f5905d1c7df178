"""What a spec knows of robots is what their cards say, and each robot of a task is held against it."""

from __future__ import annotations

import pytest

from simgen.errors import BadInput
from simgen.spec import TaskSpec, default_registry, load_task
from simgen.spec.registry import ABILITIES
from simgen.world.robot.card import list_robots, load_card
from simgen.world.robot.control.mode import modes_of


@pytest.mark.parametrize("name", list_robots())
def test_a_robot_has_what_its_card_says(name):
    kind, card = default_registry().robot_kinds[name], load_card(name)
    assert kind.joints == card.joint_names
    assert kind.controls == modes_of(card)
    has = {
        "tool": card.tcp_link is not None,
        "gripper": card.gripper is not None,
        "arm": bool(card.arm_joints),
        "moves": card.is_floating or card.planar_base is not None,
        "floats": card.is_floating,
        "drives": card.planar_base is not None,
    }
    assert set(has) == set(ABILITIES)
    assert kind.has == {ability for ability, there in has.items() if there}


def test_what_is_different_for_a_robot_is_not_held_against_it():
    other = {"use": "quadruped", "set": {"observe.policy": ["qpos", "base_pose"]}}
    task = {
        "name": "look",
        "robot": {"choose": ["panda", other], "control": "pd_joint_pos"},
        "scene": {},
        "observe": {"policy": ["tcp_pose"]},
    }
    assert isinstance(load_task(task), TaskSpec)
    task["robot"] = {"choose": ["panda", "quadruped"], "control": "pd_joint_pos"}
    with pytest.raises(BadInput, match=r"observe\.policy\.0: the robot quadruped has no tool centre point, which"):
        load_task(task)


def test_of_a_robot_that_cannot_be_read_nothing_is_said_to_lack():
    task = {"name": "look", "robot": {"user": "panda"}, "scene": {}, "observe": {"policy": ["tcp_pose", "command"]}}
    with pytest.raises(BadInput) as caught:
        load_task(task | {"success": "robot_static"})
    (line,) = str(caught.value).splitlines()
    assert "unknown field 'user'" in line
