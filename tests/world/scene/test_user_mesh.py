"""The user's own mesh files: formats, units, colours, broken files and convex pieces."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from simgen.errors import BadInput
from simgen.world.scene.mesh.simplify import merge_vertices
from simgen.world.scene.objects import load_mesh_object, make_object


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def l_mesh() -> trimesh.Trimesh:
    visual = make_object("l_shape").visual
    vertices, faces, _ = merge_vertices(visual.vertices, visual.faces)
    return trimesh.Trimesh(vertices, faces, process=False)


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "glb", "off"])
def test_every_format_gives_the_same_object(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"block.{suffix}"
    trimesh.creation.box((20.0, 30.0, 40.0)).export(path)
    model = load_mesh_object(path, scale=0.001)
    assert model.kind == "block"
    assert model.volume == pytest.approx(0.02 * 0.03 * 0.04, rel=1e-5)
    np.testing.assert_allclose(np.ptp(model.bounds, axis=0), [0.02, 0.03, 0.04], rtol=1e-5)
    assert len(model.visual.vertices) == 24
    (piece,) = model.colliders
    assert piece.mesh is not None
    assert len(piece.mesh.vertices) == 8


def test_convex_pieces_and_their_cache(tmp_path: Path, cache: Path, l_mesh: trimesh.Trimesh) -> None:
    path = tmp_path / "l.stl"
    l_mesh.export(path)
    model = load_mesh_object(path)
    assert len(model.colliders) == 2
    assert list(cache.glob("convex-*/*.npz"))
    assert load_mesh_object(path).key == model.key
    assert load_mesh_object(path, max_pieces=1).colliders != model.colliders


def test_without_the_decomposer_the_hull_is_used_with_a_warning(
    tmp_path: Path, l_mesh: trimesh.Trimesh, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "coacd", None)
    path = tmp_path / "l.stl"
    l_mesh.export(path)
    with caplog.at_level(logging.WARNING):
        model = load_mesh_object(path)
    assert len(model.colliders) == 1
    assert "convex hull" in caplog.text
    assert model.volume == pytest.approx(l_mesh.volume, rel=1e-4)


def test_open_surface_takes_the_mass_of_its_hull(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.update_faces(np.arange(len(box.faces)) > 1)
    box.export(tmp_path / "open.ply")
    with caplog.at_level(logging.WARNING):
        model = load_mesh_object(tmp_path / "open.ply", max_pieces=1)
    assert "not watertight" in caplog.text
    assert model.volume == pytest.approx(0.001, rel=1e-4)


def test_small_holes_are_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ball = trimesh.creation.icosphere(2, 0.05)
    whole = ball.volume
    ball.update_faces(np.arange(len(ball.faces)) > 4)
    ball.export(tmp_path / "ball.ply")
    with caplog.at_level(logging.WARNING):
        model = load_mesh_object(tmp_path / "ball.ply")
    assert not caplog.text
    assert model.volume == pytest.approx(whole, rel=0.01)
    assert len(model.colliders) == 1


def test_inside_out_surface_is_still_a_solid(tmp_path: Path) -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    box.invert()
    box.export(tmp_path / "inverted.stl")
    assert load_mesh_object(tmp_path / "inverted.stl").volume == pytest.approx(0.001, rel=1e-4)


def test_material_colors_arrive_linear(tmp_path: Path) -> None:
    red, blue = trimesh.creation.box((0.1, 0.1, 0.1)), trimesh.creation.box((0.1, 0.1, 0.1))
    blue.apply_translation([0.2, 0.0, 0.0])
    for mesh, color in ((red, [255, 0, 0, 255]), (blue, [0, 0, 128, 255])):
        mesh.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=color))
    trimesh.Scene([red, blue]).export(tmp_path / "two.glb")
    model = load_mesh_object(tmp_path / "two.glb", max_pieces=1)
    assert model.visual.colors is not None
    left = model.visual.vertices[:, 0] < 0.1
    np.testing.assert_allclose(model.visual.colors[left], np.tile([1.0, 0.0, 0.0], (left.sum(), 1)), atol=0.01)
    np.testing.assert_allclose(model.visual.colors[~left], np.tile([0.0, 0.0, 0.5], (left.sum(), 1)), atol=0.01)


def test_origin_and_up_axis_can_be_changed(tmp_path: Path) -> None:
    box = trimesh.creation.box((0.1, 0.2, 0.3))
    box.apply_translation([1.0, 2.0, 3.0])
    box.export(tmp_path / "box.stl")
    model = load_mesh_object(tmp_path / "box.stl", center=True, y_up=True)
    np.testing.assert_allclose(model.bounds, [[-0.05, -0.15, -0.1], [0.05, 0.15, 0.1]], atol=1e-6)
    assert model.volume > 0


def test_budget_limits_the_drawn_mesh(tmp_path: Path) -> None:
    trimesh.creation.icosphere(4, radius=0.1).export(tmp_path / "ball.stl")
    model = load_mesh_object(tmp_path / "ball.stl", triangle_budget=500)
    assert len(model.visual.faces) <= 500


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.stl", None, "no such mesh file"),
        ("empty.obj", b"", "empty"),
        ("notes.txt", b"hello", "unknown mesh type"),
        ("broken.glb", b"glTF but not really", "cannot be read|no triangles"),
        ("points.obj", b"v 0 0 0\nv 1 0 0\n", "no triangles|cannot be read"),
        ("flat.obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3\nf 1 3 4\n", "flat"),
    ],
)
def test_bad_files_are_explained(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        load_mesh_object(path)


def test_wrong_units_are_guessed(tmp_path: Path) -> None:
    trimesh.creation.box((80.0, 80.0, 100.0)).export(tmp_path / "cup.stl")
    with pytest.raises(BadInput, match=r"millimetres: try scale: 0\.001"):
        load_mesh_object(tmp_path / "cup.stl")
    with pytest.raises(BadInput, match="scaled twice"):
        load_mesh_object(tmp_path / "cup.stl", scale=1e-6)
