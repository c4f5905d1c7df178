"""A ManiSkill environment in a worker: what it shows, that episodes depend on their seeds alone, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from simgen.env.registered.facts import FACTORY, CameraChange, EnvFacts, RegisteredConfig
from simgen.env.registered.needs import PACKAGES
from simgen.errors import BadInput, SimgenError
from simgen.world.workers import ArraySpec, WorkerPool

pytestmark = pytest.mark.slow

Arrays = dict[str, torch.Tensor]


def make_pool(config: RegisteredConfig, num_worlds: int = 1) -> WorkerPool:
    return WorkerPool(FACTORY, config, num_worlds, process_bytes=1, world_bytes=1, processes=1)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    cameras = {"base_camera": CameraChange(fov=1.0, pose=(0.4, 0.0, 0.6, 0.0, -0.4332, 0.0, 0.9013))}
    config = RegisteredConfig("PickCube-v1", control="pd_ee_delta_pos", size=(48, 32), cameras=cameras)
    with make_pool(config, 2) as pool:
        yield pool


@pytest.fixture(scope="module")
def facts(pool: WorkerPool) -> EnvFacts:
    return pool.describe()


@pytest.fixture(scope="module")
def arrays(pool: WorkerPool, facts: EnvFacts) -> Arrays:
    contacts = {"contact/cube|table": ArraySpec((3,), "float32"), "contact/table|cube": ArraySpec((3,), "float32")}
    return pool.allocate({**facts.arrays, **contacts})


@pytest.mark.vulkan
def test_facts(facts: EnvFacts) -> None:
    assert facts.control == "pd_ee_delta_pos"
    assert "pd_joint_pos" in facts.controls
    assert facts.arrays["action"] == ArraySpec((4,), "float32")
    assert len(facts.action_low) == len(facts.action_high) == 4
    assert facts.arrays["obs/agent/qpos"] == ArraySpec((9,), "float32")
    assert facts.arrays["state/articulations/panda"].shape == (13 + 2 * 9,)
    assert facts.arrays["state/actors/cube"].shape == (13,)
    assert facts.arrays["obs/sensor_data/base_camera/depth"] == ArraySpec((32, 48, 1), "int16")
    assert facts.cameras == {"base_camera": (48, 32)}
    assert (facts.robots, facts.tcp_link) == (("panda",), "panda_hand_tcp")
    assert (facts.max_steps, facts.control_hz, facts.sim_hz) == (50, 20, 100)
    assert facts.reward == "normalized_dense"
    assert {body.name: body.kind for body in facts.bodies}["cube"] == "dynamic"
    assert {segment.name for segment in facts.segmentation.values() if not segment.robot} >= {"cube", "goal_site"}


@pytest.mark.vulkan
def test_a_step_shows_everything(pool: WorkerPool, facts: EnvFacts, arrays: Arrays) -> None:
    told = pool.run("reset", payloads={0: 1, 1: 2})
    assert told[0].segmentation == facts.segmentation
    arrays["action"][:] = torch.tensor([0.5, 0.0, -0.5, 1.0])
    pool.run("step", payloads={0: True})
    assert arrays["elapsed_steps"].tolist() == [1, 1]
    assert not (arrays["success"] | arrays["terminated"] | arrays["truncated"] | arrays["problem"]).any()
    assert (arrays["reward"] > 0).all()
    row = [body.name for body in facts.bodies].index("cube")
    torch.testing.assert_close(arrays["body_position"][:, row], arrays["state/actors/cube"][:, :3])
    torch.testing.assert_close(arrays["tcp_position"], arrays["obs/extra/tcp_pose"][:, :3])
    torch.testing.assert_close(arrays["body_bounds"][0, row], torch.tensor([[-0.02] * 3, [0.02] * 3]))
    assert arrays["body_outline"][0, row].abs().max() == pytest.approx(0.02)
    weight = arrays["contact/cube|table"]
    assert (weight[:, 2] > 0.1).all()
    torch.testing.assert_close(weight, -arrays["contact/table|cube"])
    seen = arrays["obs/sensor_data/base_camera/segmentation"]
    names = {facts.segmentation[number].name for number in seen[0].unique().tolist() if number}
    assert "table-workspace" in names
    assert not seen[1].any()  # world 1 was not asked to draw
    pool.run("render", [1])
    assert arrays["obs/sensor_data/base_camera/rgb"][1].float().std() > 1
    assert arrays["obs/sensor_param/base_camera/intrinsic_cv"][1, 1, 1] == pytest.approx(16 / np.tan(0.5), rel=1e-5)


@pytest.mark.vulkan
def test_an_episode_ends_after_its_steps(pool: WorkerPool, arrays: Arrays) -> None:
    pool.run("reset", payloads={0: 1, 1: 2})
    arrays["action"][:] = 0
    for _ in range(49):
        pool.run("step")
    assert not arrays["truncated"].any()
    pool.run("step")
    assert arrays["truncated"].all()


@pytest.mark.vulkan
def test_a_state_can_be_set(pool: WorkerPool, arrays: Arrays) -> None:
    pool.run("reset", payloads={0: 1, 1: 2})
    arrays["state/actors/cube"][:] = arrays["state/actors/cube"][1].clone()
    arrays["state/articulations/panda"][:] = arrays["state/articulations/panda"][1].clone()
    pool.run("set_state")
    torch.testing.assert_close(arrays["qpos"][0], arrays["qpos"][1])
    torch.testing.assert_close(arrays["body_position"][0, 2], arrays["body_position"][1, 2])


@pytest.mark.vulkan
def test_forces_of_a_new_pair_are_known_at_once(pool: WorkerPool, arrays: Arrays) -> None:
    pool.run("reset", payloads={0: 3, 1: 4})
    early = pool.allocate({"contact/cube|table-workspace": ArraySpec((3,), "float32")})
    assert float(early["contact/cube|table-workspace"].abs().max()) == 0.0, "before the first step nothing is known"
    arrays["action"].zero_()
    pool.run("step")
    late = pool.allocate({"contact/cube|ground": ArraySpec((3,), "float32")})
    assert float(late["contact/cube|ground"].abs().max()) == 0.0, "it stands on the table"
    again = pool.allocate({"contact/table-workspace|cube": ArraySpec((3,), "float32")})
    assert torch.allclose(again["contact/table-workspace|cube"], -early["contact/cube|table-workspace"])
    assert (again["contact/table-workspace|cube"][:, 2] < -0.1).all()


@pytest.mark.vulkan
def test_wrong_seed_and_contact(pool: WorkerPool, facts: EnvFacts, arrays: Arrays) -> None:
    with pytest.raises(BadInput, match="seeds are from 0 to 4294967295"):
        pool.run("reset", [0], {0: 2**32})
    with pytest.raises(BadInput, match="unknown body or link 'cub'.*did you mean 'cube'"):
        pool.allocate({"contact/cub|table": ArraySpec((3,), "float32")})


def make_here(config: RegisteredConfig) -> tuple[Any, EnvFacts, dict[str, np.ndarray]]:
    """Makes a world in this process, which saves the start of another."""
    from simgen.env.registered.world import make

    world = make(config)
    facts = world.describe()
    rows = {name: np.zeros(spec.shape, spec.dtype) for name, spec in facts.arrays.items()}
    world.bind(rows)
    return world, facts, rows


def rollout(world: Any, rows: dict[str, np.ndarray], seed: int, steps: int) -> list[dict[str, np.ndarray]]:
    generator = np.random.default_rng(seed)
    world.call("reset", seed)
    shown = []
    for _ in range(steps):
        rows["action"][...] = generator.uniform(-1, 1, rows["action"].shape)
        world.call("step")
        shown.append({name: row.copy() for name, row in rows.items()})
    return shown


@pytest.mark.vulkan  # an environment with so many contacts that PhysX remembers the last episode
def test_an_episode_depends_on_its_seed_alone() -> None:
    world, _, rows = make_here(RegisteredConfig("RotateSingleObjectInHandLevel0-v1", images=False))
    first = rollout(world, rows, 5, 6)
    rollout(world, rows, 6, 9)
    again = rollout(world, rows, 5, 6)
    world.close()
    for one, other in zip(first, again, strict=True):
        assert [name for name in one if not np.array_equal(one[name], other[name])] == []


@pytest.mark.vulkan
def test_poses_and_geometry_of_an_environment_that_chooses_its_shapes() -> None:
    poses = ("box_hole_pose", "peg_head_pose")
    world, facts, rows = make_here(RegisteredConfig("PegInsertionSide-v1", images=False, poses=poses))
    names = [body.name for body in facts.bodies]
    assert tuple(body.name for body in facts.bodies if body.kind == "pose") == poses
    assert facts.rebuilds
    assert facts.cameras == {}
    lengths = []
    for seed in (1, 2):
        world.call("reset", seed)
        lengths.append(float(rows["body_bounds"][names.index("peg"), 1, 0]))
        head, peg = (rows["body_position"][names.index(name)] for name in ("peg_head_pose", "peg"))
        assert np.linalg.norm(head - peg) == pytest.approx(lengths[-1], abs=1e-5)
    world.close()
    assert lengths[0] != lengths[1]


@pytest.mark.vulkan
def test_two_robots() -> None:
    world, facts, rows = make_here(RegisteredConfig("TwoRobotPickCube-v1", images=False))
    assert len(facts.robots) == 2
    assert len(facts.joint_names) == len(set(facts.joint_names)) == len(rows["qpos"]) == 18
    world.call("reset", 1)
    before = rows["qpos"].copy()
    rows["action"][: len(rows["action"]) // 2] = 0.5
    world.call("step")
    world.close()
    moved = np.abs(rows["qpos"] - before)
    assert moved[:7].max() > 10 * moved[9:16].max()


WRONG = {
    "unknown ManiSkill environment 'PickCub-v1'; did you mean 'PickCube-v1'": RegisteredConfig("PickCub-v1"),
    "unknown control mode of panda 'pd_joint_po'; did you mean 'pd_joint_pos'": RegisteredConfig(
        "PickCube-v1", control="pd_joint_po", images=False
    ),
    "unknown robot 'pandaa'": RegisteredConfig("PickCube-v1", robot="pandaa"),
    "unknown robot of PickCube-v1 'anymal_c'": RegisteredConfig("PickCube-v1", robot="anymal_c"),
    "unknown camera 'bas_camera'; did you mean 'base_camera'": RegisteredConfig(
        "PickCube-v1", cameras={"bas_camera": CameraChange(size=(8, 8))}
    ),
    "unknown reward of PickCube-v1 'shaped'": RegisteredConfig("PickCube-v1", reward="shaped", images=False),
    "PickCube-v1 does not take 'colour'": RegisteredConfig("PickCube-v1", options={"colour": 1}, images=False),
    "num_envs cannot be set here": RegisteredConfig("PickCube-v1", options={"num_envs": 2}),
    "unknown pose of PickCubeEnv 'goal'": RegisteredConfig("PickCube-v1", poses=("goal",), images=False),
    "`simgen assets fetch ycb`": RegisteredConfig("PickSingleYCB-v1"),
    "DrawSVG-v1 needs packages.*`pip install no_such_package`": RegisteredConfig("DrawSVG-v1"),
}


@pytest.mark.vulkan
def test_wrong_input(monkeypatch: pytest.MonkeyPatch) -> None:
    from mani_skill.utils import assets

    from simgen.env.registered.world import make

    monkeypatch.setattr(assets, "is_data_source_downloaded", lambda name: False)
    monkeypatch.setitem(PACKAGES, "DrawSVG-v1", ("no_such_package",))
    for message, config in WRONG.items():
        with pytest.raises(BadInput, match=message):
            make(config)


@pytest.mark.vulkan
def test_a_missing_download_is_named_and_not_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MS_ASSET_DIR", str(tmp_path))
    monkeypatch.setenv("MS_SKIP_ASSET_DOWNLOAD_PROMPT", "1")  # ManiSkill would download at once
    with pytest.raises(BadInput, match="robot widowxai needs files.*`simgen assets fetch widowxai`"):
        make_pool(RegisteredConfig("PickCube-v1", robot="widowxai", images=False))
    assert not list(tmp_path.rglob("*.zip"))


def test_without_a_vulkan_device_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VK_ICD_FILENAMES", "VK_DRIVER_FILES"):
        monkeypatch.setenv(variable, "/nonexistent.json")
    with pytest.raises(SimgenError, match="make vulkan.*simgen doctor"):
        make_pool(RegisteredConfig("PickCube-v1"))
