"""`simgen merge`, `append` and `split` from the command line: last lines, exit codes, messages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "data" / "combine"))
sys.path.insert(0, str(Path(__file__).parents[1] / "data"))

from small_datasets import write

from simgen.cli import main
from simgen.data import check_dataset, dataset_info


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one task; tests do not change them."""
    root = tmp_path_factory.mktemp("runs")
    write(root / "one", 1, range(6))
    write(root / "two", 2, range(3), [1])
    return root


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_merge_then_append_then_split(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, out = str(runs / "one"), str(runs / "two"), str(tmp_path / "all")
    assert main(["merge", one, two, "--out", out, "--json"]) == 0
    merged = last_line(capsys)
    assert (merged["episodes"], merged["frames"], merged["duplicates"], merged["dataset"]) == (
        10,
        dataset_info(out)["frames"],
        0,
        out,
    )
    assert [source["name"] for source in merged["sources"]] == ["one", "two"]
    command = json.loads((tmp_path / "all" / "dataset.json").read_text())["command"]
    assert command == f"simgen merge {one} {two} --out {out} --json"

    more = write(tmp_path / "more", 3, range(4))
    assert main(["append", out, "--from", str(more), "--json"]) == 0
    appended = last_line(capsys)
    assert (appended["episodes"], appended["added"], appended["dataset"]) == (14, 4, out)

    parts = str(tmp_path / "parts")
    assert (
        main(["split", out, "--out", parts, "--by", "asset", "--train", "0.5", "--val", "0.5", "--test", "0", "--json"])
        == 0
    )
    split = last_line(capsys)
    assert split["by"] == "asset"
    assert sum(part["episodes"] for part in split["parts"].values()) == 14
    assert sum(part["groups"] for part in split["parts"].values()) == 3
    for place in (out, f"{parts}/train", f"{parts}/val"):
        assert check_dataset(place).problems == []


def test_for_people_there_are_tables(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, out = str(runs / "one"), str(runs / "two"), str(tmp_path / "all")
    assert main(["merge", one, two, "--out", out]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "one: 6 episodes" in captured.err
    assert main(["split", out, "--out", str(tmp_path / "parts"), "--by", "task"]) == 0
    captured = capsys.readouterr()
    assert "note: part val is empty" in captured.err
    assert main(["merge", one, two, "--out", out, "--resume"]) == 0
    assert main(["merge", one, two, "--out", out, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["merge", "{one}", "--out", "{out}"], "at least two datasets"),
        (["merge", "{one}", "{one}", "--out", "{out}"], "is given twice"),
        (["merge", "{one}", "{two}", "--out", "{two}"], "is, holds or lies in the dataset"),
        (["merge", "{one}", "nowhere", "--out", "{out}"], "nowhere: is not a simgen dataset"),
        (["append", "{one}", "--from", "nowhere"], "nowhere: is not a simgen dataset"),
        (["append", "nowhere", "--from", "{one}"], "nowhere: is not a simgen dataset"),
        (["split", "{one}", "--out", "{out}", "--train", "0.9"], "add up to 1.1"),
        (["split", "nowhere", "--out", "{out}"], "nowhere: is not a simgen dataset"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    places = {"one": runs / "one", "two": runs / "two", "out": tmp_path / "out"}
    assert main([argument.format(**places) for argument in [*arguments, "--json"]]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert message in json.loads(captured.out.splitlines()[-1])["error"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["merge", "append", "split"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: simgen {command}" in capsys.readouterr().out
