"""A mesh file becomes an asset: units, mass, convex pieces, origin, up axis, and what is refused."""

from __future__ import annotations

import hashlib
import logging
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from simgen.errors import BadInput
from simgen.world.asset import load_asset, read_card
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.asset.build import BuildOptions
from simgen.world.asset.card import UNKNOWN
from simgen.world.scene.mesh import decompose
from simgen.world.scene.mesh.simplify import merge_vertices
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects import load_mesh_object, make_object

IN_MILLIMETRES = AddOptions(scale=0.001)


def loaded(name: str) -> ObjectModel:
    model = load_asset(name)
    assert isinstance(model, ObjectModel)
    return model


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "off", "dae"])
def test_every_format_gives_the_same_asset(tmp_path: Path, assets: Path, suffix: str) -> None:
    path = tmp_path / f"block.{suffix}"
    trimesh.creation.box((20.0, 30.0, 40.0)).export(path)
    folder, card = add_asset(path, assets, IN_MILLIMETRES)
    assert folder == assets / "block"
    assert (card.name, card.kind, card.category) == ("block", "rigid", "block")
    assert card.size == pytest.approx((0.02, 0.03, 0.04), rel=1e-5)
    assert card.mass == pytest.approx(1000 * 0.02 * 0.03 * 0.04, rel=1e-4)
    assert (card.source, card.licence) == (UNKNOWN, UNKNOWN)
    assert card.original.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    (piece,) = loaded("block").colliders
    assert piece.mesh is not None
    assert len(piece.mesh.vertices) == 8


def test_what_is_loaded_is_what_a_task_would_make_of_the_file(brick: Path, assets: Path) -> None:
    add_asset(brick, assets, IN_MILLIMETRES)
    model, direct = loaded("brick"), load_mesh_object(brick, 0.001)
    assert model.key == direct.key
    np.testing.assert_array_equal(model.visual.vertices, direct.visual.vertices)


def test_a_mesh_without_collision_pieces_to_share_is_cut_by_coacd(tmp_path: Path, assets: Path) -> None:
    shape = make_object("l_shape").visual
    vertices, faces, _ = merge_vertices(shape.vertices, shape.faces)
    trimesh.Trimesh(vertices, faces, process=False).export(tmp_path / "l.stl")
    counts = {}
    for how in ("auto", "hull", "coacd", "none"):
        options = AddOptions(name=f"l_{how}", build=BuildOptions(decompose=how))
        add_asset(tmp_path / "l.stl", assets, options)
        counts[how] = len(loaded(f"l_{how}").colliders)
    assert counts == {"auto": 2, "hull": 1, "coacd": 2, "none": 1}


def test_connected_parts_are_taken_as_convex_where_the_user_says_so(tmp_path: Path, assets: Path) -> None:
    two = [trimesh.creation.box((0.1, 0.1, 0.1)), trimesh.creation.box((0.1, 0.1, 0.1))]
    two[1].apply_translation([0.3, 0.0, 0.0])
    trimesh.util.concatenate(two).export(tmp_path / "two.ply")
    add_asset(tmp_path / "two.ply", assets, AddOptions(build=BuildOptions(decompose="none")))
    centers = [piece.mesh.vertices.mean(axis=0)[0] for piece in loaded("two").colliders if piece.mesh]
    assert sorted(centers) == pytest.approx([0.0, 0.3], abs=1e-6)


@pytest.mark.parametrize(
    ("build", "density"),
    [(BuildOptions(), 1000.0), (BuildOptions(density=250.0), 250.0), (BuildOptions(mass=0.12), 0.12 / 4.8e-5)],
)
def test_mass_is_given_or_that_of_water(brick: Path, assets: Path, build: BuildOptions, density: float) -> None:
    _, card = add_asset(brick, assets, replace(IN_MILLIMETRES, build=build))
    assert card.mass == pytest.approx(density * 4.8e-5, rel=1e-5)
    assert loaded("brick").density == pytest.approx(density, rel=1e-5)
    assert any("assumed 1000" in note for note in card.notes) == (build == BuildOptions())


def test_an_open_surface_weighs_what_its_pieces_do_and_says_so(tmp_path: Path, assets: Path) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.update_faces(np.arange(len(box.faces)) > 1)
    box.export(tmp_path / "open.ply")
    _, card = add_asset(tmp_path / "open.ply", assets, AddOptions(build=BuildOptions(decompose="hull")))
    assert any("not watertight: its volume is taken as that of its convex hull" in note for note in card.notes)
    assert card.mass == pytest.approx(1.0, rel=1e-4)


