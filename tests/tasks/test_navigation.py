"""The navigation tasks that simgen ships: complete, and solved by their teachers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from simgen.env.factory import make_env
from simgen.paths import tasks_dir
from simgen.policy import make_policy
from simgen.spec import load_task
from simgen.world.scene.seed import episode_seed

FILES = sorted((tasks_dir() / "navigation").glob("*.yaml"))
NAMES = [path.stem for path in FILES]
SEEDS = 8


def test_all_three_are_there() -> None:
    assert NAMES == ["nav_people", "nav_rooms", "nav_warehouse"]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_task_has_all_that_it_takes(path: Path) -> None:
    task = load_task(path)
    assert task.name == path.stem
    assert task.description
    assert {call.name for call in task.observe.policy} >= {"ego_speed", "command", "route", "path"}
    assert "base_pose" in {call.name for call in task.observe.privileged}
    assert {reward.term.name for reward in task.reward} == {"progress", "collision_penalty", "success"}
    assert task.success is not None
    assert task.failure is not None
    assert task.teacher is not None
    assert task.teacher.planner is not None
    assert task.cameras["front"].size == (320, 180)
    assert set(task.cameras["front"].outputs) >= {"rgb", "depth", "segmentation"}
    assert {"robot.gains", "camera.front.eye", "light.intensity", "ground.color"} <= set(task.randomize)
    place = task.scene.place
    assert place is not None
    assert (place.chosen.people > 0) == (task.name == "nav_people")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_teacher_solves_six_of_eight_seeds(name: str) -> None:
    env = make_env(load_task(name), SEEDS, images=False)
    seeds = [episode_seed(0, name, "teacher", index) for index in range(SEEDS)]
    env.start(range(SEEDS), seeds)
    teacher = make_policy("teacher", env)
    teacher.reset(range(SEEDS), seeds)
    solved, over = torch.zeros(SEEDS, dtype=torch.bool), torch.zeros(SEEDS, dtype=torch.bool)
    for _ in range(env.max_steps):
        outcome = env.advance(teacher.act({}).action)
        assert not outcome.problems
        solved |= outcome.success & ~over
        over |= outcome.terminated
        if over.all():
            break
    env.close()
    assert solved.sum() >= 6
