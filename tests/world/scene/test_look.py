"""Textures, colours, and the table and ground they are used on."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.errors import BadInput
from simgen.world.scene.color import (
    COLORS,
    color_name,
    linear_to_srgb,
    parse_color,
    srgb_to_linear,
)
from simgen.world.scene.objects import TABLE_HEIGHT, make_fixture
from simgen.world.scene.texture import TEXTURES, _paint, texture


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("size", [64, 100, 256])
def test_textures_are_pictures_without_a_seam(name: str, size: int) -> None:
    picture = texture(name, seed=2, size=size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 2
    values = picture.astype(float)
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis, append=np.take(values, [0], axis=axis))).mean(axis=(1 - axis, 2))
        assert steps[-1] <= steps[:-1].max() * 1.15 + 1.0


def test_textures_depend_on_name_and_seed_only() -> None:
    for name in TEXTURES:
        first = texture(name, seed=5, size=64).copy()
        _paint.cache_clear()
        np.testing.assert_array_equal(texture(name, seed=5, size=64), first)
        assert not np.array_equal(texture(name, seed=6, size=64), first)
    assert not texture("wood").flags.writeable


def test_wrong_texture_is_explained() -> None:
    with pytest.raises(BadInput, match="did you mean 'marble'"):
        texture("marbel")
    with pytest.raises(BadInput, match="16 .. 4096"):
        texture("wood", size=4)


def test_named_colors_can_be_told_apart() -> None:
    assert len(COLORS) >= 20
    for name, color in COLORS.items():
        assert color_name(color) == name


def test_parse_color() -> None:
    assert parse_color("Red") == COLORS["red"]
    assert parse_color("grey") == COLORS["gray"]
    assert parse_color([0, 0.5, 1]) == (0.0, 0.5, 1.0)
    for value, message in (
        ("rde", "did you mean 'red'"),
        ([255, 128, 0], r"did you mean \[1.0, 0.502, 0.0\]"),
        ([0.1, 0.2], "three numbers"),
        ([0.1, 0.2, "x"], "three numbers"),
        ([0.1, -0.2, 0.3], "outside 0..1"),
        ([0.1, float("nan"), 0.3], "outside 0..1"),
    ):
        with pytest.raises(BadInput, match=message):
            parse_color(value)


def test_linear_light_and_back() -> None:
    values = np.linspace(0, 1, 50)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-6)
    assert srgb_to_linear([0.5])[0] == pytest.approx(0.2140, abs=1e-3)


def test_table_stands_where_maniskill_has_it() -> None:
    table = make_fixture("table")
    np.testing.assert_allclose(table.bounds, [[-0.740, -1.209, -TABLE_HEIGHT], [0.469, 1.209, 0.0]], atol=0.01)
    (top,) = table.colliders
    assert top.position[2] + 0.5 * top.size[2] == pytest.approx(0.0)
    assert table.bounds[0, 0] < -0.615 < table.bounds[1, 0]
    assert len(table.visual.faces) == 60
    assert make_fixture("table") is table
    assert make_fixture("table", height=0.5).bounds[0, 2] == pytest.approx(-0.5)


def test_ground_is_flat_and_solid_below() -> None:
    ground = make_fixture("ground", size=10, cells=4)
    assert len(ground.visual.faces) == 32
    np.testing.assert_array_equal(ground.visual.normals, np.tile([0, 0, 1], (len(ground.visual.normals), 1)))
    (piece,) = ground.colliders
    assert piece.position[2] + 0.5 * piece.size[2] == pytest.approx(0.0)
    with pytest.raises(BadInput, match="did you mean 'table'"):
        make_fixture("tabel")
    with pytest.raises(BadInput, match="table.length"):
        make_fixture("table", length=2400)
