"""Textures: where they lie, how large, how they are filtered; colours per vertex."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from simgen.errors import SimgenError
from simgen.world.engine.newton.render.textures import texture_arrays

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(scope="module")
def four_fields():
    """Columns are u, rows are v: red and green at v < 1/2, blue and white at v > 1/2."""
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:4, :4], picture[:4, 4:], picture[4:, :4], picture[4:, 4:] = RED, GREEN, BLUE, WHITE
    return texture_arrays([np.full((4, 4, 3), 128, np.uint8), picture], size=8, device="cpu")


def albedo_at(camera, picture, point):
    """The colour of the pixel that shows a point of world 0."""
    u, v, z = camera.intrinsic_cv()[0] @ (camera.extrinsic_cv()[0] @ torch.tensor([*point, 1.0]))
    return tuple(picture[0, int(v / z), int(u / z)].tolist())


def test_texture_lies_in_metres_along_the_axes(kit, backend, four_fields):
    looks = {"texture": 1, "texture_scale": 0.4}
    stage = kit.Stage([kit.Item(kit.box(0.8, 0.8, 0.8), scale=(1.0, 0.5, 1.0), color=(1, 1, 1), looks=looks)])
    camera = stage.camera((0.1, 0.12, 2.0), (0.1, 0.1, 0.4), size=(200, 200))
    picture = stage.draw(camera, backend, ["albedo"], textures=four_fields)["albedo"]
    # the scale squeezes the box, not the texture: 0.1 is the middle of a field
    for x, y, color in ((0.1, 0.1, RED), (0.3, 0.1, GREEN), (-0.1, 0.1, GREEN), (0.1, -0.1, BLUE), (0.3, -0.1, WHITE)):
        assert albedo_at(camera, picture, (x, y, 0.4)) == color
    side = stage.camera((2.0, 0.05, 0.15), (0.4, 0.05, 0.1), size=(200, 200))
    picture = stage.draw(side, backend, ["albedo"], textures=four_fields)["albedo"]
    for y, z, color in ((0.1, 0.1, RED), (-0.1, 0.1, GREEN), (0.1, 0.3, BLUE), (-0.1, 0.3, WHITE)):
        assert albedo_at(side, picture, (0.4, y, z)) == color  # seen from the side u is y, v is z


def test_far_texture_is_averaged(kit, backend, four_fields):
    stage = kit.Stage([kit.Item(kit.quad(4.0), color=(1, 1, 1), looks={"texture": 1, "texture_scale": 0.01})])
    picture = stage.draw(stage.camera((0.0, 0.1, 3.0)), backend, ["albedo"], textures=four_fields)["albedo"]
    assert (picture.float().std((1, 2)) < 3).all()
    assert (picture[0, 32, 32].int() - 188).abs().max() <= 3  # sRGB of one half


def test_texture_is_tinted_and_can_be_left_out(kit, four_fields):
    stage = kit.Stage([kit.Item(kit.quad(1.0), color=(1.0, 0.0, 0.0), looks={"texture": 0})], num_worlds=3)
    stage.views["texture"][1] = -1
    stage.views["texture"][2] = 9  # there is none
    camera = stage.camera((0.0, 0.1, 1.0))
    picture = stage.draw(camera, outputs=["albedo"], textures=four_fields)["albedo"][:, 32, 32]
    assert picture[0].tolist()[1:] == [0, 0]
    assert abs(picture[0, 0].item() - 128) <= 1
    assert picture[1].tolist() == picture[2].tolist() == [255, 0, 0]
    assert stage.draw(camera, outputs=["albedo"])["albedo"][0, 32, 32].tolist() == [255, 0, 0]


def test_images_are_resampled_and_checked():
    wide = np.zeros((3, 50, 3), np.uint8) + 200
    arrays = texture_arrays([wide], size=16, device="cpu")
    assert arrays.levels == 5
    assert set(arrays.texels.numpy() & 255) == {round(255 * ((200 / 255 + 0.055) / 1.055) ** 1.2)}
    for image in (wide[..., 0], wide.astype(float)):
        with pytest.raises(SimgenError, match="uint8 of shape"):
            texture_arrays([image])
    with pytest.raises(SimgenError, match="power of two"):
        texture_arrays([wide], size=100)


def test_vertex_colors_are_interpolated(kit, backend):
    quad = kit.quad(1.0)
    ramp = np.repeat(quad.vertices[:, :1] + 0.5, 3, axis=1)
    stage = kit.Stage([kit.Item(replace(quad, colors=ramp), color=(1.0, 1.0, 0.0))])
    camera = stage.camera((0.0, 0.1, 2.0), size=(100, 100))
    picture = stage.draw(camera, backend, ["albedo"])["albedo"]
    for x in (-0.4, 0.0, 0.3):
        linear = x + 0.5
        expected = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
        red, green, blue = albedo_at(camera, picture, (x, 0.0, 0.0))
        assert abs(red - expected) <= 3
        assert green == red
        assert blue == 0
