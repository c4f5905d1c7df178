"""Which indices are given out, in whatever order they end and whoever may have them."""

from __future__ import annotations

import random

import pytest

from simgen.generate.schedule import Schedule


def outcome(index: int) -> bool:
    return random.Random(index).random() < 0.6


def lowest(wanted: int) -> tuple[set[int], int]:
    """Returns the successes of lowest index, and how many attempts they take."""
    kept: set[int] = set()
    index = 0
    while len(kept) < wanted:
        kept |= {index} if outcome(index) else set()
        index += 1
    return kept, index


@pytest.mark.parametrize("seed", range(20))
def test_what_is_kept_does_not_depend_on_who_takes_what(seed: int) -> None:
    rng = random.Random(seed)
    schedule = Schedule(40, (), (), 1000)
    blocks = rng.choice([1, 4, 16])
    while len(schedule.kept) < 40:
        mine = rng.randrange(3)
        index = schedule.take(lambda index, mine=mine: (index // blocks) % 3 == mine)
        if index is None or rng.random() < 0.3:
            for done in rng.sample(sorted(schedule.running), min(3, len(schedule.running))):
                end = rng.random()
                if end < 0.2:
                    schedule.put_back(done)
                elif outcome(done):
                    schedule.keep(done)
                else:
                    schedule.reject(done)
                if end > 0.9:
                    schedule.forget(done)
    kept, attempts = lowest(40)
    assert schedule.kept == kept
    assert schedule.attempts == attempts


def test_nothing_is_given_out_that_may_not_be_needed() -> None:
    schedule = Schedule(3, (), (), 100)
    assert [schedule.take() for _ in range(4)] == [0, 1, 2, None]
    assert schedule.take(lambda index: index >= 3) is None
    schedule.reject(1)
    assert schedule.peek() == 3
    assert schedule.missing == 1
    assert [schedule.take(), schedule.take()] == [3, None]


def test_the_budget_ends_it() -> None:
    schedule = Schedule(2, (), (), 3)
    for index in range(3):
        assert schedule.take() == index or index == 2
        if index in schedule.running:
            schedule.reject(index)
    assert schedule.take() is None or schedule.running
    for index in list(schedule.running):
        schedule.reject(index)
    assert schedule.exhausted
