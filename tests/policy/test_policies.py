"""What policies do in an episode depends on its seed and its scene, not on the batch; noise stays out of the labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from small_tasks import COIN

import simgen
from simgen.env import TaskEnv
from simgen.errors import BadInput
from simgen.policy import POLICIES, make_policy
from simgen.policy.play import draw_waypoint
from simgen.policy.random import NOISES, gripper_sequence

pytestmark = pytest.mark.slow

SEEDS = {2: [11, 12], 5: [5, 11, 7, 3, 12]}  # seeds 11 and 12 are in worlds 0, 1 of two and in worlds 1, 4 of five
RANDOM = tuple(name for name in POLICIES if name != "teacher")
STEPS = 24


@pytest.fixture(scope="module", params=["pd_ee_delta_pose"])
def envs(request: pytest.FixtureRequest) -> Iterator[dict[int, TaskEnv]]:
    change = [f"robot.control={request.param}"]
    made = {count: simgen.make("pick_cube", num_envs=count, images=False, overrides=change) for count in SEEDS}
    yield made
    for env in made.values():
        env.close()


def run(
    env: TaskEnv, name: str, seeds: list[int], steps: int = STEPS, noise: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns executed actions and labels, (steps, E, A)."""
    worlds = range(env.num_envs)
    env.start(worlds, seeds)
    policy = make_policy(name, env, noise)
    policy.reset(worlds, seeds)
    actions, labels = [], []
    for _ in range(steps):
        step = policy.act({})
        actions.append(step.action.clone())
        labels.append(step.label.clone())
        env.advance(step.action)
    return torch.stack(actions), torch.stack(labels)


@pytest.mark.parametrize("name", POLICIES)
def test_an_episode_is_the_same_in_any_batch(envs: dict[int, TaskEnv], name: str) -> None:
    few, _ = run(envs[2], name, SEEDS[2])
    many, _ = run(envs[5], name, SEEDS[5])
    assert torch.equal(few, many[:, [1, 4]])
    assert not torch.equal(many[:, 0], many[:, 1])


@pytest.mark.parametrize("name", RANDOM)
def test_random_policies_stay_in_bounds_repeat_and_use_the_gripper(envs: dict[int, TaskEnv], name: str) -> None:
    env = envs[5]
    first, labels = run(env, name, SEEDS[5], steps=60)
    assert torch.equal(first, labels)
    assert torch.isfinite(first).all()
    assert (first >= env.action_mode.low).all()
    assert (first <= env.action_mode.high).all()
    assert set(first[..., -1].unique().tolist()) == {-1.0, 1.0}
    assert first[..., :3].std() > 0.05
    again, _ = run(env, name, SEEDS[5], steps=60)
    assert torch.equal(first, again)


def test_play_comes_near_objects_and_moves_them(envs: dict[int, TaskEnv]) -> None:
    env = envs[5]
    env.start(range(5), SEEDS[5])
    policy = make_policy("play", env)
    policy.reset(range(5), SEEDS[5])
    start, nearest = env.worlds.position("cube").clone(), torch.full((5,), 10.0)
    for _ in range(env.task.episode.max_steps):
        env.advance(policy.act({}).action)
        nearest = torch.minimum(nearest, (env.worlds.tcp_position - env.worlds.position("cube")).norm(dim=-1))
    assert (nearest < 0.05).sum() >= 3
    assert ((env.worlds.position("cube") - start).norm(dim=-1) > 0.005).any()


def test_noise_is_executed_and_not_recorded(envs: dict[int, TaskEnv]) -> None:
    env = envs[5]
    clean, _ = run(env, "teacher", SEEDS[5], steps=1)
    executed, labels = run(env, "teacher", SEEDS[5], noise=0.1)
    assert torch.equal(labels[0], clean[0])
    assert torch.equal(executed[..., -1], labels[..., -1])  # the gripper is not disturbed
    kicks = executed[..., :-1] - labels[..., :-1]
    inside = labels[..., :-1].abs() < 0.6  # others are cut at the bounds
    assert kicks[inside].std().item() == pytest.approx(0.1, rel=0.15)
    assert abs(kicks[inside].mean().item()) < 0.02
    assert (executed <= env.action_mode.high).all()
    again, _ = run(env, "teacher", SEEDS[5], noise=0.1)
    assert torch.equal(executed, again)


