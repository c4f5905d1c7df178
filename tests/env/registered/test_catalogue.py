"""The list of ManiSkill's environments: what it says of them is true, and what is missing is said with the remedy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simgen.env.registered import catalogue as catalogue_module
from simgen.env.registered.catalogue import catalogue, check_names, entry, expand, missing, sources
from simgen.errors import BadInput
from simgen.spec.registered import RegisteredRobotSpec, RegisteredSpec

BUILT = ("PickCubeSO100-v1", "MS-HumanoidStand-v1", "TwoRobotPickCube-v1", "SO100GraspCube-v1")
BUILD = """
import json, sys
import gymnasium, mani_skill.envs

built = {}
for name in sys.argv[1:]:
    env = gymnasium.make(name, sim_backend="physx_cpu", render_backend="cpu", obs_mode="none").unwrapped
    agent = getattr(env.agent, "agents", [env.agent])[0]
    built[name] = [sorted(agent.supported_control_modes), agent.control_mode, sorted(env._sensors)]
print(json.dumps(built))
"""


@pytest.fixture
def no_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS_ASSET_DIR", str(tmp_path))
    return tmp_path / "data"


def test_all_environments_are_there_with_robots_and_control_modes() -> None:
    entries = catalogue()
    assert len(entries) >= 70
    assert len({known.id for known in entries}) == len(entries)
    assert all(known.robots and known.control_modes for known in entries)
    assert sum(not known.downloads and not known.packages for known in entries) >= 40


def test_an_environment_that_is_complete_in_the_wheel() -> None:
    known = entry("PickCube-v1")
    assert known.max_steps == 50
    assert known.robots[0] == "panda"
    assert known.control_modes[0] == "pd_joint_delta_pos"
    assert "pd_ee_delta_pose" in known.control_modes
    assert known.cameras == ("base_camera",)
    assert missing(known) == []


@pytest.mark.slow
@pytest.mark.vulkan
def test_it_says_what_the_built_environments_say() -> None:
    command = [sys.executable, "-c", BUILD, *BUILT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    for name, (modes, default, cameras) in json.loads(done.stdout.splitlines()[-1]).items():
        known = entry(name)
        assert sorted(known.control_modes) == modes
        assert known.control_modes[0] == default
        assert sorted(known.cameras) == cameras


def test_an_unknown_environment_names_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"unknown ManiSkill environment 'PickCub-v1'; did you mean 'PickCube-v1'\?"):
        entry("PickCub-v1")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"robot": {"control": "pd_joint_po"}},
            "control mode of panda 'pd_joint_po'; did you mean 'pd_joint_pos'",
        ),
        ({"robot": {"use": "pand"}}, r"unknown robot of PickCube-v1 'pand'; did you mean 'panda'\?"),
        ({"cameras": {"bas_camera": {"size": [8, 8]}}}, "unknown camera 'bas_camera'; did you mean 'base_camera'"),
    ],
)
def test_wrong_names_are_told_without_building(change: dict, message: str) -> None:
    check_names(RegisteredSpec(env_id="PickCube-v1", robot=RegisteredRobotSpec(use="fetch", control="whatever")))
    with pytest.raises(BadInput, match=message):
        check_names(RegisteredSpec.model_validate({"env_id": "PickCube-v1"} | change))


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("PickSingleYCB-v1", ["ycb"]),  # declared
        ("OpenCabinetDoor-v1", ["partnet_mobility_cabinet"]),  # not declared
        ("UnitreeH1Stand-v1", ["unitree_h1"]),  # declared by its robot
    ],
)
@pytest.mark.usefixtures("no_downloads")
def test_what_is_missing_is_named(name: str, needs: list[str]) -> None:
    assert missing(entry(name)) == needs


def test_an_empty_folder_is_no_download(no_downloads: Path) -> None:
    (source,) = expand("ycb")
    assert source.path.is_relative_to(no_downloads)
    source.path.mkdir(parents=True)
    assert missing(entry("PickSingleYCB-v1")) == ["ycb"]
    (source.path / "info.json").write_text("{}")
    assert missing(entry("PickSingleYCB-v1")) == []


@pytest.mark.usefixtures("no_downloads")
def test_a_download_inside_the_folder_of_another_is_not_the_other() -> None:
    inner, outer = sources()["ReplicaCADRearrange"].path, sources()["ReplicaCAD"].path
    inner.mkdir(parents=True)
    (inner / "train").touch()
    assert inner.parent == outer
    assert sources()["ReplicaCADRearrange"].present
    assert not sources()["ReplicaCAD"].present


def test_a_set_is_all_of_its_parts() -> None:
    assert len(expand("partnet_mobility_cabinet")) > 50
    assert expand("OpenCabinetDoor-v1") == expand("partnet_mobility_cabinet")
    assert expand("PickCube-v1") == ()


def test_the_answer_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / f"maniskill-{catalogue_module.version('mani_skill')}-{catalogue_module.FORMAT}.json"
    kept.write_text(json.dumps({"environments": [], "sources": {}, "groups": {}}))
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path))
    catalogue_module._survey.cache_clear()
    try:
        assert catalogue() == ()
    finally:
        catalogue_module._survey.cache_clear()
