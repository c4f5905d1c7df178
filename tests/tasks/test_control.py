"""The cartpole can be balanced with what a policy observes, and falls when it is left alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from simgen.env.task_env import TaskEnv
from simgen.spec import load_task

pytestmark = pytest.mark.slow
WORLDS = 8


@pytest.fixture(scope="module")
def env() -> TaskEnv:
    return TaskEnv(load_task("tasks/control/cartpole.yaml"), WORLDS, images=False)


def feedback(obs: dict[str, Any]) -> torch.Tensor:
    """A linear state feedback of position, angle and their rates."""
    (x, angle), (speed, rate) = obs["agent"]["qpos"].unbind(1), obs["agent"]["qvel"].unbind(1)
    return ((1.0 * x + 2.0 * speed + 30.0 * angle + 6.0 * rate) / 10.0)[:, None].clamp(-1.0, 1.0)


def play(env: TaskEnv, policy: Any, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns reward, success and length of the first episode of each world. Shape: (E,) each."""
    obs, _ = env.reset(seed=seed)
    going = torch.ones(WORLDS, dtype=torch.bool)
    reward, length, success = torch.zeros(WORLDS), torch.zeros(WORLDS), torch.zeros(WORLDS, dtype=torch.bool)
    for _ in range(env.max_steps):
        outcome = env.advance(policy(obs))
        reward += outcome.reward * going
        length += going
        success |= outcome.success & going
        going &= ~(outcome.terminated | outcome.truncated)
        obs = env.observe()
        if not going.any():
            break
    return reward, success, length


def test_a_feedback_balances_it_and_nothing_else_does(env: TaskEnv):
    generator = torch.Generator().manual_seed(0)
    good, success, length = play(env, feedback)
    assert success.all(), "pushes and gravity of each world included"
    assert (length >= 0.99 * 9.9 * 50).all()
    idle, idle_success, idle_length = play(env, lambda obs: torch.zeros(WORLDS, 1))
    wild, wild_success, _ = play(env, lambda obs: 2.0 * torch.rand(WORLDS, 1, generator=generator) - 1.0)
    assert not (idle_success | wild_success).any()
    assert idle_length.max() < 200, "it falls, and the episode ends"
    assert good.min() > 1.5 * max(idle.max(), wild.max())
