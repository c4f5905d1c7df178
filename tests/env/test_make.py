"""`simgen.make`: names, files, mappings, errors; episodes do not depend on the number of worlds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_tasks import Bench, rows_of

import simgen
from simgen.errors import BadInput
from simgen.spec import load_task
from simgen.world.scene.seed import episode_seed

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
