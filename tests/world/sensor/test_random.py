"""Random numbers without a state: distributions, independence, and equal numbers for equal keys."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import kstest

from simgen.world.sensor.random import FrameKey, chance, normal, smooth_normal, threshold, uniform

CPU = torch.device("cpu")
KEYS = [FrameKey(seed, "base", frame) for seed in range(4) for frame in range(8)]


def test_distributions() -> None:
    drawn = normal(KEYS, "test", (64, 64), CPU).flatten().numpy()
    assert kstest(drawn[::11], "norm").pvalue > 0.01
    assert abs(drawn.std() - 1.0) < 0.005
    flat = uniform(KEYS, "test", (64, 64), CPU).flatten().numpy()
    assert kstest(flat[::11], "uniform").pvalue > 0.01
    assert 0.0 <= flat.min() < flat.max() < 1.0
    assert 0.3 < sum(chance(FrameKey(seed, "base", 0), "test") for seed in range(200)) / 200 < 0.7


def test_images_and_neighbours_are_independent() -> None:
    drawn = normal(KEYS, "test", (64, 64), CPU)
    others = [normal(KEYS[:1], "else", (64, 64), CPU), normal([FrameKey(0, "hand", 0)], "test", (64, 64), CPU)]
    rows = torch.cat([drawn, *others]).flatten(1)
    correlation = torch.corrcoef(rows) - torch.eye(len(rows))
    assert correlation.abs().max() < 5.0 / 64.0
    for axis in (1, 2):
        size = drawn.shape[axis] - 1
        assert abs((drawn.narrow(axis, 1, size) * drawn.narrow(axis, 0, size)).mean()) < 0.01


@pytest.mark.parametrize("scale", [0.0, 0.7, 2.0])
def test_smooth_fields_keep_their_deviation(scale: float) -> None:
    field = smooth_normal(KEYS, "test", 64, 64, scale, CPU)
    assert abs(field.std() - 1.0) < 0.05
    neighbours = float((field[:, 1:] * field[:, :-1]).mean())
    expected = torch.exp(torch.tensor(-1.0 / (4.0 * scale**2))) if scale else 0.0
    assert abs(neighbours - float(expected)) < 0.06
    for share in (0.02, 0.3):
        assert abs(float((field > threshold(share)).float().mean()) - share) < 0.15 * share
    assert threshold(0.0) == float("inf")


def test_equal_keys_give_equal_numbers() -> None:
    whole = smooth_normal(KEYS, "test", 32, 24, 1.0, CPU)
    order = [5, 0, 17, 5]
    assert torch.equal(smooth_normal([KEYS[number] for number in order], "test", 32, 24, 1.0, CPU), whole[order])
    # What an image was made of must be made again by later versions, or datasets would look different.
    assert [round(value, 4) for value in normal(KEYS[:1], "test", (3,), CPU)[0].tolist()] == [1.3605, -1.5465, -1.6185]


@pytest.mark.gpu
def test_a_gpu_gives_the_same() -> None:
    cuda = smooth_normal(KEYS, "test", 64, 64, 1.5, torch.device("cuda:0"))
    assert torch.equal(cuda.cpu(), smooth_normal(KEYS, "test", 64, 64, 1.5, CPU))
