"""`simgen import`: one line of JSON, tables for people, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from data.import_.hdf5_files import write_robomimic

from simgen.cli import main
from simgen.data import open_dataset


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    write_robomimic(tmp_path / "demo.hdf5", lengths=(3, 4, 5))
    return tmp_path / "demo.hdf5"


def test_json_says_what_was_imported(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--episodes", "1:", "--cameras", "agentview", "--size", "15", "10", "--task", "lift_it", "--json"]
    assert main(["import", str(demo), "--out", str(tmp_path / "out"), *arguments]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out.splitlines()[-1])
    assert result["dataset"] == str(tmp_path / "out")
    expected = {"format": "robomimic", "version": "1.4.1", "episodes": 2, "frames": 9, "skipped": 0, "fps": 25.0}
    assert {key: result[key] for key in expected} == expected
    assert result["frames_per_second"] > 0
    assert len(printed.out.splitlines()) == 1
    dataset = open_dataset(tmp_path / "out")
    assert dataset.tasks == ["lift_it"]
    assert dataset[0].rgb("agentview").shape == (5, 10, 15, 3)
    assert dataset.manifest["command"].startswith("simgen import ")


def test_a_person_sees_a_table_and_what_to_know(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_robomimic(demo, next_obs=False, control_freq=None)
    assert main(["import", str(demo), "--out", str(tmp_path / "out"), "--from", "robomimic"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "robomimic" in printed.err
    assert "note: the file does not say the control frequency" in printed.err
    assert "note: as many observations as actions" in printed.err


def test_exit_codes_and_messages(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(["import", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])["error"]

    out = ["--out", str(tmp_path / "out")]
    for arguments, message in (
        (["nowhere"], "there is no such file or folder"),
        ([str(demo), "--from", "robomimik"], "did you mean 'robomimic'"),
        ([str(demo), "--episodes", "x"], "--episodes x: cannot be read"),
        ([str(demo), "--episodes", "7"], "the source has 0 to 2"),
        ([str(demo), "--cameras", "agentvieu"], "did you mean 'agentview'"),
        ([str(demo), "--size", "0", "8"], "--size 0 8: allowed are"),
        ([str(demo), "--fps", "-1"], "--fps -1.0: must be more than 0"),
        ([str(demo), "--task", "a b"], "--task 'a b': allowed are"),
        ([str(demo), "--codec", "gzip", "--processes", "0"], "must be at least 1"),
    ):
        code, error = run(*arguments, *out)
        assert (code, message in error) == (2, True), error
        assert not (tmp_path / "out").exists()


def test_info_and_check_know_what_an_import_is(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["import", str(demo), "--out", str(tmp_path / "out")])
    assert main(["info", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["imported_from"] == "robomimic 1.4.1, Panda"
    assert main(["check", str(tmp_path / "out")]) == 0