def test_holes_of_a_scan_are_closed(tmp_path: Path, assets: Path, caplog: pytest.LogCaptureFixture) -> None:
    ball = trimesh.creation.icosphere(3, 0.05)
    whole = ball.volume
    lost = np.random.default_rng(0).choice(len(ball.faces), 40, replace=False)
    ball.update_faces(~np.isin(np.arange(len(ball.faces)), lost))
    ball.export(tmp_path / "ball.stl")
    _, card = add_asset(tmp_path / "ball.stl", assets, AddOptions())
    assert card.mass == pytest.approx(1000 * whole, rel=1e-4)
    assert card.root.pieces == 1
    assert "the surface of the body is not watertight: its holes, which are small, were closed" in card.notes
    assert "cutting" not in caplog.text


def test_a_person_is_told_before_an_open_surface_is_cut(
    tmp_path: Path, assets: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.update_faces(box.triangles_center[:, [0, 2]].min(axis=1) < -0.04)  # a floor and a wall
    box.export(tmp_path / "open.ply")
    _, card = add_asset(tmp_path / "open.ply", assets, AddOptions())
    assert "'open' (4 triangles, not watertight): cutting into convex pieces, once; it may take a minute" in caplog.text
    assert card.root.pieces > 1
    assert any("its volume is taken as that of its convex pieces" in note for note in card.notes)


def test_pieces_are_cut_anew_with_other_settings(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    shape = make_object("l_shape").visual
    vertices, faces, _ = merge_vertices(shape.vertices, shape.faces)
    for iterations in (60, 60, 20):
        monkeypatch.setitem(decompose._CLOSED_SEARCH, "mcts_iterations", iterations)
        decompose.convex_pieces("l", vertices, faces)
    assert len(list((tmp_path / "cache").glob("convex-*/*.npz"))) == 2


def test_gltf_is_turned_from_y_up_and_keeps_its_colours(tmp_path: Path, assets: Path) -> None:
    tall = trimesh.creation.box((0.1, 0.3, 0.2))
    tall.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=[255, 0, 0, 255]))
    tall.export(tmp_path / "tall.glb")
    _, card = add_asset(tmp_path / "tall.glb", assets, AddOptions())
    assert card.original.up == "y"
    assert card.size == pytest.approx((0.1, 0.2, 0.3), rel=1e-5)
    colors = loaded("tall").visual.colors
    assert colors is not None
    np.testing.assert_allclose(colors, np.tile([1.0, 0.0, 0.0], (len(colors), 1)), atol=0.01)
    _, kept = add_asset(tmp_path / "tall.glb", assets, AddOptions(name="kept", up="z"))
    assert kept.size == pytest.approx((0.1, 0.3, 0.2), rel=1e-5)


def test_a_picture_on_a_few_triangles_is_kept(tmp_path: Path, assets: Path) -> None:
    sheet = trimesh.creation.box((0.2, 0.2, 0.01))
    picture = Image.new("RGB", (64, 64), (255, 0, 0))
    picture.paste((0, 0, 255), (16, 16, 48, 48))
    uv = sheet.vertices[:, :2] / 0.2 + 0.5
    sheet.visual = TextureVisuals(uv=uv, material=PBRMaterial(baseColorTexture=picture))
    sheet.export(tmp_path / "sheet.glb")
    _, card = add_asset(tmp_path / "sheet.glb", assets, AddOptions(up="z"))
    visual = loaded("sheet").visual
    assert 1000 < len(visual.faces) <= 5000
    assert card.root.pieces == 1
    assert visual.colors is not None
    middle = np.abs(visual.vertices[:, :2]).max(axis=1) < 0.03
    corners = np.abs(visual.vertices[:, :2]).min(axis=1) > 0.08
    np.testing.assert_allclose(visual.colors[middle].mean(axis=0), [0.0, 0.0, 1.0], atol=0.05)
    np.testing.assert_allclose(visual.colors[corners].mean(axis=0), [1.0, 0.0, 0.0], atol=0.05)


def test_an_origin_far_from_the_thing_is_moved_under_it(tmp_path: Path, assets: Path) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.apply_translation([3.0, 0.0, 0.0])
    box.export(tmp_path / "far.stl")
    _, card = add_asset(tmp_path / "far.stl", assets, AddOptions())
    assert any("origin" in note for note in card.notes)
    np.testing.assert_allclose(loaded("far").bounds, [[-0.05, -0.05, 0.0], [0.05, 0.05, 0.1]], atol=1e-6)


