"""`simgen.make`: names, files, mappings, errors; episodes do not depend on the number of worlds."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch
from small_tasks import Bench, rows_of

import simgen
from simgen.env import TaskEnv
from simgen.errors import BadInput, SimgenError
from simgen.spec import load_task
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed

pytestmark = pytest.mark.slow

MINIMAL = {
    "name": "minimal",
    "robot": {"use": "panda"},
    "scene": {"table": {"use": "table"}, "objects": {"cube": {"box": [0.04, 0.04, 0.04]}}},
}


def test_unknown_task_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'pick_cube'"):
        simgen.make("pick_cub")


def test_wrong_overrides_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="max_steps"):
        simgen.make("pick_cube", overrides=["episode.max_stepz=3"])
    with pytest.raises(BadInput, match="nothing.yaml"):
        simgen.make(tmp_path / "nothing.yaml")
    with pytest.raises(BadInput, match="num_envs must be at least 1, not 0"):
        simgen.make(MINIMAL, num_envs=0)
    with pytest.raises(BadInput, match="unknown device 'cuda:77'.*Available: .*cpu"):
        simgen.make(MINIMAL, device="cuda:77")


def test_what_the_engine_lacks_is_refused() -> None:
    with pytest.raises(BadInput, match=r"scene.objects.cube.restitution: the newton engine .* Allowed: 0"):
        simgen.make(MINIMAL, overrides=["scene.objects.cube.restitution=0.5"])


def test_a_mapping_makes_an_environment() -> None:
    env = simgen.make(MINIMAL, num_envs=2, overrides=["episode.max_steps=3"])
    assert env.num_envs == 2
    assert env.task.episode.max_steps == 3
    obs, reward, *_ = env.step(torch.zeros(env.action_space.shape))
    assert reward.tolist() == [0.0, 0.0], "a task without reward"
    assert env.observation_space.contains({group: {k: v.numpy() for k, v in obs[group].items()} for group in obs})
    env.close()


def test_overrides_change_a_task_that_was_read_before() -> None:
    task = load_task(MINIMAL, ["episode.max_steps=7"])
    env = simgen.make(task, overrides=["scene.objects.cube.mass=0.3"], images=False)
    assert (env.task.episode.max_steps, env.task.scene.objects["cube"].mass) == (7, 0.3)
    env.close()
    assert load_task(MINIMAL).scene.objects["cube"].mass is None
    with pytest.raises(BadInput, match="max_stepz"):
        simgen.make(task, overrides=["episode.max_stepz=3"])


def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match=r"unknown engine 'newtn'; did you mean 'newton'\? Available: maniskill, newton"):
        simgen.make(MINIMAL, engine="newtn")


def test_episodes_that_cannot_be_placed_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    task, draw = load_task(MINIMAL), SceneSampler.sample
    seeds = [episode_seed(5, "minimal", "env", index) for index in range(8)]
    refused = {seeds[1], seeds[3], seeds[4]}

    def sample(sampler: SceneSampler, seed: int) -> Scene:
        if seed in refused or not refused:
            raise BadInput("no room.")
        return draw(sampler, seed)

    monkeypatch.setattr(SceneSampler, "sample", sample)
    env = TaskEnv(task, 2, seed=5)
    env.reset()
    assert [env.engine.scene(world).seed for world in range(2)] == [seeds[0], seeds[5]]
    env.reset()
    assert [env.engine.scene(world).seed for world in range(2)] == [seeds[2], seeds[7]]
    with pytest.raises(BadInput, match=r"^no room\.$"):
        env.start([0], [seeds[3]])
    refused.clear()
    with pytest.raises(BadInput, match=r"no room\. \(100 episodes in a row"):
        env.reset()
    env.close()


def test_a_closed_environment_says_so_and_lets_everything_go() -> None:
    camera = {"eye": [0.4, 0, 0.5], "look_at": [0, 0, 0], "size": [16, 12]}
    env = simgen.make(MINIMAL | {"cameras": {"base": camera}}, num_envs=2)
    env.reset(seed=0)
    model = weakref.ref(env.engine._world)
    env.close()
    env.engine.close()
    gc.collect()
    assert model() is None
    with pytest.raises(SimgenError, match="the engine is closed"):
        env.step(torch.zeros(env.action_space.shape))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = env.engine.nonsense


@pytest.mark.slow
def test_4_and_64_worlds_start_the_same_episodes_alike() -> None:
    task = load_task("pick_cube", ["render.triangles_per_link=200"])
    seeds = [episode_seed(0, task.name, "random", index) for index in range(64)]
    few, many = Bench(task, 4), Bench(task, 64)
    many.reset(seeds)
    joints, bodies = rows_of(many.engine.state())
    assert len(bodies[:, 0].unique(dim=0)) == 64
    for first in (0, 20, 60):
        few.reset(seeds[first : first + 4])
        found = rows_of(few.engine.state())
        assert torch.equal(found[0], joints[first : first + 4])
        assert torch.equal(found[1], bodies[first : first + 4])
