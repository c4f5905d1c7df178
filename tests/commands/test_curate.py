"""`simgen curate` from the command line: settings, the JSON line, the page, and wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from data.synthetic_episodes import SPEC, make_episode

from simgen.cli import main
from simgen.data import DatasetWriter, open_dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Six episodes of states that no simulation would give."""
    with DatasetWriter(tmp_path / "dataset", SPEC, phases=["random"]) as writer:
        for index in range(6):
            writer.write(make_episode(index))
    return tmp_path / "dataset"


def test_settings_are_printed_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curate", "--print-config"]) == 0

    settings = yaml.safe_load(capsys.readouterr().out)
    assert settings["penetration"]["enabled"] is True
    assert settings["balance"]["enabled"] is False


def test_a_dataset_is_curated_with_a_page(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Noise for states is full of jumps; only the settings say that they do not matter."""
    out, settings = tmp_path / "out", tmp_path / "curate.yaml"
    settings.write_text("teleport: {enabled: false}\nfallen: {enabled: false}\nlength: {min_steps: 3}\n")

    assert main(["curate", str(dataset), "--out", str(out), "--config", str(settings), "--json"]) == 0

    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["kept"] + result["dropped"] == result["episodes"] == 6
    assert len(open_dataset(out)) == result["kept"]
    assert Path(result["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["curate", str(dataset), "--out", str(tmp_path / "all"), "--json"]) == 0
    strict = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert strict["reasons"]["teleport"] == 6
    assert strict["kept"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs DIR"),
        (["{dataset}"], "--out"),
        (["{tmp}", "--out", "{tmp}/out"], "is not a simgen dataset"),
        (["{dataset}", "--out", "{dataset}"], "choose another directory"),
        (["{dataset}", "--out", "{tmp}/out", "--config", "{tmp}/none.yaml"], "none.yaml"),
    ],
)
def test_wrong_input_ends_with_2_and_one_message(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    filled = [word.format(dataset=dataset, tmp=tmp_path) for word in arguments]

    assert main(["curate", *filled]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
