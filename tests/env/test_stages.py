"""Chained tasks: stages follow each other, are observed and rewarded, and make the task done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from small_tasks import standing, task_of

from simgen.data import open_dataset
from simgen.env.stages import Stages
from simgen.env.task_env import TaskEnv
from simgen.generate import GenerateOptions, generate
from simgen.spec.stages import StageSpec

# The arm stands still from the start, so that both stages are done as soon as they are looked at.
STILL = {"body_static": {"body": "cube"}}
CHAIN: dict[str, Any] = {
    "episode": {"max_steps": 6, "control_hz": 20, "sim_hz": 40},
    "observe": {"policy": ["qpos", "stage"]},
    "reward": [{"stages_done": {}, "weight": 4.0}, {"success": {}}],
}


class Dials:
    """Conditions that a test sets by hand."""

    def __init__(self, stages: Stages, count: int) -> None:
        self.on = torch.zeros(count, stages.current.numel(), dtype=torch.bool)
        stages._done = [lambda index=index: self.on[index] for index in range(count)]


def test_stages_follow_each_other_and_never_go_back() -> None:
    specs = [StageSpec.model_validate({"name": name, "done": "robot_static"}) for name in ("first", "second")]
    stages = Stages(specs, 3, torch.device("cpu"))
    dials = Dials(stages, 2)
    dials.on[1] = torch.tensor([True, True, False])  # the second condition alone does nothing
    stages.step()
    assert stages.current.tolist() == [0, 0, 0]
    dials.on[0] = torch.tensor([True, False, True])
    stages.step()
    assert stages.current.tolist() == [2, 0, 1]
    assert stages.all_done().tolist() == [True, False, False]
    assert stages.share_done().tolist() == [1.0, 0.0, 0.5]
    assert stages.observation().tolist() == [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    dials.on[:] = False
    stages.step()
    assert stages.current.tolist() == [2, 0, 1]
    stages.begin(torch.tensor([0]))
    assert stages.current.tolist() == [0, 0, 1]


def test_no_stages_are_never_all_done() -> None:
    assert not Stages((), 2, torch.device("cpu")).all_done().any()


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    stages = [
        {"name": "rest", "done": STILL},
        {"name": "far", "done": {"near": {"body": "cube", "at": [0, 0, 0.5], "within": 0.01}}},
    ]
    env = TaskEnv(task_of({"cube": standing({"box": [0.04, 0.04, 0.04]})}, stages=stages, **CHAIN), 2, images=False)
    yield env
    env.close()


@pytest.mark.slow
def test_an_environment_keeps_the_stage_of_each_world(env: TaskEnv) -> None:
    env.start([0, 1], [1, 2])
    assert env.observe()["extra"]["stage"].tolist() == [[0.0, 1.0, 0.0]] * 2
    outcome = env.advance(torch.zeros(2, env.action_mode.dim))
    assert outcome.stage is not None
    assert outcome.stage.tolist() == [0, 0]  # the one that was under way
    assert not outcome.success.any()
    assert outcome.terms["stages_done"].tolist() == [2.0, 2.0]
    assert env.observe()["extra"]["stage"].tolist() == [[1.0, 0.0, 1.0]] * 2
    env.start([1], [3])
    assert env.observe()["extra"]["stage"].tolist() == [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


@pytest.mark.slow
def test_success_asks_for_all_stages_and_for_the_condition() -> None:
    done = [{"name": "rest", "done": STILL}]
    never = {"near": {"body": "cube", "at": [0, 0, 0.5], "within": 0.01}}
    for written, expected in (({}, True), ({"success": never}, False), ({"success": STILL}, True)):
        task = task_of({"cube": standing({"box": [0.04] * 3})}, stages=done, **CHAIN, **written)
        env = TaskEnv(task, 1, images=False)
        assert env.advance(torch.zeros(1, env.action_mode.dim)).success.item() is expected
        env.close()


@pytest.mark.slow
def test_episodes_carry_the_subtask_of_every_step(tmp_path: Path) -> None:
    stages = [
        {"name": "rest", "instruction": "wait for the {cube.color} cube", "done": STILL},
        {"name": "far", "done": {"near": {"body": "cube", "at": [0, 0, 0.5], "within": 0.01}}},
    ]
    cube = standing({"box": [0.04] * 3}, color="red")
    task = task_of({"cube": cube}, stages=stages, **CHAIN)
    generate(task, tmp_path, GenerateOptions(random=2, num_envs=2))
    for episode in open_dataset(tmp_path):
        assert episode.subtasks == [
            {"name": "rest", "instruction": "wait for the red cube"},
            {"name": "far", "instruction": ""},
        ]
        assert episode.arrays["subtask"][()].tolist() == [0, 1, 1, 1, 1, 1]
        assert episode.read().subtasks == episode.subtasks
