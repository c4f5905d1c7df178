"""Assets in a task: found by name, pattern and beside the task; names of parts; what a card decides."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simgen.errors import BadInput
from simgen.spec import load_task, parse_task
from simgen.spec.parts import object_parts

ROBOT = "name: t\nrobot: {use: panda}\nscene:\n  table: {use: table}\n  objects:\n"


def put(folder: Path, name: str, fixed: bool = False, parts: tuple[str, ...] = ()) -> None:
    (folder / name).mkdir(parents=True)
    listed = "".join(f"  {part}: {{}}\n" for part in parts)
    text = f"name: {name}\nfixed: {str(fixed).lower()}\nparts:{' {}' if not parts else ''}\n{listed}"
    (folder / name / "asset.yaml").write_text(text)


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "assets"
    put(folder, "mug_1")
    put(folder, "mug_2")
    put(folder, "sink", fixed=True)
    put(folder, "desk_1", fixed=True, parts=("drawer_1", "door"))
    put(folder, "desk_2", fixed=True, parts=("drawer_1",))
    monkeypatch.setenv("SIMGEN_ASSETS", str(folder))
    return folder


@pytest.mark.parametrize("written", ["mug_1", "mug_*", "mug_[12]"])
def test_an_asset_by_name_or_pattern(assets: Path, written: str) -> None:
    task = parse_task(f"{ROBOT}    thing: {{asset: '{written}'}}\n")
    assert task.scene.objects["thing"].asset == written
    assert not task.scene.objects["thing"].fixed


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mug_3", "no asset is called 'mug_3'. Allowed: desk_1, desk_2, mug_1, mug_2, sink; did you mean 'mug_2'?"),
        ("cup*", "no asset is called 'cup*'. Allowed: desk_1, desk_2, mug_1, mug_2, sink"),
        ("**/mug_1", "would search whole folder trees. Allowed: * within a name"),
        ("", "'' cannot be used here. Allowed: at least 1 character"),
    ],
)
def test_what_is_not_there_is_told(assets: Path, written: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_task(f"{ROBOT}    thing: {{asset: '{written}'}}\n")
    assert message in str(error.value)
    assert "task:6: scene.objects.thing.asset: " in str(error.value)


def test_without_any_asset_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMGEN_ASSETS", str(tmp_path / "none"))
    with pytest.raises(BadInput, match=r"none yet; `simgen assets add FILE` makes one"):
        parse_task(f"{ROBOT}    thing: {{asset: mug}}\n")


def test_an_asset_beside_the_task_becomes_absolute(assets: Path, tmp_path: Path) -> None:
    put(tmp_path / "work" / "things", "cup")
    path = tmp_path / "work" / "t.yaml"
    path.write_text(f"{ROBOT}    thing: {{asset: things/cup}}\n")
    assert load_task(path).scene.objects["thing"].asset == str(tmp_path / "work" / "things" / "cup")


def test_a_card_decides_what_stands_fixed_unless_the_task_does(assets: Path) -> None:
    task = parse_task(
        f"{ROBOT}    a: {{asset: sink}}\n    b: {{asset: sink, fixed: false}}\n"
        "    c: {choose: [{asset: sink}, {box: [0.1, 0.1, 0.1]}]}\n"
    )
    assert [task.scene.objects[name].fixed for name in "abc"] == [True, False, False]


def test_parts_are_those_that_all_of_them_have(assets: Path) -> None:
    task = parse_task(f"{ROBOT}    one: {{asset: desk_1}}\n    any: {{asset: 'desk_*'}}\n")
    assert object_parts("one", task.scene.objects["one"]) == ("one.drawer_1", "one.door")
    assert object_parts("any", task.scene.objects["any"]) == ("any.drawer_1",)
    with pytest.raises(BadInput, match="one, an asset, has moving parts and must stand fixed"):
        parse_task(f"{ROBOT}    one: {{asset: desk_1, fixed: false}}\n")


def test_a_card_that_is_replaced_is_read_again(assets: Path) -> None:
    text = f"{ROBOT}    one: {{asset: desk_2}}\n"
    before = parse_task(text).scene.objects["one"]
    card = assets / "desk_2" / "asset.yaml"
    card.write_text(card.read_text().replace("drawer_1", "drawer_2"))
    os.utime(card, ns=(1, 1))
    after = parse_task(text).scene.objects["one"]
    assert object_parts("one", before) == object_parts("one", after) == ("one.drawer_2",)
