"""The numbers of a dataset's episodes are dealt to its tasks by weight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simgen.generate.share import Share, Turns

WEIGHTS = st.lists(st.floats(0.01, 100.0), min_size=1, max_size=8)


@given(WEIGHTS, st.integers(0, 300))
def test_every_beginning_has_the_shares(weights: list[float], total: int) -> None:
    counts = Turns(weights).counts(total)
    assert sum(counts) == total
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - total * weight / sum(weights)) <= len(weights)


@given(WEIGHTS, st.integers(0, 200))
def test_number_and_place_are_inverse_whatever_is_asked_first(weights: list[float], number: int) -> None:
    task, index = Turns(weights).place(number)
    assert Turns(weights).number(task, index) == number


def test_two_to_one() -> None:
    turns = Turns([2.0, 1.0])
    assert [turns.place(number)[0] for number in range(6)] == [0, 1, 0, 0, 1, 0]
    assert turns.counts(7) == [5, 2]


def test_one_task_has_all_numbers() -> None:
    share = Share(Turns([3.0]), 0)
    assert [share.number(index) for index in range(5)] == list(range(5))
    assert share.own("random", [("random", 4), ("teacher", 1)]) == {4: 4}


def test_a_task_knows_its_own_among_all() -> None:
    turns = Turns([1.0, 1.0])
    found = [("teacher", number) for number in range(5)] + [("random", 3)]
    assert Share(turns, 0).own("teacher", found) == {0: 0, 1: 2, 2: 4}
    assert Share(turns, 1).own("teacher", found) == {0: 1, 1: 3}


@pytest.mark.parametrize("weights", [[1.0, 1e6], [1e-9, 1.0]])
def test_a_task_of_little_weight_comes_at_last(weights: list[float]) -> None:
    light = weights.index(min(weights))
    assert Turns(weights).counts(1000)[light] <= 1
