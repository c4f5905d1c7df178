"""The environment as gymnasium.vector describes it: spaces, autoreset, ends of episodes, seeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

import simgen
from simgen.env import NumpyView, TaskEnv
from simgen.env.numpy_view import to_numpy
from simgen.errors import BadInput
from simgen.policy import make_policy

SMALL = ("cameras.base.size=[32, 32]", "render.triangles_per_link=200")
STEPS = 6


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    env = simgen.make("pick_cube", num_envs=3, overrides=[*SMALL, f"episode.max_steps={STEPS}"])
    yield env
    env.close()


def actions_of(env: TaskEnv, seed: int) -> torch.Tensor:
    env.action_space.seed(seed)
    return torch.as_tensor(env.action_space.sample())


def leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, torch.Tensor]:
    found = {}
    for name, value in tree.items():
        found |= leaves(value, f"{prefix}{name}/") if isinstance(value, dict) else {prefix + name: value}
    return found


def same(a: dict[str, Any], b: dict[str, Any], rows: list[int] | slice = slice(None)) -> bool:
    a, b = leaves(a), leaves(b)
    return a.keys() == b.keys() and all(torch.equal(a[name][rows], b[name][rows]) for name in a)


def test_observations_have_the_layout_of_maniskill(env: TaskEnv) -> None:
    obs, _ = env.reset(seed=0)
    found = {name: (tuple(value.shape), value.dtype) for name, value in leaves(obs).items()}
    assert found == {
        "agent/qpos": ((3, 9), torch.float32),
        "agent/qvel": ((3, 9), torch.float32),
        "extra/tcp_pose": ((3, 7), torch.float32),
        "extra/goal_position": ((3, 3), torch.float32),
        "privileged/cube_pose": ((3, 7), torch.float32),
        "privileged/is_grasped": ((3, 1), torch.float32),
        "sensor_param/base/intrinsic_cv": ((3, 3, 3), torch.float32),
        "sensor_param/base/extrinsic_cv": ((3, 3, 4), torch.float32),
        "sensor_param/base/cam2world_gl": ((3, 4, 4), torch.float32),
        "sensor_data/base/rgb": ((3, 32, 32, 3), torch.uint8),
        "sensor_data/base/depth": ((3, 32, 32, 1), torch.int16),
        "sensor_data/base/segmentation": ((3, 32, 32, 1), torch.int16),
    }


def test_every_observation_lies_in_its_space(env: TaskEnv) -> None:
    obs, _ = env.reset(seed=1)
    assert env.observation_space.contains(to_numpy(obs))
    for step in range(2 * STEPS + 1):
        obs, reward, terminated, truncated, info = env.step(actions_of(env, step))
        assert env.observation_space.contains(to_numpy(obs)), step
        if "final_obs" in info:
            assert env.observation_space.contains(to_numpy(info["final_obs"])), step
        assert reward.shape == terminated.shape == truncated.shape == (3,)
        assert reward.dtype == torch.float32
        assert terminated.dtype == truncated.dtype == torch.bool
    single = {name: value[0] for name, value in to_numpy(leaves(obs)).items()}
    assert env.single_observation_space["sensor_data"]["base"]["rgb"].contains(single["sensor_data/base/rgb"])
    assert env.single_observation_space["sensor_data"]["base"]["rgb"].high.max() == 255
    assert env.action_space.shape == (3, env.single_action_space.shape[0])


def test_an_episode_ends_by_truncation_and_the_next_starts_in_the_same_step(env: TaskEnv) -> None:
    env.reset(seed=2)
    for step in range(1, STEPS):
        _, _, terminated, truncated, info = env.step(actions_of(env, step))
        assert not terminated.any()
        assert not truncated.any()
        assert "final_obs" not in info
        assert info["elapsed_steps"].tolist() == [step] * 3
    obs, reward, terminated, truncated, info = env.step(actions_of(env, STEPS))
    assert truncated.all()
    assert not terminated.any()
    assert info["_final_obs"].all()
    assert info["final_info"]["elapsed_steps"].tolist() == [STEPS] * 3
    assert info["elapsed_steps"].tolist() == [0] * 3
    assert torch.allclose(torch.stack(list(info["reward_terms"].values())).sum(0), reward, atol=1e-6)

    first, _ = env.reset(seed=2)
    following, _ = env.reset()
    assert same(obs, following), "the observation is the first of the next episode"
    assert not same(info["final_obs"], obs)
    assert not torch.equal(info["final_obs"]["privileged"]["cube_pose"], first["privileged"]["cube_pose"])


def test_a_reset_with_a_mask_leaves_the_other_worlds(env: TaskEnv) -> None:
    env.reset(seed=3)
    before, *_ = env.step(actions_of(env, 1))
    after, info = env.reset(options={"reset_mask": np.array([False, True, False])})
    assert same(before, after, [0, 2])
    assert not same(before, after, [1])
    assert info["elapsed_steps"].tolist() == [1, 0, 1]


def test_seeds_repeat_and_differ(env: TaskEnv) -> None:
    def play(seed: int) -> list[dict[str, Any]]:
        observations = [env.reset(seed=seed)[0]]
        return observations + [env.step(actions_of(env, step))[0] for step in range(STEPS + 2)]

    first, again, other = play(5), play(5), play(6)
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    assert not same(first[0], other[0])
    cubes = first[0]["privileged"]["cube_pose"]
    assert len(cubes.unique(dim=0)) == 3, "each world has its own episode"
    with pytest.raises(BadInput, match="one seed"):
        env.reset(seed=[1, 2, 3])


def test_the_seed_of_make_is_that_of_the_first_reset(env: TaskEnv) -> None:
    other = simgen.make("pick_cube", num_envs=3, seed=7, images=False)
    assert torch.equal(other.reset()[0]["agent"]["qpos"], env.reset(seed=7)[0]["agent"]["qpos"])
    other.close()


def test_observations_are_not_overwritten_later(env: TaskEnv) -> None:
    obs, _ = env.reset(seed=8)
    kept = {name: value.clone() for name, value in leaves(obs).items()}
    env.step(actions_of(env, 1))
    env.reset(seed=9)
    assert all(torch.equal(value, kept[name]) for name, value in leaves(obs).items())


def test_a_world_that_cannot_be_trusted_is_truncated_and_starts_anew(env: TaskEnv) -> None:
    env.reset(seed=4)
    env.engine.apply_wrench("cube", torch.tensor([[0.0], [float("nan")], [0.0]]).expand(3, 6))
    obs, _, _, truncated, info = env.step(actions_of(env, 0))
    assert truncated.tolist() == [False, True, False]
    assert "not finite" in info["problems"][1]
    assert info["_final_obs"].tolist() == [False, True, False]
    assert env.observation_space.contains(to_numpy(obs)), "the next episode is sound"
    assert torch.isfinite(env.step(actions_of(env, 1))[1]).all()


@pytest.mark.slow
def test_success_terminates(env: TaskEnv) -> None:
    """The teacher solves the task; its worlds end before the time is up."""
    env = simgen.make("pick_cube", num_envs=4, images=False, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    teacher = make_policy("teacher", env)
    teacher.reset(range(4), range(4))
    ended = torch.zeros(4, dtype=torch.bool)
    for _ in range(env.task.episode.max_steps - 1):
        _, _, terminated, truncated, info = env.step(teacher.act({}).action)
        assert torch.equal(terminated, info["success"])
        assert not truncated.any()
        ended |= terminated
    assert ended.all()
    assert env.step(teacher.act({}).action)[3].all(), "time is up"
    env.close()


def test_without_images_nothing_else_changes(env: TaskEnv) -> None:
    blind = simgen.make("pick_cube", num_envs=3, overrides=SMALL, images=False)
    obs, full = blind.reset(seed=1)[0], env.reset(seed=1)[0]
    assert set(obs) == {"agent", "extra", "privileged"}
    assert same(obs, {name: full[name] for name in obs})
    assert NumpyView(blind).observation_space.contains(to_numpy(obs))
    blind.close()
