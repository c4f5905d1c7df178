"""Tasks that stand for several: which ones, under which names, with which shares, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from simgen.errors import BadInput
from simgen.spec import Mixture, TaskSpec, load_task, load_task_or_mixture
from simgen.world.scene.layout import layout_of
from simgen.world.scene.variants import expanded, single, variants_of

CUBE: dict[str, Any] = {"box": [0.04, 0.04, 0.04]}


def task(robot: dict[str, Any] | None = None, objects: dict[str, Any] | None = None, **fields: Any) -> TaskSpec:
    return load_task(
        {"name": "some", "robot": robot or {"use": "panda"}, "scene": {"objects": objects or {"cube": CUBE}}, **fields}
    )


def shares(found: TaskSpec) -> dict[str, float]:
    return {part.task.name: part.weight for part in variants_of(found)}


def test_a_plain_task_stands_for_itself() -> None:
    plain = task()
    assert variants_of(plain)[0].task is plain
    assert expanded(plain) is plain


def test_one_for_each_robot_with_its_changes() -> None:
    so100 = {"use": "so100", "weight": 2, "set": {"robot.xyz": [-0.3, 0, 0], "teacher.0.wait": 0.2}}
    found = task(
        {"choose": ["panda", so100], "control": "pd_ee_delta_pose"}, success="robot_static", teacher=[{"wait": 0.1}]
    )
    assert shares(found) == pytest.approx({"some-panda": 1 / 3, "some-so100": 2 / 3})
    panda, other = (part.task for part in variants_of(found))
    assert isinstance(panda, TaskSpec)
    assert isinstance(other, TaskSpec)
    assert (panda.robot.use, panda.robot.xyz, panda.teacher.steps[0].wait) == ("panda", None, 0.1)
    assert (other.robot.use, other.robot.xyz, other.teacher.steps[0].wait) == ("so100", (-0.3, 0.0, 0.0), 0.2)
    assert other.robot.control == "pd_ee_delta_pose"
    assert layout_of(other).robot == "so100"


def test_one_for_each_number_of_objects() -> None:
    found = task(
        objects={"clutter": {**CUBE, "count": [2, 4]}},
        observe={"policy": ["clutter_2_pose"]},
        randomize={"clutter.mass": {"uniform": [0.1, 0.2]}, "clutter_1.mass": {"uniform": [0.3, 0.4]}},
    )
    assert shares(found) == pytest.approx({"some-2clutter": 1 / 3, "some-3clutter": 1 / 3, "some-4clutter": 1 / 3})
    most = variants_of(found)[-1].task
    assert isinstance(most, TaskSpec)
    assert list(most.scene.objects) == ["clutter_1", "clutter_2", "clutter_3", "clutter_4"]
    assert most.randomize["clutter_1.mass"].uniform == (0.3, 0.4)
    assert most.randomize["clutter_4.mass"].uniform == (0.1, 0.2)


def test_a_fixed_number_is_one_task_of_the_same_name() -> None:
    found = single(task(objects={"clutter": {**CUBE, "count": 2}}))
    assert isinstance(found, TaskSpec)
    assert (found.name, list(found.scene.objects)) == ("some", ["clutter_1", "clutter_2"])


def test_objects_with_other_moving_parts_are_other_tasks() -> None:
    shapes = [{"cabinet": {}}, {"cabinet": {"seed": 3}}, {"cabinet": {"drawers": 1}}]
    found = task(objects={"cabinet": {"choose": shapes, "fixed": True}})
    assert shares(found) == pytest.approx({"some-cabinet_2drawer": 2 / 3, "some-cabinet_1drawer": 1 / 3})


def test_they_read_back_equal() -> None:
    mixture = expanded(task({"choose": ["panda", "xarm7"]}, {"clutter": {**CUBE, "count": [1, 2]}}))
    assert isinstance(mixture, Mixture)
    assert load_task_or_mixture(mixture.resolved()) == mixture


def test_in_a_mixture_they_share_the_weight_of_their_task() -> None:
    arms = {"name": "arms", "robot": {"choose": ["panda", "xarm7"]}, "scene": {}}
    alone = {"name": "alone", "robot": {"use": "panda"}, "scene": {}}
    mixture = load_task_or_mixture({"name": "all", "mixture": [{"task": arms, "weight": 3}, {"task": alone}]})
    found = expanded(mixture)
    assert isinstance(found, Mixture)
    assert [(part.task.name, part.weight) for part in found.parts] == [
        ("arms-panda", 1.5), ("arms-xarm7", 1.5), ("alone", 1.0)
    ]  # fmt: skip


def test_where_one_task_is_needed_several_are_refused() -> None:
    with pytest.raises(BadInput, match=r"stands for 2 tasks \(some-panda, some-xarm7\).*robot\.choose=\[panda\]"):
        single(task({"choose": ["panda", "xarm7"]}))
    with pytest.raises(BadInput, match="stands for several tasks"):
        layout_of(task({"choose": ["panda", "xarm7"]}))


def test_too_many_are_refused_before_they_are_made() -> None:
    many = {"a": {**CUBE, "count": [1, 64]}, "b": {**CUBE, "count": [1, 64]}}
    with pytest.raises(BadInput, match="stands for 4096 tasks.*Allowed: at most 64"):
        variants_of(task(objects=many))


WRONG: dict[str, dict[str, Any]] = {
    "robot: needs either 'use', the name of a robot, or 'choose', a list of robots": {
        "robot": {"control": "pd_ee_pose"}
    },
    r"robot\.choose\.1: unknown robot 'xarm'.*did you mean 'xarm7'": {"robot": {"choose": ["panda", "xarm"]}},
    "robot: 'choose' names a robot twice": {"robot": {"choose": ["panda", "panda"]}},
    r"the range of 'count' is reversed: \[4, 2\]": {"objects": {"clutter": {**CUBE, "count": [4, 2]}}},
    r"count: 0 is out of range\. Allowed: 1 to 64 objects": {"objects": {"clutter": {**CUBE, "count": 0}}},
    "c_2 is an object of its own and one of the c": {"objects": {"c": {**CUBE, "count": [1, 2]}, "c_2": CUBE}},
    "unknown observation 'clutter_3_pose'.*did you mean 'clutter_2_pose'": {
        "objects": {"clutter": {**CUBE, "count": [2, 4]}},
        "observe": {"policy": ["clutter_3_pose"]},
    },
    r"scene\.objects\.clutter\.mug\.radus: mug has no 'radus'": {
        "objects": {"clutter": {"mug": {"radus": 1}, "count": 3}}
    },
    "'seeds' draws the sizes of a procedural kind": {"objects": {"cube": {**CUBE, "seeds": 3}}},
    r"mug\.seeds|seeds: 0 is out of range": {"objects": {"mug": {"mug": {}, "seeds": 0}}},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_ones(message: str) -> None:
    with pytest.raises(BadInput, match=message):
        task(**WRONG[message])


def test_a_change_that_does_not_fit_names_the_robot() -> None:
    wrong = {"use": "so100", "set": {"scene.objects.cube.box": [40, 1, 1]}}
    with pytest.raises(BadInput, match=r"some: robot\.choose\.1\.set: .*cube\.box.*40 is out of range"):
        variants_of(task({"choose": ["panda", wrong]}))


def test_seeds_are_so_many_drawn_sizes() -> None:
    slot = layout_of(task(objects={"mug": {"choose": [{"mug": {}, "seeds": 5}, CUBE]}})).bodies[0]
    assert [model.kind for model in slot.candidates] == ["mug"] * 5 + ["box"]
    assert len({model.key for model in slot.candidates}) == 6
    alone = layout_of(task(objects={"mug": {"mug": {"seed": 3}}})).bodies[0]
    assert alone.candidates[0].key == slot.candidates[2].key
    from_seven = task(objects={"mug": {"mug": {"seed": 7}, "seeds": 2}}).scene.objects["mug"]
    assert [shape.parameters["seed"] for shape in from_seven.shapes] == [7, 8]
