"""`simgen assets add`, `list` and `show` as a user or a script meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trimesh

from simgen.cli import main


@pytest.fixture(autouse=True)
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMGEN_ASSETS", str(tmp_path / "assets"))
    return tmp_path / "assets"


@pytest.fixture
def brick(tmp_path: Path) -> Path:
    trimesh.creation.box((40.0, 60.0, 20.0)).export(tmp_path / "brick.stl")
    return tmp_path / "brick.stl"


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_add_show_and_list(brick: Path, assets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["assets", "add", str(brick), "--scale", "0.001", "--mass", "0.1", "--source", "me", "--licence", "CC0"]
    assert main([*command, "--name", "red_brick", "--json"]) == 0
    added = last_json(capsys)
    assert added["folder"] == str(assets / "red_brick")
    assert (added["name"], added["kind"], added["pieces"], added["parts"]) == ("red_brick", "rigid", 1, {})
    assert added["mass"] == pytest.approx(0.1)
    assert main(["assets", "show", "red_brick", "--json"]) == 0
    card = last_json(capsys)
    assert (card["source"], card["licence"], card["original"]["file"]) == ("me", "CC0", "brick.stl")
    assert main(["assets", "list", "--json"]) == 0
    listed = last_json(capsys)
    assert [row["name"] for row in listed["own"]] == ["red_brick"]
    assert "ycb" in {row["id"] for row in listed["assets"]}


def test_people_read_what_was_assumed(brick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets", "add", str(brick), "--scale", "auto"]) == 0
    text = capsys.readouterr().err
    assert "scale 0.001 guessed from the size" in text
    assert "density assumed 1000 kg/m^3 (water)" in text
    assert "unknown (added by the user)" in text
    assert "in a task: asset: brick" in text
    assert main(["assets", "show", "brick"]) == 0
    assert "0.04 x 0.06 x 0.02" in capsys.readouterr().err


def test_another_folder(brick: Path, tmp_path: Path, assets: Path) -> None:
    assert main(["assets", "add", str(brick), "--scale", "0.001", "--out", str(tmp_path / "mine")]) == 0
    assert (tmp_path / "mine" / "brick" / "asset.yaml").is_file()
    assert not assets.exists()
    assert main(["assets", "show", str(tmp_path / "mine" / "brick")]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "would be 40 x 60 x 20 m"),
        (["--scale", "mm"], "--scale 'mm' is no number. Allowed: metres per unit of the file, or auto"),
        (["--scale", "0"], "--scale: 0 is out of range"),
        (["--scale", "auto", "--mass", "0"], "--mass: 0 is out of range. Allowed: above 0 to 1000 kg"),
        (["--scale", "auto", "--mass", "1", "--density", "5"], "--mass and --density are both given"),
        (["--scale", "auto", "--density", "1e6"], "--density: 1000000 is out of range"),
        (["--scale", "auto", "--licence", ""], "--licence is empty. Allowed: what you know of it, or leave the option"),
        (["--scale", "auto", "--source", " "], "--source is empty"),
        (["--scale", "auto", "--name", "../brick"], "is no name. Allowed: up to 64 letters"),
        (["--scale", "auto", "--layout", "ycb"], "--layout goes with folders"),
    ],
)
def test_bad_arguments(
    brick: Path, assets: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assets", "add", str(brick), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not assets.exists()


def test_names_that_are_not_there(tmp_path: Path, brick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets", "add", str(tmp_path / "none.stl")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
    assert main(["assets", "add", str(brick), "--scale", "auto"]) == 0
    assert main(["assets", "add", str(brick), "--scale", "auto"]) == 2
    assert "the name is taken" in capsys.readouterr().err
    assert main(["assets", "show", "brck"]) == 2
    assert "unknown asset 'brck'; did you mean 'brick'?" in capsys.readouterr().err


def test_a_folder_of_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in (("001_box", None), ("002_bad", "nothing")):
        folder = tmp_path / "ycb" / name / "google_16k"
        folder.mkdir(parents=True)
        trimesh.creation.box((0.1, 0.1, 0.1)).export(folder / "textured.obj")
        if content is not None:
            (folder / "textured.obj").write_text(content)
    assert main(["assets", "add", str(tmp_path / "ycb"), "--json"]) == 1
    result = last_json(capsys)
    assert (result["layout"], [card["name"] for card in result["added"]]) == ("ycb", ["001_box"])
    assert list(result["failed"]) == ["002_bad"]
    assert main(["assets", "add", str(tmp_path / "ycb"), "--name", "boxes"]) == 2
    assert "--name goes with one file" in capsys.readouterr().err
