"""The engine with its worker processes: the protocol that environments use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from small_tasks import floating, standing, task_of

from simgen.errors import BadInput, SimgenError
from simgen.world.engine.base import WorldState
from simgen.world.engine.make import make_engine
from simgen.world.engine.maniskill.engine import ManiSkillEngine
from simgen.world.engine.maniskill.worlds import PoolWorlds
from simgen.world.engine.newton.engine import NewtonEngine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

pytestmark = pytest.mark.slow

CAMERA = {"eye": [0.5, 0, 0.5], "look_at": [0, 0, 0], "fov_deg": 60, "size": [32, 24], "outputs": ["rgb", "depth"]}
TASK = task_of(
    {
        "cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.2, mass={"uniform": [0.05, 0.2]}),
        "goal": floating({"marker": {"sphere": 0.02}}, 0.2),
    },
    cameras={"base": CAMERA},
)
LAYOUT = layout_of(TASK)
NUM_ENVS = 3


@pytest.fixture(scope="module")
def engine() -> Iterator[ManiSkillEngine]:
    engine = make_engine("maniskill", LAYOUT, NUM_ENVS, 5, 0.05)
    assert isinstance(engine, ManiSkillEngine)
    yield engine
    engine.close()


def scenes(*seeds: int) -> list[Scene]:
    sampler = SceneSampler(TASK, LAYOUT)
    return [sampler.sample(seed) for seed in seeds]


def reset(engine: ManiSkillEngine, ids: list[int], *seeds: int) -> None:
    engine.reset(torch.tensor(ids), scenes(*(seeds or ids)))


def advance(engine: ManiSkillEngine, steps: int) -> WorldState:
    for _ in range(steps):
        engine.step()
    return engine.state()


def test_an_episode_does_not_depend_on_its_world_or_its_neighbours(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2], 7, 8, 9)
    engine.set_targets(engine.state().qpos + 0.1)
    first = advance(engine, 10)
    reset(engine, [0, 1], 9, 7)
    assert torch.equal(engine.state().qpos[2], first.qpos[2]), "world 2 was not reset"
    reset(engine, [2], 8)
    engine.set_targets(engine.state().qpos + 0.1)
    second = advance(engine, 10)
    for name, value in vars(first).items():
        assert torch.equal(getattr(second, name), value[[2, 0, 1]]), name


def test_joints_links_and_scenes_are_told_as_by_the_other_engine(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2])
    other = NewtonEngine(LAYOUT, NUM_ENVS, 5, 0.05)
    other.reset(torch.arange(NUM_ENVS), scenes(0, 1, 2))
    assert (engine.link_names, engine.joint_names) == (other.link_names, other.joint_names)
    assert engine.segmentation_ids(1) == other.segmentation_ids(1)
    assert torch.equal(engine.body_outline(0), other.body_outline(0))
    for name, value in vars(engine.state()).items():
        assert torch.allclose(value, getattr(other.state(), name), atol=1e-4), name
    other.close()


def test_contacts_are_of_the_last_step(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2])
    assert not engine.contacts("cube", "table").any(), "nothing presses before the first step"
    advance(engine, 10)
    weight = torch.tensor([9.81 * float(engine.scene(env).bodies[0].mass or 0.0) for env in range(NUM_ENVS)])
    assert torch.allclose(engine.contacts("cube", "table")[:, 2], weight, rtol=1e-2)
    assert not engine.contacts("cube", "panda_leftfinger").any()
    reset(engine, [1])
    assert not engine.contacts("cube", "table")[1].any()
    assert engine.contacts("cube", "table")[0].any()


def test_states_can_be_put_back_into_some_worlds(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2])
    engine.apply_wrench("cube", torch.tensor([0.0, 0.0, 4.0, 0.0, 0.0, 0.01]).expand(NUM_ENVS, 6))
    recorded = advance(engine, 2)
    moved = advance(engine, 3)
    rows = WorldState(**{name: value[[2, 0]] for name, value in vars(recorded).items()})
    engine.set_state(torch.tensor([2, 0]), rows)
    now = engine.state()
    assert torch.allclose(now.body_position[[0, 2]], recorded.body_position[[0, 2]], atol=1e-6)
    assert torch.equal(now.body_position[1], moved.body_position[1])


def test_worlds_that_blow_up_are_reported(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2])
    assert not engine.problems()
    state = engine.state()
    state.body_linear_velocity[1, 0, 0] = float("nan")
    engine.set_state(torch.arange(NUM_ENVS), state)
    assert list(engine.problems()) == [1]
    assert "sim_hz" in engine.problems()[1]


def test_a_killed_process_costs_the_episodes_of_its_worlds_only() -> None:
    engine = ManiSkillEngine(LAYOUT, NUM_ENVS, 5, 0.05, processes=2)
    reset(engine, [0, 1, 2])
    assert engine.interrupted() == set()
    worlds = engine._open
    assert isinstance(worlds, PoolWorlds)
    os.kill(worlds._pool.pids[1], signal.SIGKILL)
    advance(engine, 2)
    assert engine.interrupted() == {1}
    reset(engine, [1])
    assert engine.interrupted() == set()
    advance(engine, 2)
    engine.close()
    with pytest.raises(SimgenError, match="closed"):
        engine.step()


@pytest.mark.vulkan
def test_pictures_and_camera_parameters(engine: ManiSkillEngine) -> None:
    reset(engine, [0, 1, 2])
    images = engine.render()["base"]
    assert images["rgb"].shape == (NUM_ENVS, 24, 32, 3)
    assert int(images["depth"].min()) > 300
    other = NewtonEngine(LAYOUT, NUM_ENVS, 5, 0.05)
    other.reset(torch.arange(NUM_ENVS), scenes(0, 1, 2))
    other.render()
    for name, value in engine.camera_parameters()["base"].items():
        assert torch.allclose(value, other.camera_parameters()["base"][name], atol=1e-4), name
    other.close()


def test_without_a_vulkan_device_physics_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VK_ICD_FILENAMES", "VK_DRIVER_FILES"):
        monkeypatch.setenv(name, str(tmp_path / "none.json"))
    engine = ManiSkillEngine(LAYOUT, 1, 5, 0.05)
    reset(engine, [0])
    advance(engine, 2)
    with pytest.raises(SimgenError, match="make vulkan"):
        engine.render()
    engine.close()


def test_unknown_engines_are_refused() -> None:
    with pytest.raises(BadInput, match="did you mean 'maniskill'"):
        make_engine("manyskill", LAYOUT, 1, 5, 0.05)
