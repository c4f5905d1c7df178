"""What callers hand over wrongly is refused with what would be right, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import simgen
from simgen.env import MixedEnv
from simgen.env.base import BaseEnv
from simgen.errors import BadInput, SimgenError

pytestmark = pytest.mark.slow

TASK: dict[str, Any] = {
    "name": "inputs",
    "robot": {"use": "panda", "control": "pd_joint_delta_pos"},
    "episode": {"max_steps": 2, "control_hz": 20, "sim_hz": 40},
    "scene": {"objects": {"cube": {"box": [0.04, 0.04, 0.04], "pose": {"xy": {"uniform": [[0.1, 0.2], [0.2, 0.3]]}}}}},
    "observe": {"policy": ["qpos", "cube_pose"]},
}
KINDS = {"one": TASK, "mixed": {**TASK, "robot": {"choose": ["panda", "so100"]}}}


@pytest.fixture(scope="module", params=KINDS)
def env(request: pytest.FixtureRequest) -> Iterator[BaseEnv | MixedEnv]:
    found = simgen.make(KINDS[request.param], num_envs=2)
    yield found
    found.close()


def first_and_second(env: BaseEnv | MixedEnv) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns where the cubes are in two episodes, one after the other."""
    return tuple(env.reset(seed=seed)[0]["extra"]["cube_pose"] for seed in (3, None))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 8)), np.zeros((3, 8)), np.zeros((2, 9)), np.zeros((2, 7)), np.zeros(8), None, "a"]
)
def test_actions_of_another_shape(env: BaseEnv | MixedEnv, wrong: Any) -> None:
    env.reset(seed=3)
    with pytest.raises(BadInput, match=r"actions must (have shape|be numbers of shape) \(2, 8\)"):
        env.step(wrong)
    _, _, _, _, info = env.step(np.zeros((2, 8)))
    assert info["elapsed_steps"].tolist() == [1, 1]


def test_actions_that_are_not_finite(env: BaseEnv | MixedEnv) -> None:
    env.reset(seed=3)
    actions = torch.zeros(2, 8)
    actions[1, 2] = torch.nan
    with pytest.raises(BadInput, match="actions of world 1 are not finite"):
        env.step(actions)
    actions[1, 2], actions[0, 0] = 0.0, -torch.inf
    with pytest.raises(BadInput, match="actions of world 0 are not finite"):
        env.step(actions)
    assert env.step(torch.zeros(2, 8))[-1]["elapsed_steps"].tolist() == [1, 1]


def test_numbers_that_a_task_does_not_look_at_may_be_anything() -> None:
    env = simgen.make(KINDS["mixed"], num_envs=2)
    assert isinstance(env, MixedEnv)
    env.step(torch.where(env.action_mask, 0.0, torch.nan))
    env.close()
    with pytest.raises(SimgenError, match="the environment is closed"):
        env.step(torch.zeros(2, 8))


def test_a_mask_of_no_world_touches_nothing(env: BaseEnv | MixedEnv) -> None:
    first, second = first_and_second(env)
    env.reset(seed=3)
    for mask in (np.zeros(2, bool), torch.zeros(2, dtype=torch.bool)):
        obs, _ = env.reset(options={"reset_mask": mask})
        assert torch.equal(obs["extra"]["cube_pose"], first)
    obs, _ = env.reset(options={"reset_mask": np.array([False, True])})
    assert torch.equal(obs["extra"]["cube_pose"], torch.stack([first[0], second[1]]))


@pytest.mark.parametrize("mask", [np.ones(5, bool), np.ones(1, bool), np.array([1]), np.array([0, 1]), "yes"])
def test_a_wrong_mask_does_not_use_up_an_episode(env: BaseEnv | MixedEnv, mask: Any) -> None:
    first, second = first_and_second(env)
    env.reset(seed=3)
    with pytest.raises(BadInput, match="reset_mask must be 2 bools"):
        env.reset(options={"reset_mask": mask})
    assert torch.equal(env.reset()[0]["extra"]["cube_pose"], second)
    assert not torch.equal(first, second)


def test_other_words_and_numbers(env: BaseEnv | MixedEnv) -> None:
    for seed in (1.5, "1", True, [1, 2]):
        with pytest.raises(BadInput, match=r"seed"):
            env.reset(seed=seed)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="unknown option of reset 'mask'.*reset_mask"):
        env.reset(options={"mask": np.ones(2, bool)})
    assert env.reset(seed=np.int64(3))[1]["elapsed_steps"].tolist() == [0, 0]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_make_says_what_it_wants(kind: str) -> None:
    for number in (1.5, "2", None, True):
        with pytest.raises(BadInput, match="num_envs must be a whole number"):
            simgen.make(KINDS[kind], num_envs=number)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="a task is a name, a path, a mapping"):
        simgen.make(None)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="overrides must be a list"):
        simgen.make(KINDS[kind], overrides="episode.max_steps=4")
    with pytest.raises(BadInput, match="unknown autoreset_mode 'next'.*NextStep"):
        simgen.make(KINDS[kind], num_envs=2, autoreset_mode="next")  # type: ignore[arg-type]


def test_gymnasiums_words_for_the_modes_will_do() -> None:
    env = simgen.make(TASK, num_envs=1, autoreset_mode="NextStep")  # type: ignore[arg-type]
    for _ in range(2):
        truncated = env.step(torch.zeros(1, 8))[3]
    assert truncated.all()
    assert env.step(torch.zeros(1, 8))[-1]["elapsed_steps"].tolist() == [0]
    env.close()
