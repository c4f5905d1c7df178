"""Finding and loading assets: by name, path and pattern; broken folders; the files are glTF that others can read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from simgen.errors import BadInput
from simgen.world.asset import find_asset, list_cards, load_asset, load_assets, read_card
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.asset.glb import read_glb, write_glb
from simgen.world.scene.model import ArticulatedModel, ObjectModel
from simgen.world.scene.objects import make_object, scale_model


@pytest.fixture
def stored(brick: Path, assets: Path) -> Path:
    for name in ("brick_1", "brick_2"):
        add_asset(brick, assets, AddOptions(name=name, scale=0.001))
    return assets


def test_by_name_path_and_pattern(stored: Path) -> None:
    by_name, by_path = load_asset("brick_1"), load_asset(stored / "brick_1")
    assert by_name.key == by_path.key
    assert [model.kind for model in load_assets("brick_*")] == ["brick_1", "brick_2"]
    assert find_asset("brick_2") == stored / "brick_2"


def test_an_unknown_name_gives_the_nearest(stored: Path) -> None:
    with pytest.raises(BadInput, match=r"unknown asset 'brick_3'; did you mean 'brick_[12]'\? Available: brick_1, br"):
        load_asset("brick_3")


def test_what_is_being_written_is_no_asset_yet(stored: Path) -> None:
    (stored / "brick_2").rename(stored / ".brick_2.half")
    assert [path.name for path, _ in list_cards([stored])] == ["brick_1"]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("asset.yaml", "mass:", "weight:", r"brick_1/asset\.yaml: .*mass"),
        ("asset.yaml", "name:", "name: [", "is no YAML"),
        ("asset.yaml", "pieces: 1", "pieces: 3", "has 1 pieces, not 3"),
        ("visual/body.glb", None, None, "cannot be read"),
        ("collision/body.glb", "glTF", "", "is broken"),
    ],
)
def test_a_broken_asset_is_named(stored: Path, file: str, old: str | None, new: str | None, message: str) -> None:
    path = stored / "brick_1" / file
    if old is None or new is None:
        path.unlink()
    elif file.endswith("glb"):
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadInput, match=message):
        load_asset("brick_1")


def test_a_broken_card_is_listed_as_such(stored: Path) -> None:
    (stored / "brick_1" / "asset.yaml").write_text("{}")
    (_, broken), (_, whole) = list_cards([stored])
    assert isinstance(broken, BadInput)
    assert whole == read_card(stored / "brick_2")


def test_meshes_are_kept_exactly_and_others_can_read_them(tmp_path: Path) -> None:
    mesh = make_object("mug").visual
    colored = replace(mesh, colors=np.linspace(0, 1, mesh.vertices.size, dtype=np.float32).reshape(-1, 3))
    write_glb(tmp_path / "two.glb", [mesh, colored])
    first, second = read_glb(tmp_path / "two.glb")
    for name in ("vertices", "faces", "normals"):
        np.testing.assert_array_equal(getattr(first, name), getattr(mesh, name))
    assert first.colors is None
    assert colored.colors is not None
    np.testing.assert_array_equal(second.colors, colored.colors)
    scene = trimesh.load_scene(tmp_path / "two.glb")
    low, high = scene.bounds
    np.testing.assert_allclose(high[1] - low[1], np.ptp(mesh.vertices[:, 2]), rtol=1e-5)  # glTF's up is y


def test_density_goes_with_a_model_that_is_scaled(brick: Path, assets: Path) -> None:
    add_asset(brick, assets, AddOptions(scale=0.001))
    model = load_asset("brick")
    assert isinstance(model, ObjectModel)
    dense = replace(model, density=700.0)
    assert scale_model(dense, 2.0).density == 700.0


def test_parts_come_after_what_carries_them(urdf: Path, assets: Path) -> None:
    text = urdf.read_text().replace(
        '<parent link="shell"/><child link="knob"/>', '<parent link="drawer"/><child link="knob"/>'
    )
    urdf.write_text(text)
    add_asset(urdf, assets, AddOptions())
    model = load_asset("cabinet")
    assert isinstance(model, ArticulatedModel)
    assert [(name, part.joint.parent) for name, part in model.parts.items()] == [("drawer", ""), ("knob", "drawer")]
