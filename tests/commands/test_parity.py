"""`simgen parity`: what it writes, says and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simgen.cli import main

KEYS = ("segmentation_iou", "depth_error_m", "joint_error_rad")
SMALL = ["--episodes", "2", "--num-envs", "2", "--set", "cameras.base.size=[64, 64]", "--set", "episode.max_steps=60"]


@pytest.mark.slow
def test_it_writes_page_and_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    command = ["parity", "pick_cube", *SMALL, "--engines", "newton", "newton", "--out", str(folder), "--json"]
    assert main(command) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    written = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
    assert written.items() <= printed.items()
    assert [written[key] for key in KEYS] == [1.0, 0.0, 0.0]
    assert written["machine"]["versions"]["newton"]
    assert "parity pick_cube" in written["command"]
    assert Path(printed["report"]).stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.vulkan
def test_both_engines_see_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "pick_cube", *SMALL, "--out", str(tmp_path)]) == 0
    assert "newton and maniskill" in capsys.readouterr().err
    found = json.loads((tmp_path / "parity.json").read_text(encoding="utf-8"))
    assert found["segmentation_iou"] >= 0.97
    assert found["depth_error_m"] <= 0.002
    assert found["success_newton"] == found["success_maniskill"] == 1.0
    taught = found["open_loop"]["teacher"]
    assert taught["joint_error_rad"]["median"] < 0.01
    assert taught["tool_error_m"]["median"] < 0.005


def test_it_refuses_what_it_cannot_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        ("PickCube-v1",): "ManiSkill only",
        ("pick_cubes",): "did you mean 'pick_cube'",
        ("pick_cube", "--engines", "newton", "manyskill"): "did you mean 'maniskill'",
        ("pick_cube", "--episodes", "0"): "at least 1",
        ("pick_cube", "--num-envs", "0"): "at least 1",
        ("pick_cube", "--set", "episode.sim_hs=3"): "sim_hz",
        ("pick_cube", "--out", str(tmp_path / "file")): "is a file",
    }
    (tmp_path / "file").write_text("")
    for arguments, words in wrong.items():
        assert main(["parity", *arguments]) == 2, arguments
        message = capsys.readouterr().err
        assert words in message, message
        assert "Traceback" not in message
