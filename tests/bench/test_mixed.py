"""A mixed batch against its tasks alone: what is reported, and that the mean is weighted by frames."""

from __future__ import annotations

import pytest
from small_tasks import COIN

from simgen.bench import BenchOptions, bench_mixture
from simgen.errors import BadInput
from simgen.spec import Mixture, load_task
from simgen.world.scene.variants import expanded

pytestmark = pytest.mark.slow


def arms() -> Mixture:
    robots = ["panda", {"use": "so100", "weight": 2}]
    found = expanded(load_task({**COIN, "name": "arms", "robot": {"choose": robots}}))
    assert isinstance(found, Mixture)
    return found


def test_it_compares_with_the_mean_of_the_tasks() -> None:
    result = bench_mixture(arms(), BenchOptions(num_envs=3, steps=2, repetitions=1))
    assert {name: part["share"] for name, part in result["parts"].items()} == {
        "arms-panda": 1 / 3,
        "arms-so100": 2 / 3,
    }
    mean = 1.0 / sum(part["share"] / part["fps"] for part in result["parts"].values())
    assert result["harmonic_mean_fps"] == pytest.approx(mean)
    assert result["ratio"] == pytest.approx(result["total_fps"] / mean)


def test_a_peer_is_compared_with_one_task() -> None:
    with pytest.raises(BadInput, match="arms is a mixture of tasks; compare one of them"):
        bench_mixture(arms(), BenchOptions(against="maniskill"))
