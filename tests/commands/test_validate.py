"""`simgen validate` says the line of what only comes to light when worlds are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from simgen.commands import validate

CABINETS = """\
      choose:
        - cabinet: {drawers: 2}
        - cabinet: {drawers: 1, doors: 1, height: 0.4}
        - cabinet: {drawers: 6, height: 0.1}
      fixed: true
"""
BLOCK = "      box: [0.2, 0.2, 0.1]\n      pose: {on: table, xy: [0, 0]}\n"
THIN = "      shelf: {thickness: 0.1, height: 0.12}\n"


def told(folder: Path, thing: str, capsys: pytest.CaptureFixture[str]) -> str:
    path = folder / "t.yaml"
    path.write_text(f"name: t\nrobot: {{use: panda}}\nscene:\n  objects:\n    thing:\n{thing}", encoding="utf-8")
    assert validate.main([str(path)]) == 2
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (
            CABINETS,
            "t.yaml:9: scene.objects.thing.choose.2.cabinet: cabinet: its drawers are lower than 50 mm; make it",
        ),
        (THIN, "t.yaml:6: scene.objects.thing.shelf: shelf: thickness must be below"),
        (THIN + "      count: 2\n", "t.yaml:6: scene.objects.thing.shelf: shelf: thickness must be below"),
        ("      marker:\n  " + THIN, "t.yaml:7: scene.objects.thing.marker.shelf: shelf: thickness must be below"),
        (f"{BLOCK}    other:\n{BLOCK}", "t.yaml:8: scene.objects.other: cannot be placed: in 20 scenes"),
        (
            "      sphere: 0.1\n      scale: [1, 2, 1]\n",
            "t.yaml:7: scene.objects.thing.scale: a sphere has round pieces",
        ),
    ],
)
def test_what_cannot_be_made_is_told_with_its_line(
    tmp_path: Path, thing: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, thing, capsys).startswith(message)
