"""gymnasium's vector wrappers on the NumPy view, and autoreset in the next step, which some of them want."""

from __future__ import annotations

from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import (
    FlattenObservation,
    NormalizeObservation,
    NormalizeReward,
    RecordEpisodeStatistics,
    RescaleAction,
)
from small_tasks import standing, task_of

from simgen.env import NumpyView, TaskEnv

pytestmark = pytest.mark.slow

STEPS = 5
TASK = task_of(
    {
        "cube": standing(
            {"box": [0.04, 0.04, 0.04]}, pose={"on": "table", "xy": {"uniform": [[-0.1, -0.1], [0.1, 0.1]]}}
        )
    },
    robot={"use": "panda", "control": "pd_joint_delta_pos"},
    episode={"max_steps": STEPS},
    observe={"policy": ["qpos", "qvel"], "privileged": ["cube_pose"]},
    reward=[{"reach": {"body": "cube", "scale": 5.0}, "weight": 2.0}],
)


@pytest.fixture(scope="module")
def same_step() -> Iterator[NumpyView]:
    env = NumpyView(TaskEnv(TASK, 3))
    yield env
    env.close()


@pytest.fixture(scope="module")
def next_step() -> Iterator[NumpyView]:
    env = NumpyView(TaskEnv(TASK, 3, autoreset_mode=AutoresetMode.NEXT_STEP))
    yield env
    env.close()


def zeros(env: gymnasium.vector.VectorEnv) -> np.ndarray:
    return np.zeros(env.action_space.shape, np.float32)


def test_the_view_gives_arrays_that_lie_in_the_spaces(same_step: NumpyView) -> None:
    obs, info = same_step.reset(seed=0)
    assert isinstance(same_step, gymnasium.vector.VectorEnv)
    assert same_step.observation_space.contains(obs)
    assert isinstance(info["elapsed_steps"], np.ndarray)
    for step in range(STEPS + 1):
        same_step.action_space.seed(step)
        obs, reward, terminated, truncated, info = same_step.step(same_step.action_space.sample())
        assert same_step.observation_space.contains(obs)
        for array, dtype in ((reward, np.float32), (terminated, bool), (truncated, bool)):
            assert isinstance(array, np.ndarray)
            assert array.shape == (3,)
            assert array.dtype == dtype
        if step == STEPS - 1:
            assert same_step.observation_space.contains(info["final_obs"])


@pytest.mark.parametrize("mode", ["same_step", "next_step"])
def test_record_episode_statistics(mode: str, request: pytest.FixtureRequest) -> None:
    env = RecordEpisodeStatistics(request.getfixturevalue(mode))
    env.reset(seed=0)
    returns, seen = np.zeros(3), 0
    for _ in range(2 * STEPS + 2):
        _, reward, _, truncated, info = env.step(zeros(env))
        returns += reward
        if truncated.any():
            assert info["episode"]["l"].tolist() == [STEPS] * 3
            np.testing.assert_allclose(info["episode"]["r"], returns, rtol=1e-5)
            returns, seen = np.zeros(3), seen + 1
    assert seen == 2
    assert env.episode_count == 6
    assert min(env.return_queue) > 0


def test_normalize_observation(next_step: NumpyView) -> None:
    env = NormalizeObservation(FlattenObservation(next_step))
    obs, _ = env.reset(seed=0)
    rows = [obs]
    for step in range(30):
        env.action_space.seed(step)
        rows.append(env.step(env.action_space.sample())[0])
    assert obs.shape == (3, 9 + 9 + 7)
    assert all(env.observation_space.contains(row) for row in rows)
    late = np.concatenate(rows[10:])
    assert np.abs(late[:, :7].mean(0)).max() < 1.5
    assert 0.3 < late[:, :7].std() < 2.0


def test_rescale_action_and_normalize_reward(next_step: NumpyView) -> None:
    low, high = next_step.single_action_space.low, next_step.single_action_space.high
    env = NormalizeReward(RescaleAction(next_step, np.zeros_like(low), np.ones_like(high)))
    env.reset(seed=0)
    middle = np.full(env.action_space.shape, 0.5, np.float32)
    rescaled = [env.step(middle)[0] for _ in range(3)]
    next_step.reset(seed=0)
    plain = [next_step.step(np.broadcast_to((low + high) / 2, env.action_space.shape))[0] for _ in range(3)]
    for a, b in zip(rescaled, plain, strict=True):
        np.testing.assert_array_equal(a["agent"]["qpos"], b["agent"]["qpos"])


def test_autoreset_in_the_next_step(same_step: NumpyView, next_step: NumpyView) -> None:
    """A done world shows its last observation; the next step gives the first of its next episode, with reward 0."""
    same_step.reset(seed=4)
    next_step.reset(seed=4)
    for _ in range(STEPS):
        first_of_next, *_, info = same_step.step(zeros(same_step))
        obs, reward, terminated, truncated, other = next_step.step(zeros(next_step))
    assert truncated.all()
    assert "final_obs" not in other
    np.testing.assert_array_equal(obs["privileged"]["cube_pose"], info["final_obs"]["privileged"]["cube_pose"])
    obs, reward, terminated, truncated, info = next_step.step(np.ones_like(zeros(next_step)))
    assert not reward.any()
    assert not terminated.any()
    assert not truncated.any()
    assert info["elapsed_steps"].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(obs["privileged"]["cube_pose"], first_of_next["privileged"]["cube_pose"])
    np.testing.assert_array_equal(obs["agent"]["qpos"], first_of_next["agent"]["qpos"])
    obs, reward, *_ = next_step.step(zeros(next_step))
    assert (reward > 0).all()


def test_only_the_done_worlds_wait(next_step: NumpyView) -> None:
    next_step.reset(seed=4)
    next_step.step(zeros(next_step))
    next_step.reset(options={"reset_mask": np.array([False, True, False])})
    for _ in range(STEPS - 1):
        *_, truncated, info = next_step.step(zeros(next_step))
    assert truncated.tolist() == [True, False, True]
    *_, reward, _, truncated, info = next_step.step(zeros(next_step))
    assert info["elapsed_steps"].tolist() == [0, STEPS, 0]
    assert truncated.tolist() == [False, True, False]
    assert (reward > 0).tolist() == [False, True, False]
