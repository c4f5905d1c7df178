"""ManiSkill's environments as batches of worlds: layout, spaces, seeds, autoreset, lost processes, clear errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import simgen
from simgen.env.numpy_view import to_numpy
from simgen.env.registered.env import RegisteredEnv, words_of
from simgen.errors import BadInput

SMALL = {"env_id": "MS-CartpoleBalance-v1", "episode": {"max_steps": 5}}


@pytest.fixture(scope="module")
def cartpole() -> Iterator[RegisteredEnv]:
    env = simgen.make(SMALL, num_envs=2, images=False)
    assert isinstance(env, RegisteredEnv)
    yield env
    env.close()


def test_what_the_environment_decides_is_in_the_task(cartpole: RegisteredEnv) -> None:
    task = cartpole.task
    assert task.robot.control == "pd_joint_delta_pos"
    assert task.episode.max_steps == cartpole.max_steps == 5
    assert task.episode.control_hz is not None
    assert cartpole.control_seconds == pytest.approx(1 / task.episode.control_hz)
    assert task.reward == "normalized_dense"


def test_observations_lie_in_their_space_and_worlds_start_anew_when_their_time_is_up(cartpole: RegisteredEnv) -> None:
    obs, _ = cartpole.reset(seed=3)
    assert cartpole.observation_space.contains(to_numpy(obs))
    for step in range(1, 6):
        obs, reward, terminated, truncated, info = cartpole.step(torch.zeros(2, 1))
        assert cartpole.observation_space.contains(to_numpy(obs))
        assert reward.shape == (2,)
        assert bool((terminated | truncated).all()) == (step == 5)
    assert info["elapsed_steps"].tolist() == [0, 0]
    assert set(info["final_obs"]) == set(obs)


def test_an_episode_depends_on_its_seed_alone(cartpole: RegisteredEnv) -> None:
    cartpole.start([0, 1], [7, 8])
    first = {name: value.clone().numpy() for name, value in cartpole.env_states().items()}
    cartpole.advance(torch.ones(2, 1))
    cartpole.start([1], [7])
    again = to_numpy(cartpole.env_states())
    for name, value in first.items():
        assert np.array_equal(value[0], again[name][1]), name
    assert cartpole.engine.scene(1).seed == 7


def test_a_killed_process_costs_its_running_episodes_only(cartpole: RegisteredEnv) -> None:
    cartpole.start([0, 1], [1, 2])
    pool = cartpole.engine._pool
    victims = [world for world, pid in pool.pids.items() if pid == pool.pids[0]]
    os.kill(pool.pids[0], signal.SIGKILL)
    outcome = cartpole.advance(torch.zeros(2, 1))
    assert outcome.interrupted == set(victims)
    assert [bool(outcome.truncated[world]) for world in range(2)] == [world in victims for world in range(2)]
    cartpole.start(victims, [1] * len(victims))
    assert cartpole.advance(torch.zeros(2, 1)).interrupted == frozenset()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"env_id": "PickCub-v1"}, r"unknown ManiSkill environment 'PickCub-v1'; did you mean 'PickCube-v1'\?"),
        ({"robot": {"control": "pd_ee_pose"}}, r"unknown control mode of .* 'pd_ee_pose'.*pd_joint_delta_pos"),
        ({"reward": "dense", "env_id": "PlugCharger-v1"}, r"unknown reward of PlugCharger-v1 'dense'.* none, sparse"),
        ({"options": {"cube_size": 3}}, r"options: MS-CartpoleBalance-v1 does not take 'cube_size'"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused(change: dict, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        simgen.make(SMALL | change, images=False)


def test_newton_cannot_run_them() -> None:
    with pytest.raises(BadInput, match="MS-CartpoleBalance-v1 is ManiSkill's own environment; it cannot run in newton"):
        simgen.make(SMALL, engine="newton")


def test_ids_in_words() -> None:
    assert words_of("PickCube-v1") == "pick cube"
    assert words_of("MS-CartpoleBalance-v1") == "ms cartpole balance"
    assert words_of("PickCubeSO100-v1") == "pick cube so 100"


@pytest.mark.vulkan
@pytest.mark.slow
def test_images_have_the_size_and_the_names_that_were_asked_for() -> None:
    env = simgen.make(SMALL | {"images": {"size": [160, 128]}}, num_envs=1)
    try:
        obs, _ = env.reset(seed=0)
        images = obs["sensor_data"]["base_camera"]
        assert {name: tuple(image.shape) for name, image in images.items()} == {
            "rgb": (1, 128, 160, 3),
            "depth": (1, 128, 160, 1),
            "segmentation": (1, 128, 160, 1),
        }
        assert len(images["rgb"].unique()) > 3
        assert env.observation_space.contains(to_numpy(obs))
        ids = {name["name"] for name in env.engine.segmentation_ids(0).values()}
        seen = set(images["segmentation"].unique().tolist()) - {0}
        assert seen
        assert seen <= set(env.engine.segmentation_ids(0))
        assert "pole_1" in ids
    finally:
        env.close()
