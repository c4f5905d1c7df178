"""Settings: what is printed can be read, and what is wrong is told with its line and the nearest word."""

from __future__ import annotations

from pathlib import Path

import pytest

from simgen.data.curate import CurateConfig, config_text, load_config
from simgen.errors import BadInput


def _written(folder: Path, text: str) -> Path:
    path = folder / "curate.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_printed_reads_as_the_defaults_and_has_a_comment_on_every_setting(tmp_path: Path) -> None:
    text = config_text()

    assert load_config(_written(tmp_path, text)) == CurateConfig()
    assert all(" # " in line for line in text.splitlines() if line.startswith("  "))


def test_a_file_changes_what_it_names_and_an_empty_one_nothing(tmp_path: Path) -> None:
    changed = load_config(_written(tmp_path, "cut: {enabled: false}\nteleport:\n  distance: 0.2\n"))

    assert not changed.cut.enabled
    assert changed.teleport.distance == 0.2
    assert changed.energy == CurateConfig().energy
    assert load_config(_written(tmp_path, "")) == CurateConfig()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("penetraton: {enabled: true}", ["curate.yaml:1", "did you mean 'penetration'"]),
        ("teleport:\n  distanse: 0.1", ["curate.yaml:2", "teleport", "did you mean 'distance'"]),
        ("saturation: {most: 1.5}", ["saturation.most", "1.5", "0 to 1"]),
        ("static: {enabled: yes please}", ["static.enabled", "true or false"]),
        ("length: {min_steps: 9, max_steps: 3}", ["length", "9", "3"]),
        ("balance: {by: [tusk]}", ["balance.by", "did you mean 'task'"]),
        ("[1, 2]", ["curate.yaml"]),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        load_config(_written(tmp_path, text))

    for part in parts:
        assert part in str(caught.value)
