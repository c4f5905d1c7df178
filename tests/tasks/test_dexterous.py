"""The hand holds its cube, and turning it is what is rewarded."""

from __future__ import annotations

import pytest
import torch

from simgen.env.task_env import TaskEnv
from simgen.spec import load_task

pytestmark = pytest.mark.slow
WORLDS = 2


@pytest.fixture(scope="module")
def env() -> TaskEnv:
    return TaskEnv(load_task("tasks/dexterous/allegro_rotate_cube.yaml"), WORLDS, images=False)


def test_the_cube_lies_still_in_the_palm(env: TaskEnv):
    env.reset(seed=0)
    for _ in range(60):
        outcome = env.advance(torch.zeros(WORLDS, 16))
        assert not outcome.terminated.any()
        assert not outcome.problems
    assert env.worlds.position("cube")[:, 2].min() > 0.33
    assert env.worlds.linear_velocity("cube").norm(dim=-1).max() < 0.02
    assert (env.worlds.state.qpos - torch.tensor(env.card.rest_qpos)).abs().max() < 0.05, (
        "the fingers hold their places"
    )


def test_turning_the_cube_is_rewarded_and_counts_as_success(env: TaskEnv):
    env.reset(seed=0)
    env.advance(torch.zeros(WORLDS, 16))
    state = env.engine.state()
    lifted, spin = state.body_position.clone(), torch.zeros(WORLDS, 1, 3)
    lifted[:, 0, 2] += 0.1
    spin[0, 0, 2], spin[1, 0, 2] = 20.0, -20.0
    rows = vars(state) | {
        "body_position": lifted, "body_angular_velocity": spin, "body_linear_velocity": torch.zeros(WORLDS, 1, 3)
    }  # fmt: skip
    env.engine.set_state(torch.arange(WORLDS), type(state)(**rows))
    outcome = env.advance(torch.zeros(WORLDS, 16))
    (turning,) = (term for name, term in outcome.terms.items() if name.startswith("spin"))
    assert turning.tolist() == pytest.approx([1.0, -1.0], abs=0.01)
    outcome = env.advance(torch.zeros(WORLDS, 16))
    assert outcome.success.tolist() == [True, False], "90 degrees in 0.1 s"


def test_a_dropped_cube_ends_the_episode(env: TaskEnv):
    env.reset(seed=0)
    state = env.engine.state()
    dropped = state.body_position.clone()
    dropped[0, 0] = torch.tensor([0.5, 0.0, 0.1])
    env.engine.set_state(torch.arange(WORLDS), type(state)(**vars(state) | {"body_position": dropped}))
    outcome = env.advance(torch.zeros(WORLDS, 16))
    assert outcome.terminated.tolist() == [True, False]
    assert not outcome.success.any()
