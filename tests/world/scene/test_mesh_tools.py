"""Normals, mass properties, hulls, simplification and its cache."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import trimesh

from simgen.errors import BadInput
from simgen.world.scene.mesh.cache import cached_arrays, content_hash
from simgen.world.scene.mesh.convex import convex_mesh, hull_faces
from simgen.world.scene.mesh.inertia import mesh_mass_properties, scale_mass_properties
from simgen.world.scene.mesh.normals import split_normals
from simgen.world.scene.mesh.simplify import merge_vertices, simplify


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_box_has_crisp_edges_and_a_sphere_has_none() -> None:
    box = trimesh.creation.box((1, 2, 3))
    split = split_normals(box.vertices, box.faces)
    assert len(split.vertices) == 24
    assert set(np.abs(split.normals).max(axis=1)) == {1.0}
    ball = trimesh.creation.icosphere(3)
    smooth = split_normals(ball.vertices, ball.faces)
    assert len(smooth.vertices) == len(ball.vertices)
    np.testing.assert_allclose(smooth.normals, smooth.vertices, atol=0.01)


def test_crease_angle_decides() -> None:
    prism = trimesh.creation.cylinder(1.0, 1.0, sections=8)  # neighbouring sides turn by 45 degrees
    sides_split = split_normals(prism.vertices, prism.faces, crease_deg=30)
    sides_joined = split_normals(prism.vertices, prism.faces, crease_deg=50)
    assert len(sides_split.vertices) == len(sides_joined.vertices) + 16


def test_normals_carry_colors_and_drop_faces_without_area() -> None:
    box = trimesh.creation.box((1, 1, 1))
    faces = np.vstack((box.faces, [[0, 0, 1]]))
    colors = np.random.default_rng(0).random((8, 3))
    split = split_normals(box.vertices, faces, colors=colors)
    assert len(split.faces) == 12
    assert split.colors is not None
    for position, color in zip(split.vertices, split.colors, strict=True):
        source = np.linalg.norm(box.vertices - position, axis=1).argmin()
        np.testing.assert_allclose(color, colors[source], atol=1e-6)


def test_mass_properties_agree_with_trimesh_off_the_origin() -> None:
    mesh = trimesh.creation.annulus(0.1, 0.2, 0.3)
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, [1, 2, 3]))
    mesh.apply_translation([5.0, -3.0, 2.0])
    ours = mesh_mass_properties(mesh.vertices, mesh.faces)
    assert ours.volume == pytest.approx(mesh.volume)
    np.testing.assert_allclose(ours.center, mesh.center_mass)
    np.testing.assert_allclose(ours.inertia, mesh.moment_inertia, atol=1e-9)
    scaled = scale_mass_properties(ours, np.array([1.0, 2.0, 0.5]))
    direct = mesh_mass_properties(mesh.vertices * [1.0, 2.0, 0.5], mesh.faces)
    np.testing.assert_allclose(scaled.inertia, direct.inertia, atol=1e-9)
    np.testing.assert_allclose(scaled.center, direct.center)


def test_hull_is_closed_outward_and_small() -> None:
    points = np.random.default_rng(1).normal(size=(200, 3)) * 1e-3
    vertices, faces = hull_faces(points)
    assert mesh_mass_properties(vertices, faces).volume > 0
    assert trimesh.Trimesh(vertices, faces, process=False).is_watertight
    cube = np.array(np.meshgrid([0, 0.5, 1], [0, 0.5, 1], [0, 0.5, 1])).reshape(3, -1).T
    assert len(convex_mesh(cube).vertices) == 8
    with pytest.raises(BadInput, match="no volume"):
        hull_faces(np.eye(3))
    with pytest.raises(BadInput, match="no volume"):
        hull_faces(np.random.default_rng(2).random((9, 3)) * [1, 1, 0])


def test_simplify_meets_the_budget_and_keeps_the_shape() -> None:
    ball = trimesh.creation.icosphere(5, radius=0.1)
    small = simplify(ball.vertices, ball.faces, 800)
    assert 700 <= len(small.faces) <= 800
    np.testing.assert_allclose(np.linalg.norm(small.vertices, axis=1), 0.1, atol=0.002)
    untouched = simplify(ball.vertices, ball.faces, 10**6)
    assert len(untouched.faces) == len(ball.faces)


def test_simplify_joins_the_loose_triangles_of_an_stl() -> None:
    ball = trimesh.creation.icosphere(4, radius=0.1)
    soup = ball.vertices[ball.faces].reshape(-1, 3)
    small = simplify(soup, np.arange(len(soup)).reshape(-1, 3), 500)
    vertices, faces, _ = merge_vertices(small.vertices, small.faces)
    assert trimesh.Trimesh(vertices, faces, process=False).is_watertight


def test_simplify_keeps_colors() -> None:
    ball = trimesh.creation.icosphere(4)
    colors = np.where(ball.vertices[:, 2:] > 0, [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
    small = simplify(ball.vertices, ball.faces, 300, colors)
    assert small.colors is not None
    top = small.vertices[:, 2] > 0.2
    np.testing.assert_array_equal(small.colors[top], np.tile([1.0, 0.0, 0.0], (top.sum(), 1)))


def test_the_cache_serves_survives_damage_and_leaves_no_scraps(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    ball = trimesh.creation.icosphere(4)
    first = simplify(ball.vertices, ball.faces, 300)
    (file,) = cache.rglob("*.npz")
    written = file.stat().st_mtime_ns
    again = simplify(ball.vertices, ball.faces, 300)
    np.testing.assert_array_equal(first.normals, again.normals)
    assert file.stat().st_mtime_ns == written
    for damage in (b"", b"not an archive", file.read_bytes()[:200]):
        file.write_bytes(damage)
        with caplog.at_level(logging.WARNING):
            np.testing.assert_array_equal(simplify(ball.vertices, ball.faces, 300).faces, first.faces)
        assert "unreadable cache" in caplog.text
        caplog.clear()
    simplify(ball.vertices, ball.faces, 200)
    assert len(list(cache.rglob("*"))) == 3  # a folder and two archives


def test_a_cache_that_cannot_be_written_only_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "file"))
    result = cached_arrays("things", "key", ("a",), lambda: {"a": np.ones(2)})
    assert result["a"].sum() == 2
    assert "cannot write" in caplog.text


def test_content_hash_sees_type_shape_and_values() -> None:
    base = np.arange(6.0)
    hashes = {
        content_hash(base),
        content_hash(base.reshape(2, 3)),
        content_hash(base.astype("f4")),
        content_hash(base, 1),
    }
    assert len(hashes) == 4
    assert content_hash(base) == content_hash(np.arange(12.0)[::2] / 2)
