"""A robot without a gripper: actions for its arm alone, and nothing that it ever grasps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from small_tasks import standing, task_of

from simgen.env.factory import make_env
from simgen.env.task_env import TaskEnv
from simgen.generate.notes import feature_notes
from simgen.policy import make_policy

pytestmark = pytest.mark.slow

PUSH = [
    {"move": {"to": "cube", "offset": [-0.1, 0, 0.05]}, "gripper": "close", "seconds": 0.5},
    {"move": {"to": "cube", "offset": [-0.1, 0, -0.01]}, "seconds": 0.3},
    {"move": {"to": "cube", "offset": [0.05, 0, -0.01]}, "seconds": 0.7},
]


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    task = task_of(
        {"cube": standing({"box": [0.04, 0.04, 0.04]})},
        robot={"use": "panda_stick", "control": "pd_joint_pos"},
        observe={"policy": ["qpos"], "privileged": ["is_grasped"]},
        success={
            "all": [{"near": {"body": "cube", "at": [0.1, 0, 0.02], "within": 0.05}}, {"released": {"body": "cube"}}]
        },
        teacher=PUSH,
    )
    env = make_env(task, 2, images=False)
    assert isinstance(env, TaskEnv)
    yield env
    env.close()


def test_actions_move_the_arm_alone(env: TaskEnv) -> None:
    assert env.action_mode.dim == 7
    assert not env.action_mode.has_gripper
    notes = feature_notes(env)["actions"]
    assert notes["names"] == [f"panda_joint{index + 1}" for index in range(7)]
    assert "gripper" not in notes["unit"]


@pytest.mark.parametrize("name", ["play", "pink"])
def test_policies_act(env: TaskEnv, name: str) -> None:
    env.start([0, 1], [5, 6])
    policy = make_policy(name, env)
    policy.reset([0, 1], [5, 6])
    for _ in range(5):
        env.advance(policy.act({}).action)
    assert torch.isfinite(env.worlds.state.qpos).all()


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_a_teacher_pushes_with_it(env: TaskEnv, noise: float) -> None:
    env.start([0, 1], [5, 6])
    policy = make_policy("teacher", env, noise)
    policy.reset([0, 1], [5, 6])
    success = torch.zeros(2, dtype=torch.bool)
    for _ in range(40):
        success |= env.advance(policy.act({}).action).success
        assert not env.worlds.is_grasped("cube").any()
    assert success.all()
