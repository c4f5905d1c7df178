"""Distractors in worlds: they are seen, differ from episode to episode, and leave the task alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from small_tasks import standing

from simgen.env import TaskEnv
from simgen.spec import TaskSpec, load_task
from simgen.world.robot.card import load_card
from simgen.world.scene.layout import layout_of
from simgen.world.scene.robot_space import robot_space
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.variants import single

SEEDS = (3, 4)
NAMES = ["distractor_1", "distractor_2", "distractor_3"]


def task_with(distractors: object) -> TaskSpec:
    disc = {"marker": {"cylinder": {"radius": 0.1, "height": 0.002}}, "pose": {"on": "table", "xy": [0.1, 0.15]}}
    scene = {"objects": {"cube": standing({"box": [0.04, 0.04, 0.04]}), "goal": disc}, "distractors": distractors}
    above = {"eye": [0.05, 0, 1.3], "look_at": [-0.06, 0, 0], "size": [96, 96], "outputs": ["rgb", "segmentation"]}
    task = single(load_task({"name": "busy", "robot": {"use": "panda"}, "scene": scene, "cameras": {"above": above}}))
    assert isinstance(task, TaskSpec)
    return task


def pictures(env: TaskEnv, worlds: list[int], seeds: list[int]) -> dict[str, torch.Tensor]:
    env.start(worlds, seeds)
    images = env.observe()["sensor_data"]["above"]
    return {name: images[name][worlds].clone() for name in ("rgb", "segmentation")}


def mask_of(env: TaskEnv, seen: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """Returns which pixels show an object. Shape: (E, pixels), bool."""
    ids = {entry["name"]: number for number, entry in env.engine.segmentation_ids(0).items()}
    return (seen["segmentation"] == ids[name]).flatten(1)


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    env = TaskEnv(task_with(3), 2)
    yield env
    env.close()


@pytest.mark.slow
def test_they_are_in_the_picture_and_have_names_in_the_segmentation(env: TaskEnv) -> None:
    seen = pictures(env, [0, 1], list(SEEDS))
    plain = TaskEnv(task_with(0), 2)
    bare = pictures(plain, [0, 1], list(SEEDS))
    before = mask_of(plain, bare, "cube")
    plain.close()
    for name in NAMES:
        mine = mask_of(env, seen, name)
        assert mine.any(1).all(), name
        differs = (seen["rgb"].int() - bare["rgb"].int()).abs().amax(-1).flatten(1) > 20
        assert (mine & differs).sum() > 0.7 * mine.sum(), name
    assert (mask_of(env, seen, "cube") == before).float().mean() > 0.999, "the cube stays where it is without them"


@pytest.mark.slow
def test_they_differ_by_seed_and_not_by_the_number_of_worlds(env: TaskEnv) -> None:
    seen = pictures(env, [0, 1], list(SEEDS))
    assert not torch.equal(seen["segmentation"][0], seen["segmentation"][1])
    alone = TaskEnv(env.task, 1)
    for world, seed in enumerate(SEEDS):
        again = pictures(alone, [0], [seed])
        assert torch.equal(again["segmentation"][0], seen["segmentation"][world])
        assert torch.equal(again["rgb"][0], seen["rgb"][world])
    alone.close()


@pytest.mark.slow
def test_they_stand_still_where_nobody_touches_them(env: TaskEnv) -> None:
    env.start([0, 1], list(SEEDS))
    start = torch.stack([env.worlds.position(name) for name in NAMES])
    for _ in range(20):
        assert not env.advance(torch.zeros(2, env.action_mode.dim)).problems
    torch.testing.assert_close(torch.stack([env.worlds.position(name) for name in NAMES]), start, atol=2e-3, rtol=0)


def test_they_keep_clear_of_objects_markers_and_the_robot() -> None:
    task = task_with({"count": 6, "pose": {"xy": {"uniform": [[-0.74, -0.3], [0.3, 0.3]]}}})
    layout = layout_of(task)
    sampler = SceneSampler(task, layout)
    base = robot_space(load_card("panda"), layout)[0]
    kinds = set()
    for seed in range(40):
        bodies = dict(zip((slot.name for slot in layout.bodies), sampler.sample(seed).bodies, strict=True))
        for name, body in bodies.items():
            if not name.startswith("distractor"):
                continue
            slot = layout.bodies[layout.slot(name)]
            kinds.add(slot.candidates[body.candidate].kind)
            assert np.linalg.norm(body.position[:2] - bodies["goal"].position[:2]) > 0.1, "on the goal"
            assert np.linalg.norm(body.position[:2]) > 0.04, "on the cube"
            inside = (body.position[:2] > base.low[:2]) & (body.position[:2] < base.high[:2])
            assert not inside.all(), "in the robot's foot"
    assert len(kinds) > 8


@pytest.mark.parametrize("name", ["panda", "so100", "xarm7"])
def test_the_room_of_a_robot_is_where_the_engine_has_its_links(name: str) -> None:
    scene = {"objects": {}, "table": {"use": "table"}}
    task = load_task({"name": "bare", "robot": {"use": name, "qpos_noise": 0.0, "yaw": 0.4}, "scene": scene})
    env = TaskEnv(task, 1, images=False)
    env.start([0], [0])
    boxes = robot_space(load_card(name), env.layout)
    low = np.min([box.low for box in boxes], axis=0)
    high = np.max([box.high for box in boxes], axis=0)
    tool = env.worlds.tcp_position[0].numpy()
    env.close()
    assert np.all(tool > low - 0.03)
    assert np.all(tool < high + 0.03)
    near = [box for box in boxes if np.all(tool > box.low - 0.05) and np.all(tool < box.high + 0.05)]
    assert near, "no finger is near the tool"
