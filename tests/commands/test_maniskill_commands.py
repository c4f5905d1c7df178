"""`simgen list maniskill`, `simgen assets` and `simgen doctor` as a user or a script meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simgen.cli import main
from simgen.commands import doctor
from simgen.world.engine.probe.engines import EngineStatus

NO_DRIVER = {"VK_DRIVER_FILES": "/dev/null", "VK_ICD_FILENAMES": "/dev/null"}


def run_doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simgen.cli", "doctor", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=580)


def test_list_maniskill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "maniskill", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out.splitlines()[-1])["maniskill"]}
    assert rows["PickCube-v1"]["needs"] == "complete in the wheel"
    assert rows["PickCube-v1"]["ready"]
    assert rows["PickSingleYCB-v1"]["needs"].startswith("download ycb")
    assert main(["list", "maniskill"]) == 0
    text = capsys.readouterr().err
    assert "PickCube-v1" in text
    assert "pd_ee_delta_pose" in text


def test_assets_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MS_ASSET_DIR", str(tmp_path))
    folder = tmp_path / "data" / "assets" / "mani_skill2_ycb"
    folder.mkdir(parents=True)
    (folder / "info.json").write_text("{}")
    assert main(["assets", "list", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out.splitlines()[-1])["assets"]}
    assert (rows["ycb"]["present"], rows["ycb"]["parts"], rows["ycb"]["bytes"]) == (1, 1, 2)
    assert "PickSingleYCB-v1" in rows["ycb"]["needed_by"]
    assert rows["partnet_mobility_cabinet"]["present"] == 0


def test_assets_fetch_of_a_complete_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets", "fetch", "PickCube-v1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result == {"id": "PickCube-v1", "needs": [], "fetched": []}


def test_assets_fetch_of_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets", "fetch", "PickCub-v1"]) == 2
    assert "did you mean 'PickCube-v1'?" in capsys.readouterr().err


@pytest.mark.parametrize(("works", "status"), [(True, 0), (False, 1)])
def test_doctor_exits_by_the_default_engine(
    works: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newton = EngineStatus(works, "" if works else "no such kernel", "" if works else "reinstall", {"cpu": ""})
    maniskill = EngineStatus(False, "SAPIEN cannot draw", "run `make vulkan`", {"physics": ""})
    monkeypatch.setattr(doctor, "probe_engines", lambda found: {"newton": newton, "maniskill": maniskill})
    monkeypatch.setattr(doctor, "devices", lambda: ())
    assert main(["doctor"]) == status
    text = capsys.readouterr().err
    assert "SAPIEN cannot draw" in text
    assert "maniskill: run `make vulkan`" in text


@pytest.mark.slow
def test_doctor_without_a_vulkan_driver() -> None:
    done = run_doctor("--json", **NO_DRIVER)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    newton, maniskill = result["engines"]["newton"], result["engines"]["maniskill"]
    assert newton["ok"]
    assert not maniskill["ok"]
    assert maniskill["tried"]["physics"] == ""
    assert "physics works, but SAPIEN cannot draw" in maniskill["reason"]
    assert "VK_DRIVER_FILES=/dev/null" in maniskill["remedy"]
    assert {"cpu"} <= {device["kind"] for device in result["devices"]}
    assert {"python", "torch", "newton", "mani_skill", "sapien", "vulkan_driver"} <= result["versions"].keys()


@pytest.mark.slow
@pytest.mark.vulkan
def test_doctor_runs_both_engines() -> None:
    done = run_doctor()
    assert done.returncode == 0, done.stderr
    assert "✗" not in done.stderr
    assert done.stderr.count("✓ works") >= 6
