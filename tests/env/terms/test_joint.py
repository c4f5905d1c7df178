"""Terms of moving parts, and the rows in which their state is recorded."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_tasks import task_of

import simgen
from simgen.errors import BadInput
from simgen.spec import load_task

OBJECTS = {
    "cabinet": {
        "choose": [{"cabinet": {"seed": 1}}, {"cabinet": {"seed": 2}}],
        "fixed": True,
        "open": {"drawer_1": {"choose": [0.5, 1.0]}, "drawer_2": 0.25},
        "pose": {"on": "table", "xy": [0.3, 0.5], "yaw_deg": 180},
    }
}
TOP, LOW = {"part": "cabinet.drawer_1"}, {"part": "cabinet.drawer_2"}


@pytest.fixture(scope="module")
def env():
    task = task_of(
        OBJECTS,
        observe={"policy": ["cabinet.drawer_1_position"], "privileged": [{"opening": TOP}, {"joint_position": LOW}]},
        reward=[{"open": TOP}, {"close": LOW, "weight": 2.0}],
        success={"all": [{"opened": {**TOP, "above": 0.9}}, {"not": {"closed": LOW}}, {"part_static": LOW}]},
    )
    env = simgen.make(task, num_envs=6)
    yield env
    env.close()


def test_openings_rewards_and_success_are_those_of_the_scenes(env) -> None:
    env.start(range(6), range(6))
    drawn = torch.tensor([float(env.engine.scene(world).values["cabinet.open.drawer_1"]) for world in range(6)])
    assert set(drawn.tolist()) == {0.5, 1.0}
    obs = env.observe()
    assert torch.allclose(obs["privileged"]["opening_cabinet.drawer_1"][:, 0], drawn, atol=1e-5)
    reach = [env.engine.scene(world).bodies[2].hanging.joint.upper for world in range(6)]
    travel = obs["privileged"]["joint_position_cabinet.drawer_2"][:, 0]
    assert torch.allclose(travel, 0.25 * torch.tensor(reach).float(), atol=1e-5)
    assert obs["extra"]["cabinet.drawer_1_position"].shape == (6, 3)
    outcome = env.advance(torch.zeros(6, env.action_mode.dim))
    assert torch.allclose(outcome.reward, drawn + 2.0 * 0.75, atol=2e-3)
    assert torch.equal(outcome.success, drawn == 1.0)


def test_states_are_recorded_as_articulations(env) -> None:
    env.start(range(6), range(6))
    rows = env.env_states()
    assert set(rows) == {"articulations/cabinet", "articulations/panda"}
    cabinet = rows["articulations/cabinet"]
    assert cabinet.shape == (6, 13 + 2 * 2)
    assert torch.equal(cabinet[:, 13:15], env.worlds.state.joint_position)
    root = np.array(
        [[*scene.bodies[0].position, *scene.bodies[0].quaternion] for scene in map(env.engine.scene, range(6))]
    )
    assert np.allclose(cabinet[:, :7].numpy(), root, atol=1e-6)


def test_a_part_that_is_not_there_is_told_with_the_nearest_name() -> None:
    mapping = {
        "name": "wrong",
        "robot": {"use": "panda"},
        "scene": {"objects": OBJECTS},
        "success": {"opened": {"part": "cabinet.drawr_1"}},
    }
    with pytest.raises(BadInput, match=r"unknown moving part 'cabinet.drawr_1'.*did you mean 'cabinet.drawer_1'"):
        load_task(mapping)


def test_articulated_objects_stand_fixed() -> None:
    mapping = {
        "name": "wrong",
        "robot": {"use": "panda"},
        "scene": {"objects": {"faucet": {"faucet": {}, "open": {"levr": 0.5}}}},
    }
    with pytest.raises(BadInput) as error:
        load_task(mapping)
    assert "faucet, a faucet, has moving parts and must stand fixed. Allowed: add fixed: true" in str(error.value)
    assert "unknown moving part 'levr'. Allowed: lever" in str(error.value)
