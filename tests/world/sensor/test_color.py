"""Colour: exposure, white balance, blur and noise, each as large as its parameter says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from clean_images import SIZE, sensor_of, spoilt

from simgen.world.scene.color import linear_to_srgb, srgb_to_linear

EFFECTS: dict[str, Any] = {
    "exposure": 1.3, "white_balance": [1.1, 1.0, 0.9], "blur_px": 1.0, "motion_px": 3.0, "noise": 0.02,
}  # fmt: skip


def one(picture: torch.Tensor, seed: int = 0, frame: int = 0, **rgb: Any) -> torch.Tensor:
    return spoilt(sensor_of(rgb=rgb), picture, [seed], [frame])


def grey(value: int) -> torch.Tensor:
    return torch.full((1, SIZE, SIZE, 3), value, dtype=torch.uint8)


def test_without_effects_the_image_is_clean(picture: torch.Tensor) -> None:
    assert set(picture[..., 0].unique().tolist()) == set(range(256))
    assert torch.equal(one(picture), picture)
    untouched = sensor_of(depth={}).spoilt("rgb", picture, None, [0], [0])
    assert torch.equal(untouched, picture)


@pytest.mark.parametrize("field", EFFECTS)
def test_each_parameter_changes_the_picture(field: str, picture: torch.Tensor) -> None:
    spoiled = one(picture, **{field: EFFECTS[field]})
    assert spoiled.dtype == torch.uint8
    assert (spoiled != picture).float().mean() > 0.1
    small = one(picture, noise=0.02, grain_px=0.0)
    assert not torch.equal(one(picture, noise=0.02, grain_px=1.0), small)


def test_exposure_and_white_balance_are_factors_on_light(picture: torch.Tensor) -> None:
    gains = np.array([1.2, 1.0, 0.8]) * 0.7
    expected = linear_to_srgb(np.clip(srgb_to_linear(picture.numpy() / 255.0) * gains, 0.0, 1.0)) * 255.0
    found = one(picture, exposure=0.7, white_balance=[1.2, 1.0, 0.8]).numpy()
    assert np.abs(found - expected).max() <= 0.51
    assert (one(picture, exposure=20.0)[picture > 80] == 255).all()


@pytest.mark.parametrize("grain", [0.0, 1.0])
def test_the_deviation_of_noise(grain: float) -> None:
    for size in (0.01, 0.05):
        error = one(grey(128), noise=size, grain_px=grain).float() - 128.0
        assert abs(float(error.std()) / (255.0 * size) - 1.0) < 0.06
        assert abs(float(error.mean())) < 20.0 * size
    channels = torch.corrcoef(error.reshape(-1, 3).T) - torch.eye(3)
    assert channels.abs().max() < 0.1


def test_defocus_spreads_a_point_as_a_normal_distribution() -> None:
    point = grey(0)
    point[:, 48, 48] = 255
    light = srgb_to_linear(one(point, blur_px=2.0)[0, ..., 0].numpy() / 255.0)
    places = np.arange(SIZE) - 48
    assert abs(light.sum() - 1.0) < 0.05
    assert abs(np.sqrt((light.sum(0) * places**2).sum() / light.sum()) - 2.0) < 0.1
    np.testing.assert_allclose(light, light.T, atol=1e-3)


def test_motion_smears_along_one_line_that_changes_with_the_frame() -> None:
    point = grey(0)
    point[:, 48, 48] = 255
    directions = set()
    for frame in range(6):
        light = srgb_to_linear(one(point, frame=frame, motion_px=9.0)[0, ..., 0].numpy() / 255.0)
        rows, columns = np.nonzero(light > 0.01)
        spread = np.cov(np.stack([rows, columns]), aweights=light[rows, columns])
        minor, major = np.sqrt(np.linalg.eigvalsh(spread))
        assert minor < 0.8
        assert abs(major - 9.0 / np.sqrt(12.0)) < 0.5
        assert abs(light.sum() - 1.0) < 0.05
        directions.add(round(float(np.arctan2(spread[0, 1], spread[0, 0])), 2))
    assert len(directions) == 6


def test_distributions_are_drawn_once_per_episode() -> None:
    sensor = sensor_of(rgb={"exposure": {"uniform": [0.5, 2.0]}, "white_balance": {"choose": [[1, 1, 1], [1, 1, 0.5]]}})
    seeds = [seed for seed in range(12) for _ in range(2)]
    images = spoilt(sensor, grey(120).expand(24, -1, -1, -1), seeds, [0, 5] * 12)[:, 0, 0]
    assert torch.equal(images[::2], images[1::2])
    assert len(images[::2, 0].unique()) > 6
    assert (images[:, 2] < images[:, 0]).any()
    assert (images[:, 2] == images[:, 0]).any()
    light = srgb_to_linear(images[:, 0].numpy() / 255.0) / srgb_to_linear([120 / 255.0])
    assert 0.49 < light.min() < light.max() < 2.02


def test_one_image_whatever_the_batch_and_order(picture: torch.Tensor) -> None:
    sensor = sensor_of(
        rgb={"blur_px": {"uniform": [0.0, 2.0]}, "motion_px": {"choose": [0.0, 1.0, 6.0]}, "grain_px": 0.7,
             "noise": {"choose": [0.0, 0.1]}, "exposure": {"uniform": [0.5, 1.5]}}
    )  # fmt: skip
    pairs = [(seed, frame) for seed in range(6) for frame in (0, 3)]
    images = torch.cat([picture.roll(number, 2) for number in range(len(pairs))])
    together = spoilt(sensor, images, [seed for seed, _ in pairs], [frame for _, frame in pairs])
    for number in (11, 0, 4, 7):
        seed, frame = pairs[number]
        assert torch.equal(spoilt(sensor, images[number : number + 1], [seed], [frame])[0], together[number])
    large = torch.cat([images] * 6)  # more than is worked on at a time
    again = spoilt(sensor, large, [seed for seed, _ in pairs] * 6, [frame for _, frame in pairs] * 6)
    assert torch.equal(again, torch.cat([together] * 6))


@pytest.mark.gpu
def test_a_gpu_gives_the_same(picture: torch.Tensor) -> None:
    sensor = sensor_of(rgb={**EFFECTS, "grain_px": 1.0})
    cuda = sensor.spoilt("rgb", picture.cuda(), None, [3], [4])
    assert torch.equal(cuda.cpu(), spoilt(sensor, picture, [3], [4]))
