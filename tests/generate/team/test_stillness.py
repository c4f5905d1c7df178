"""Who does nothing is noticed; who was frozen together with us is not blamed."""

from __future__ import annotations

import os

import pytest

from simgen.generate.team import stillness
from simgen.generate.team.stillness import Stillness


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(stillness.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(stillness, "_processor_seconds", lambda pid: 1.0)
    return now


def test_stillness_adds_up_from_look_to_look(clock: list[float]) -> None:
    looks = Stillness()
    looks.seconds(os.getpid())
    for _ in range(5):
        clock[0] += 10.0
        looks.seconds(os.getpid())
    assert looks.seconds(os.getpid()) == 50.0


def test_a_time_in_which_nobody_looked_does_not_count(clock: list[float]) -> None:
    looks = Stillness()
    looks.seconds(os.getpid())
    clock[0] += 3600.0
    assert looks.seconds(os.getpid()) == 0.0
    clock[0] += 5.0
    assert looks.seconds(os.getpid()) == 5.0
