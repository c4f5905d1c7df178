"""Several tasks in one batch: it looks like one environment, and each episode is that of its task alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

import simgen
from simgen.env import MixedEnv, TaskEnv
from simgen.env.joined import join
from simgen.errors import BadInput
from simgen.spec import TaskSpec
from simgen.world.scene.variants import variants_of

pytestmark = pytest.mark.slow

CAMERA = {"eye": [0.6, 0.3, 0.5], "look_at": [0, 0, 0.1], "size": [24, 16], "outputs": ["rgb"]}
TASK: dict[str, Any] = {
    "name": "arms",
    "robot": {"choose": ["panda", {"use": "so100", "weight": 2}]},
    "episode": {"max_steps": 3, "control_hz": 20, "sim_hz": 40},
    "scene": {"objects": {"cube": {"box": [0.04, 0.04, 0.04], "pose": {"xy": {"uniform": [[0.1, 0.2], [0.2, 0.3]]}}}}},
    "observe": {"policy": ["qpos", "cube_pose"]},
    "reward": [{"reach": {"body": "cube"}}],
}


@pytest.fixture(scope="module")
def env() -> Iterator[MixedEnv]:
    found = simgen.make(TASK, num_envs=6, seed=4)
    assert isinstance(found, MixedEnv)
    yield found
    found.close()


def alone(name: str, num_envs: int) -> TaskEnv:
    from simgen.spec import load_task

    task = next(part.task for part in variants_of(load_task(TASK)) if part.task.name == name)
    assert isinstance(task, TaskSpec)
    return TaskEnv(task, num_envs, seed=4)


def test_worlds_are_dealt_by_weight(env: MixedEnv) -> None:
    assert env.task_names == ("arms-panda", "arms-so100")
    assert env.task.tolist() == [0, 0, 1, 1, 1, 1]


def test_what_differs_in_size_is_padded_and_masked(env: MixedEnv) -> None:
    obs, info = env.reset(seed=4)
    assert obs["agent"]["qpos"].shape == (6, 9)
    assert obs["agent"]["qpos_mask"].sum(1).tolist() == [9, 9, 6, 6, 6, 6]
    assert (obs["agent"]["qpos"][~obs["agent"]["qpos_mask"]] == 0).all()
    assert set(obs["extra"]) == {"cube_pose"}, "what is of one size needs no mask"
    assert info["task"].tolist() == env.task.tolist()
    assert env.action_mask.sum(1).tolist() == [8, 8, 6, 6, 6, 6]
    assert env.single_action_space.shape == (8,)
    numbers = {group: {name: value.numpy() for name, value in part.items()} for group, part in obs.items()}
    assert env.observation_space.contains(
        {
            group: {k: v.astype(np.int8) if v.dtype == bool else v for k, v in part.items()}
            for group, part in numbers.items()
        }
    )


def test_episodes_are_those_of_each_task_alone(env: MixedEnv) -> None:
    action = torch.linspace(-1, 1, 8).expand(6, -1)
    first, _ = env.reset(seed=4)
    steps = [env.step(action) for _ in range(5)]
    for name, rows in (("arms-panda", slice(0, 2)), ("arms-so100", slice(2, 6))):
        other = alone(name, rows.stop - rows.start)
        obs, _ = other.reset(seed=4)
        width = obs["agent"]["qpos"].shape[1]
        assert torch.equal(first["agent"]["qpos"][rows, :width], obs["agent"]["qpos"])
        for mixed_obs, reward, terminated, truncated, info in steps:
            obs, own_reward, own_terminated, own_truncated, own_info = other.step(action[rows, : other.action_mode.dim])
            assert torch.equal(mixed_obs["agent"]["qpos"][rows, :width], obs["agent"]["qpos"])
            assert torch.equal(reward[rows], own_reward)
            assert torch.equal(terminated[rows], own_terminated)
            assert torch.equal(truncated[rows], own_truncated)
            assert torch.equal(info["elapsed_steps"][rows], own_info["elapsed_steps"])
            if "final_obs" in own_info:
                final = info["final_obs"]["agent"]["qpos"][rows, :width]
                assert torch.equal(final, own_info["final_obs"]["agent"]["qpos"])
        other.close()


def test_worlds_end_and_begin_on_their_own(env: MixedEnv) -> None:
    env.reset(seed=4)
    mask = np.array([False, True, False, False, True, False])
    env.step(torch.zeros(6, 8))
    _, info = env.reset(options={"reset_mask": mask})
    assert info["elapsed_steps"].tolist() == [1, 0, 1, 1, 0, 1]
    env.step(torch.zeros(6, 8))
    _, _, _, truncated, info = env.step(torch.zeros(6, 8))
    assert truncated.tolist() == (~mask).tolist()
    assert info["_final_obs"].tolist() == (~mask).tolist()
    assert info["final_info"]["elapsed_steps"].tolist() == [3, 2, 3, 3, 2, 3]
    assert info["elapsed_steps"].tolist() == [0, 2, 0, 0, 2, 0]


def test_autoreset_at_the_next_step() -> None:
    env = simgen.make(TASK, num_envs=3, autoreset_mode=AutoresetMode.NEXT_STEP)
    env.reset(seed=0)
    for _ in range(3):
        _, _, _, truncated, _ = env.step(torch.zeros(3, 8))
    assert truncated.all()
    _, reward, _, _, info = env.step(torch.zeros(3, 8))
    assert info["elapsed_steps"].tolist() == [0, 0, 0]
    assert not reward.any()
    env.close()


def test_too_few_worlds_say_how_many_are_needed() -> None:
    with pytest.raises(BadInput, match="num_envs is 1, which leaves some of its 2 tasks without a world. Allowed: 2"):
        simgen.make(TASK, num_envs=1)


@pytest.mark.parametrize("size", [[24, 16], [32, 16]])
def test_images_are_joined_if_they_are_of_one_size(size: list[int]) -> None:
    parts = [
        {
            "task": {
                **TASK,
                "name": f"with_{index}",
                "robot": {"use": "panda"},
                "cameras": {"base": {**CAMERA, "size": each}},
            }
        }
        for index, each in enumerate(([24, 16], size))
    ]
    mixture = {"name": "two", "mixture": parts}
    if size != [24, 16]:
        with pytest.raises(BadInput, match="camera 'base' makes rgb of 24x16 in with_0 and of 32x16 in with_1"):
            simgen.make(mixture, num_envs=2)
        return
    env = simgen.make(mixture, num_envs=2)
    obs, _ = env.reset()
    assert obs["sensor_data"]["base"]["rgb"].shape == (2, 16, 24, 3)
    env.close()


def test_keys_that_only_some_have_are_zero_for_the_others() -> None:
    trees = [{"a": {"x": torch.ones(2, 3)}}, {"a": {"x": torch.ones(1, 3), "y": torch.ones(1, 4, 4)}}]
    joined = join(trees, [2, 1])["a"]
    assert joined["y"].sum((1, 2)).tolist() == [0, 0, 16]
    assert joined["y_mask"].flatten().tolist() == [False, False, True]
    assert joined["y_mask"].shape == (3, 1, 1)
    assert set(joined) == {"x", "y", "y_mask"}
