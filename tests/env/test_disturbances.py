"""Late actions arrive when they should, and pushes come when the seed says, as strong as asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from small_tasks import floating, task_of

from simgen.env import TaskEnv
from simgen.env.disturbances import LateActions, push_forces
from simgen.world.scene.scene import Push, Scene

pytestmark = pytest.mark.slow

TASK = task_of(
    {"cube": floating({"box": [0.04, 0.04, 0.04]}, 0.5, y=0.3, mass=0.2)},
    episode={"max_steps": 30, "control_hz": 20, "sim_hz": 100},
)


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    env = TaskEnv(TASK, 3, images=False)
    yield env
    env.close()


def late_by(scene: Scene, delay: int) -> Scene:
    return dataclasses.replace(scene, robot=dataclasses.replace(scene.robot, delay=delay))


def test_late_actions_arrive_as_many_steps_later_and_not_in_the_next_episode(env: TaskEnv) -> None:
    scene, mode, random = env.sampler.sample(0), env.action_mode, torch.Generator().manual_seed(0)
    late, steps = LateActions(3, torch.device("cpu")), torch.zeros(3, dtype=torch.int64)
    start = {step: torch.rand(3, 9, generator=random) for step in (0, 4)}
    delays = torch.tensor([0, 1, 3])
    late.begin(torch.arange(3), [late_by(scene, int(delay)) for delay in delays], start[0])
    history = []
    for step in range(10):
        if step == 4:  # the second world starts anew, later than any before
            delays[1], steps[1] = 4, 0
            late.begin(torch.tensor([1]), [late_by(scene, 4)], start[4])
        actions = torch.rand(3, mode.dim, generator=random) * 2 - 1
        qpos = torch.rand(3, 9, generator=random)
        history.append(actions.clone())
        targets = late.targets(mode, actions, steps, qpos).position
        actions.zero_()  # the caller may use its tensor again
        for world, delay in enumerate(delays.tolist()):
            began = 4 if world == 1 and step >= 4 else 0
            expected = start[began][world]
            if step - began >= delay:
                sent = history[step - delay]
                expected = mode.targets(sent, qpos).position[world]
            assert torch.equal(targets[world], expected), (step, world)
        steps += 1


def test_without_delay_actions_pass_through(env: TaskEnv) -> None:
    late, actions, qpos = LateActions(3, torch.device("cpu")), torch.rand(3, env.action_mode.dim), torch.rand(3, 9)
    late.begin(torch.arange(3), [env.sampler.sample(0)] * 3, qpos)
    targets = late.targets(env.action_mode, actions, torch.zeros(3, dtype=torch.int64), qpos).position
    assert torch.equal(targets, env.action_mode.targets(actions, qpos).position)


def test_pushes_are_horizontal_as_strong_and_as_frequent_as_asked() -> None:
    forces = push_forces(3, "cube", Push(2.0, 0.5), 20000, 0.05)
    pushed = forces[forces.any(axis=1)]
    assert len(pushed) == pytest.approx(20000 * 0.05 / 0.5, rel=0.05)
    np.testing.assert_allclose(np.linalg.norm(pushed, axis=1), 2.0)
    assert not pushed[:, 2].any()
    assert np.abs(pushed.mean(axis=0)).max() < 0.1, "no direction is preferred"


def test_pushes_depend_on_seed_and_name_and_not_on_the_length_of_the_episode() -> None:
    push = Push(1.0, 0.2)
    forces = push_forces(3, "cube", push, 100, 0.05)
    np.testing.assert_array_equal(forces[:40], push_forces(3, "cube", push, 40, 0.05))
    assert not np.array_equal(forces, push_forces(4, "cube", push, 100, 0.05))
    assert not np.array_equal(forces, push_forces(3, "ball", push, 100, 0.05))


def test_a_push_gives_the_impulse_of_its_force_over_one_control_step(env: TaskEnv) -> None:
    scene = env.sampler.sample(1)
    push = Push(0.5, 0.1)
    pushed = dataclasses.replace(scene, bodies=(dataclasses.replace(scene.bodies[0], push=push),))
    env.start_scenes(range(3), [scene, pushed, scene])
    forces = torch.as_tensor(push_forces(scene.seed, "cube", push, TASK.episode.max_steps, 0.05)).float()
    assert 0 < int(forces.any(-1)[:5].sum()) < 5, "a push and a pause"
    for step in range(5):
        env.advance(torch.zeros(3, env.action_mode.dim))
        gained = forces[: step + 1].sum(0)[:2] * 0.05 / 0.2
        velocity = env.worlds.linear_velocity("cube")[:, :2]
        assert torch.allclose(velocity[1], gained, atol=1e-4), step
        assert not velocity[[0, 2]].abs().gt(1e-5).any()
