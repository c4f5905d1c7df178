"""Rows come to the host as they were, in their order, and late where a device computes on meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from simgen.env.download import SLOTS, Arrival, Downloads, Rows
from simgen.env.verdict import Verdict
from simgen.world import host
from simgen.world.engine.base import Faults

CPU = torch.device("cpu")


class Seen:
    """What was used, in order: copies, and the arrays themselves."""

    def __init__(self) -> None:
        self.rows: list[dict[str, list]] = []
        self.arrays: list[np.ndarray] = []

    def use(self, rows: Rows) -> None:
        self.rows.append({name: row.tolist() for name, row in rows.items()})
        self.arrays += rows.values()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Downloads:
    monkeypatch.setattr(host, "waits_for", lambda device: True)
    return Downloads(CPU)


def test_on_a_cpu_rows_are_used_at_once_and_not_copied() -> None:
    rows, seen = torch.arange(3.0), Seen()
    Downloads(CPU).put({"rows": rows}, seen.use)
    assert seen.rows == [{"rows": [0.0, 1.0, 2.0]}]
    assert np.shares_memory(seen.arrays[0], rows.numpy())


def test_later_steps_do_not_change_rows_that_are_under_way(late: Downloads) -> None:
    image, seen = torch.zeros(2, 3, dtype=torch.uint8), Seen()
    for step in range(7):
        image.fill_(step)  # a camera's buffer: each step draws into it again
        late.put({"image": image, "step": torch.tensor([step])}, seen.use)
        assert len(seen.rows) == max(0, step + 1 - SLOTS), "used when its memory is needed, not before"
    late.flush()
    assert [rows["step"] for rows in seen.rows] == [[step] for step in range(7)]
    assert [rows["image"] for rows in seen.rows] == [[[step] * 3] * 2 for step in range(7)]
    late.flush()
    assert len(seen.rows) == 7


def test_the_memory_is_used_again(late: Downloads) -> None:
    seen = Seen()
    for step in range(6):
        late.put({"rows": torch.full((4,), step)}, seen.use)
    late.flush()
    assert len({array.__array_interface__["data"][0] for array in seen.arrays}) == SLOTS


def test_moments_may_have_different_rows(late: Downloads) -> None:
    seen = Seen()
    late.put({"state": torch.tensor([1])}, seen.use)
    for step in (2, 3):
        late.put({"action": torch.tensor([-step]), "state": torch.tensor([step])}, seen.use)
    late.put({"state": torch.tensor([4])}, seen.use)
    late.flush()
    assert seen.rows == [{"state": [1]}, {"action": [-2], "state": [2]}, {"action": [-3], "state": [3]}, {"state": [4]}]


def test_an_arrival_is_a_copy_of_what_was() -> None:
    tensor = torch.tensor([1, 2])
    arrival = Arrival({"numbers": tensor})
    tensor.zero_()
    assert arrival.rows()["numbers"].tolist() == [1, 2]


def test_a_verdict_tells_ends_and_faults_apart() -> None:
    bits = torch.tensor([0, 3, 0, 1 << 30], dtype=torch.int32)
    faults = Faults(bits, lambda bits: f"engine {bits}").also(torch.tensor([False, False, True, True]), "above")
    verdict = Verdict(torch.tensor([True, True, False, False]), faults)
    assert verdict.ended.tolist() == [True, True, False, False]
    assert verdict.problems == faults.told() == {1: "engine 3", 2: "above", 3: "above"}
