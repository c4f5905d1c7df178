"""Way-point programs in ManiSkill's own environments solve them, and names that are not there are refused."""

from __future__ import annotations

import pytest
import torch

from simgen.env.base import BaseEnv
from simgen.env.factory import make_env
from simgen.errors import BadInput
from simgen.paths import tasks_dir
from simgen.policy import make_policy
from simgen.spec import RegisteredSpec, TeacherSpec, load_any_task
from simgen.world.scene.seed import episode_seed

pytestmark = pytest.mark.slow

WORLDS = 2


def first_try(name: str) -> RegisteredSpec:
    """The task with a teacher that may not start again."""
    task = load_any_task(name)
    assert isinstance(task, RegisteredSpec)
    assert task.teacher is not None
    return task.model_copy(update={"teacher": TeacherSpec(steps=task.teacher.steps, retries=0)})


def solved(env: BaseEnv) -> torch.Tensor:
    """Runs one episode per world; returns where the teacher succeeded. Shape: (E,)."""
    seeds = [episode_seed(0, env.task.name, "teacher", world) for world in range(env.num_envs)]
    env.start(range(env.num_envs), seeds)
    policy = make_policy("teacher", env)
    policy.reset(range(env.num_envs), seeds)
    success = torch.zeros(env.num_envs, dtype=torch.bool)
    running = torch.ones_like(success)
    for _ in range(env.max_steps):
        step = policy.act({})
        outcome = env.advance(step.action)
        success |= running & outcome.success
        running &= ~(outcome.terminated | outcome.truncated | step.gave_up)
        if not running.any():
            break
    return success


@pytest.mark.parametrize("name", ["PushCube-v1", "PickCube-v1", "PickCubeSO100-v1"])
def test_the_first_try_succeeds(name: str) -> None:
    """Also the first grasp that is ever asked for: contacts are known when they are first asked for."""
    env = make_env(first_try(name), WORLDS, images=False)
    try:
        assert solved(env).all()
    finally:
        env.close()


def test_every_program_is_read() -> None:
    tasks = [load_any_task(path) for path in sorted((tasks_dir() / "registered").glob("*.yaml"))]
    assert len(tasks) == 14
    assert all(isinstance(task, RegisteredSpec) and task.teacher is not None for task in tasks)


def test_names_that_are_not_there_are_refused_with_those_that_are() -> None:
    changes = ["teacher.1.move.to=cubee", "teacher.2.check={grasped: {body: goal}}", "teacher.3.move.carry=goal_site"]
    with pytest.raises(BadInput) as refused:
        make_env(load_any_task("PickCube-v1", changes), 1, images=False)
    told = str(refused.value).splitlines()
    assert len(told) == 3
    assert "teacher.steps.1.move.to: unknown object 'cubee'" in told[0]
    assert "did you mean 'cube'" in told[0]
    assert "goal_site" in told[1]
    assert "Allowed: cube" in told[2]