@pytest.mark.slow
def test_the_teacher_picks_the_cube_in_spite_of_noise(envs: dict[int, TaskEnv]) -> None:
    env = envs[5]
    env.start(range(5), SEEDS[5])
    policy = make_policy("teacher", env, 0.05)
    policy.reset(range(5), SEEDS[5])
    solved = torch.zeros(5, dtype=torch.bool)
    for _ in range(env.task.episode.max_steps):
        solved |= env.advance(policy.act({}).action).success
    assert solved.sum() >= 4


def coin(steps: list[dict[str, object]], retries: int) -> dict[str, object]:
    return {**COIN, "episode": {"max_steps": 100, "control_hz": 20, "sim_hz": 40},
            "teacher": {"steps": steps, "retries": retries}}  # fmt: skip


def steps_until_given_up(task: dict[str, object]) -> int:
    """Returns how many control steps the teacher goes on with a task that it cannot solve."""
    task = {**task, "success": {"near": {"body": "cube", "at": [0.0, 0.0, 1.0], "within": 0.01}}}
    env = simgen.make(task, num_envs=1)
    env.start([0], [0])
    policy = make_policy("teacher", env)
    policy.reset([0], [0])
    for count in range(100):
        step = policy.act({})
        if step.gave_up[0]:
            env.close()
            return count
        env.advance(step.action)
    raise AssertionError("it never gave up")


NEVER = {"lifted": {"body": "cube", "height": 1.0}}
ALWAYS = {"not": NEVER}


@pytest.mark.parametrize(
    ("steps", "retries", "expected"),
    [
        ([{"wait": 0.2}], 0, 4 + 20),  # and a second of patience
        ([{"wait": 0.2}], 1, 2 * (4 + 20)),
        ([{"wait": 0.2, "check": NEVER}], 2, 3 * 4),
        ([{"wait": 0.2, "stage": "a"}, {"wait": 0.1, "stage": "b", "check": NEVER}], 2, 4 + 3 * 2),
        ([{"wait": 1.0, "stage": "a", "done": ALWAYS}, {"wait": 0.1, "stage": "b", "check": NEVER}], 0, 2),
        ([{"wait": 0.2, "stage": "a", "done": NEVER}, {"wait": 0.1, "stage": "b", "done": ALWAYS}], 0, 4 + 20),
    ],
)
def test_checks_start_their_stage_again_and_done_stages_are_left_out(
    steps: list[dict[str, object]], retries: int, expected: int
) -> None:
    assert steps_until_given_up(coin(steps, retries)) == expected


def test_a_task_without_teacher_says_so(envs: dict[int, TaskEnv]) -> None:
    env = simgen.make({name: part for name, part in COIN.items() if name != "teacher"}, num_envs=1)
    with pytest.raises(BadInput, match="no `teacher`"):
        make_policy("teacher", env)
    with pytest.raises(BadInput, match="did you mean 'play'"):
        make_policy("pley", env)
    env.close()


@pytest.mark.parametrize("name", NOISES)
def test_noises_have_their_shape_range_and_spread(name: str) -> None:
    noise = NOISES[name](np.random.default_rng(0), 400, 6)
    assert noise.shape == (400, 6)
    assert np.abs(noise).max() <= 1.0
    assert 0.2 < noise.std() < 0.8
    steps = np.abs(np.diff(noise, axis=0)).mean()
    assert (steps > 0.4) == (name == "uniform")  # the others are smooth


def test_grippers_open_and_close_in_turn() -> None:
    sequence = gripper_sequence(np.random.default_rng(1), 1000)
    switches = np.count_nonzero(np.diff(sequence))
    assert set(sequence) == {-1.0, 1.0}
    assert 30 < switches < 110


def test_waypoints_of_play_are_at_all_objects() -> None:
    rng = np.random.default_rng(2)
    points = [draw_waypoint(rng, 3, 1.0) for _ in range(300)]
    assert {point.target for point in points} == {0, 1, 2}
    assert {point.opening for point in points} == {0.0, 1.0}
    assert min(point.seconds for point in points) >= 0.5
    assert max(point.seconds for point in points) <= 1.5
