"""Penetration and energy, judged with the shapes of a task of ours; scenes are drawn, and nothing is simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from curate_episodes import sound_episode
from small_tasks import standing, task_of

from simgen.data import Episode
from simgen.data.curate.config import CurateConfig
from simgen.data.curate.filters.energy import largest_gain
from simgen.data.curate.judges import judges_of
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict
from simgen.spec import TaskSpec
from simgen.world.robot.card import load_card
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

FRAMES = 25
CUBE, MUG, PANDA = "env_states/actors/cube", "env_states/actors/mug", "env_states/articulations/panda"
Change = Callable[[dict[str, np.ndarray]], None]


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    """A cube and a mug on the table before an arm."""
    return task_of(
        {
            "cube": standing({"box": [0.04, 0.04, 0.04]}, pose={"on": "table", "xy": [0.1, -0.2]}),
            "mug": standing({"mug": {}}, pose={"on": "table", "xy": [0.1, 0.2]}),
        },
        robot={"use": "panda", "control": "pd_joint_delta_pos"},
        episode={"max_steps": 50, "control_hz": 20},
    )


@pytest.fixture
def verdict(task: TaskSpec, subject_of: Callable[..., Subject]) -> Callable[[str, Change], Verdict]:
    """Judges an episode in which all rest where their scene put them, but for a change."""

    def judge(name: str, change: Change) -> Verdict:
        episode = _resting(task)
        change(episode.arrays)
        return judges_of(CurateConfig())[name].judge(subject_of(episode, task.resolved()))

    return judge


def _resting(task: TaskSpec) -> Episode:
    layout = layout_of(task)
    episode = dataclasses.replace(sound_episode(0, length=FRAMES - 1), seed=3, task=task.name)
    scene = SceneSampler(task, layout).sample(episode.seed)
    arrays = {path: array for path, array in episode.arrays.items() if not path.startswith("env_states/")}
    for slot, body in zip(layout.bodies, scene.bodies, strict=True):
        row = np.concatenate([body.position, body.quaternion, np.zeros(6)])
        arrays[f"env_states/actors/{slot.name}"] = np.tile(row, (FRAMES, 1)).astype(np.float32)
    dof = load_card("panda").dof
    robot = np.concatenate([layout.robot_pose, np.zeros(6), load_card("panda").rest_qpos, np.zeros(dof)])
    arrays[PANDA] = np.tile(robot, (FRAMES, 1)).astype(np.float32)
    return dataclasses.replace(episode, arrays=arrays)


def _nothing(arrays: dict[str, np.ndarray]) -> None:
    pass


def test_what_rests_as_it_was_put_is_sound(verdict: Callable[[str, Change], Verdict]) -> None:
    assert verdict("penetration", _nothing).keep
    assert verdict("energy", _nothing).keep


@pytest.mark.parametrize(("millimetres", "keep"), [(2, True), (4, True), (12, False), (30, False)])
def test_sinking_into_the_table_counts_beyond_soft_contact(
    verdict: Callable[[str, Change], Verdict], millimetres: float, keep: bool
) -> None:
    def sink(arrays: dict[str, np.ndarray]) -> None:
        arrays[CUBE][8:14, 2] -= millimetres / 1000

    found = verdict("penetration", sink)

    assert found.keep == keep
    assert found.value == pytest.approx(millimetres / 8, rel=0.05)
    if not keep:
        assert "cube" in found.reason
        assert "table" in found.reason
        assert found.frame == 8


def test_a_short_deep_one_is_forgiven_to_what_just_hit_something_only(
    verdict: Callable[[str, Change], Verdict],
) -> None:
    def sink(arrays: dict[str, np.ndarray]) -> None:
        arrays[CUBE][8, 2] -= 0.03

    def hit(arrays: dict[str, np.ndarray]) -> None:
        sink(arrays)
        arrays[CUBE][7, 9] = -3.0

    assert not verdict("penetration", sink).keep
    assert verdict("penetration", hit).keep


def test_one_object_inside_another_is_found(verdict: Callable[[str, Change], Verdict]) -> None:
    def into_the_mug(arrays: dict[str, np.ndarray]) -> None:
        arrays[CUBE][:, :3] = arrays[MUG][:, :3] + [0.035, 0, 0.045]

    found = verdict("penetration", into_the_mug)

    assert not found.keep
    assert "mug" in found.reason


def test_an_arm_that_reaches_through_the_table_is_found(verdict: Callable[[str, Change], Verdict]) -> None:
    def reach_down(arrays: dict[str, np.ndarray]) -> None:
        arrays[PANDA][:, 13 + 1] += 0.7  # the shoulder bends forward

    found = verdict("penetration", reach_down)

    assert not found.keep
    assert "table" in found.reason
    assert "panda" in found.reason


def test_a_cube_that_hops_by_itself_is_found_but_not_one_in_the_hand(verdict: Callable[[str, Change], Verdict]) -> None:
    times = np.arange(FRAMES - 8) / 20
    height = np.maximum(1.5 * times - 4.905 * times**2, 0)

    def hop(arrays: dict[str, np.ndarray]) -> None:
        arrays[CUBE][8:, 2] += height
        arrays[CUBE][8:, 9] = np.where(height > 0, 1.5 - 9.81 * times, 0)

    def hop_at_the_hand(arrays: dict[str, np.ndarray]) -> None:
        hop(arrays)
        arrays[CUBE][:, :3] += [-0.085 - 0.0, 0.2, 0.12]  # under the tool in the rest pose

    alone = verdict("energy", hop)

    assert not alone.keep
    assert alone.value == pytest.approx(0.5 * 1.5**2, rel=0.25)
    assert "cube" in alone.reason
    assert verdict("energy", hop_at_the_hand).keep


def test_energy_is_compared_within_stretches_alone_and_across_impacts() -> None:
    falling = np.array([5.0, 5.0, 1.0, 4.9, 4.9])  # one frame lower: an impact
    carried = np.array([1.0, 1.0, 3.0, 3.0, 3.0])

    assert largest_gain(falling, np.ones(5, bool))[0] < 0.01
    assert largest_gain(carried, np.ones(5, bool)) == (2.0, 2)
    assert largest_gain(carried, np.array([True, True, False, True, True]))[0] == 0