@pytest.mark.parametrize(
    ("sides", "scale", "message"),
    [
        ((80.0, 80.0, 100.0), None, r"80 x 80 x 100 m.*millimetres: give --scale 0\.001 .*--scale 0\.01 if .*centim"),
        ((8.0, 8.0, 10.0), None, r"centimetres: give --scale 0\.01 "),
        ((80.0, 80.0, 100.0), 0.1, r"8 x 8 x 10 m.*centimetres: give --scale 0\.001 "),
        ((0.08, 0.08, 0.1), 0.001, r"twice: give --scale 1 "),
        ((1e-8, 1e-8, 1e-8), None, r"metres per unit of the file: --scale S"),
    ],
)
def test_a_wrong_unit_is_named(
    tmp_path: Path, assets: Path, sides: tuple[float, float, float], scale: float | None, message: str
) -> None:
    trimesh.creation.box(sides).export(tmp_path / "cup.obj")
    with pytest.raises(BadInput, match=message):
        add_asset(tmp_path / "cup.obj", assets, AddOptions(scale=scale))
    assert not assets.exists()


@pytest.mark.parametrize(("side", "scale"), [(100.0, 0.001), (20.0, 0.01), (0.3, 1.0), (0.0001, 1000.0)])
def test_auto_scale_takes_the_likely_unit(tmp_path: Path, assets: Path, side: float, scale: float) -> None:
    trimesh.creation.box((side, side, side)).export(tmp_path / "cup.obj")
    _, card = add_asset(tmp_path / "cup.obj", assets, AddOptions(scale="auto"))
    assert card.original.scale == scale
    assert card.size == pytest.approx((side * scale,) * 3)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.stl", None, "no such file"),
        ("notes.txt", b"hello", "unknown type '.txt'"),
        ("empty.obj", b"", "empty"),
        ("broken.glb", b"glTF but not really", "cannot be read|no triangles"),
        ("points.obj", b"v 0 0 0\nv 1 0 0\n", "no triangles|cannot be read"),
        ("line.obj", b"v 0 0 0\nv 1 0 0\nv 0.5 0 0\nf 1 2 3\n", "encloses no volume"),
        ("nan.obj", b"v nan 0 0\nv 1 0 0\nv 1 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n", "not numbers"),
        ("...obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n", "gives no name"),
    ],
)
def test_bad_files_leave_nothing_behind(
    tmp_path: Path, assets: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        add_asset(tmp_path / name, assets, AddOptions())
    assert not assets.exists() or not list(assets.iterdir())


def test_a_flat_sheet_is_given_a_thickness(tmp_path: Path, assets: Path) -> None:
    (tmp_path / "mat.obj").write_text("v 0 0 0\nv 0.2 0 0\nv 0.2 0.1 0\nv 0 0.1 0\nf 1 2 3\nf 1 3 4\n")
    _, card = add_asset(tmp_path / "mat.obj", assets, AddOptions(build=BuildOptions(decompose="hull")))
    assert card.mass == pytest.approx(1000 * 0.2 * 0.1 * 0.001, rel=1e-4)


def test_without_the_decomposer_the_hull_is_used_with_a_warning(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "coacd", None)
    trimesh.creation.annulus(0.03, 0.04, 0.1).export(tmp_path / "cup.stl")
    with caplog.at_level(logging.WARNING):
        _, card = add_asset(tmp_path / "cup.stl", assets, AddOptions())
    assert card.root.pieces == 1
    assert "convex hull" in caplog.text


def test_a_taken_name_needs_replace(brick: Path, assets: Path) -> None:
    add_asset(brick, assets, IN_MILLIMETRES)
    with pytest.raises(BadInput, match="the name is taken"):
        add_asset(brick, assets, IN_MILLIMETRES)
    add_asset(brick, assets, replace(IN_MILLIMETRES, scale=0.002, replace=True))
    assert read_card(assets / "brick").original.scale == 0.002
    assert [path.name for path in assets.iterdir()] == ["brick"]


def test_a_folder_of_something_else_is_not_replaced(brick: Path, assets: Path) -> None:
    (assets / "brick").mkdir(parents=True)
    (assets / "brick" / "thesis.tex").write_text("hard work")
    with pytest.raises(BadInput, match="is no asset"):
        add_asset(brick, assets, replace(IN_MILLIMETRES, replace=True))
    assert (assets / "brick" / "thesis.tex").is_file()


def test_a_folder_that_cannot_be_written(brick: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        add_asset(brick, tmp_path / "file", IN_MILLIMETRES)


def test_a_write_that_fails_halfway_leaves_the_old_asset(
    brick: Path, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = add_asset(brick, assets, IN_MILLIMETRES)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def no_space(path: Path, meshes: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simgen.world.asset.write.write_glb", no_space)
    with pytest.raises(BadInput, match="No space left"):
        add_asset(brick, assets, replace(IN_MILLIMETRES, scale=0.002, replace=True))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in assets.iterdir()] == ["brick"]
