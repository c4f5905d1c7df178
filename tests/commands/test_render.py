"""`simgen render` as it is called: arguments, the last line, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from data.rerender.small_recording import small_recording
from data.synthetic_episodes import make_episode

from simgen.cli import main
from simgen.commands.render import main as render
from simgen.data import DatasetWriter, open_dataset
from simgen.spec import load_task

CAMERAS = """
cameras:
  top: {eye: [0, 0.01, 1.0], look_at: [0, 0, 0], size: [32, 24]}
"""
RANDOMIZE = """
randomize:
  light.intensity: {uniform: [0.5, 1.5]}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A dataset whose states need not be drawn."""
    with DatasetWriter(tmp_path / "written", load_task("pick_cube").resolved(), engine="newton") as writer:
        writer.write(make_episode(0))
    return tmp_path / "written"


def test_files_and_numbers_make_a_dataset(shared_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = small_recording(shared_dir)
    (tmp_path / "cameras.yaml").write_text(CAMERAS)
    (tmp_path / "looks.yaml").write_text(RANDOMIZE)
    arguments = [str(recorded), "--out", str(tmp_path / "new"), "--cameras", str(tmp_path / "cameras.yaml")]
    arguments += ["--randomize", str(tmp_path / "looks.yaml"), "--outputs", "rgb", "depth", "--variants", "2"]
    assert render([*arguments, "--episodes", "1", "--set", "cameras.top.fov_deg=60", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) == {"dataset", "episodes", "frames", "frames_per_second", "cameras"}
    assert (result["episodes"], result["frames"]) == (2, 120)
    assert result["cameras"] == {"top": {"rgb": [24, 32, 3], "depth": [24, 32, 1]}}
    dataset = open_dataset(tmp_path / "new")
    assert [episode.index for episode in dataset] == [2, 3]
    assert dataset.spec["cameras"]["top"]["fov_deg"] == 60
    assert "simgen render" in dataset.manifest["command"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "physics.gravity=-5"], "cannot change physics.gravity"),
        (["--variants", "0"], "--variants 0: must be at least 1"),
        (["--phase", "teachr"], "unknown phase 'teachr'"),
        (["--episodes", "7"], "there is no episode 7"),
        (["--cameras", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--camera", "side={eye: [0, 0, 1]}"], "look_at: is required"),
        (["--size", "4", "4"], "Allowed: 8 to 4096 pixels"),
        (["--device", "cuda:7"], "unknown device"),
    ],
)
def test_wrong_input_is_one_message(
    written: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["render", str(written), "--out", str(written.parent / "new"), *arguments])
    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert "Traceback" not in said
    assert not (written.parent / "new").exists()


def test_a_file_is_told_with_its_line(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written.parent / "cameras.yaml"
    file.write_text("cameras:\n  top:\n    eye: [0, 0, 1]\n    look_at: [0, 0.1, 0]\n    fov: 60\n")
    assert main(["render", str(written), "--out", str(written.parent / "new"), "--cameras", str(file)]) == 2
    said = capsys.readouterr().err
    assert "cameras.yaml:5" in said
    assert "did you mean 'fov_deg'" in said
