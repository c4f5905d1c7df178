"""What is drawn lies inside the bounds that a distribution states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from simgen.spec import Distribution

NUMBERS = st.floats(-1e3, 1e3)
POSITIVE = st.floats(1e-3, 1e3)


def _ordered(numbers, size):
    if size is None:
        return st.tuples(numbers, numbers).map(sorted)
    vectors = st.lists(st.tuples(numbers, numbers).map(sorted), min_size=size, max_size=size)
    return vectors.map(lambda pairs: [[low for low, _ in pairs], [high for _, high in pairs]])


def _distributions(size):
    value = NUMBERS if size is None else st.lists(NUMBERS, min_size=size, max_size=size)
    half = st.floats(0, 10) if size is None else st.lists(st.floats(0, 10), min_size=size, max_size=size)
    return st.one_of(
        _ordered(NUMBERS, size).map(lambda pair: {"uniform": pair}),
        _ordered(POSITIVE, size).map(lambda pair: {"log_uniform": pair}),
        st.tuples(value, half).map(lambda pair: {"normal": pair}),
        st.lists(value, min_size=1, max_size=5).map(lambda values: {"choose": values}),
        half.map(lambda width: {"jitter": width}),
        _ordered(POSITIVE, size).map(lambda pair: {"scale": pair}),
    )


@settings(max_examples=300, deadline=None)
@given(
    written=st.one_of(_distributions(None), _distributions(2), _distributions(3)),
    seed=st.integers(0, 2**32 - 1),
    base=st.one_of(st.none(), NUMBERS),
)
def test_samples_lie_inside_the_bounds(written, seed, base):
    drawn = Distribution.model_validate(written)
    low, high = drawn.bounds(base)
    for _ in range(5):
        value = drawn.sample(np.random.default_rng(seed), base)
        assert np.all(np.asarray(value) >= np.asarray(low))
        assert np.all(np.asarray(value) <= np.asarray(high))
        assert np.shape(value) == np.shape(low)
        assert isinstance(value, float | np.ndarray)


def test_equal_generators_give_equal_values_and_the_whole_range_is_used():
    drawn = Distribution(uniform=(-1.0, 3.0))
    values = np.array([drawn.sample(np.random.default_rng(seed)) for seed in range(500)])
    assert drawn.sample(np.random.default_rng(7)) == drawn.sample(np.random.default_rng(7))
    assert values.min() < -0.9
    assert values.max() > 2.9
    assert abs(values.mean() - 1.0) < 0.15


def test_log_uniform_spends_as_much_on_each_decade():
    rng = np.random.default_rng(0)
    values = np.array([Distribution(log_uniform=(0.01, 1.0)).sample(rng) for _ in range(2000)])
    assert abs((values < 0.1).mean() - 0.5) < 0.05


def test_a_number_changes_each_component_of_a_vector_on_its_own():
    moved = Distribution(jitter=0.1).sample(np.random.default_rng(0), np.array([1.0, 2.0, 3.0]))
    assert moved.shape == (3,)
    assert len(set(moved - [1.0, 2.0, 3.0])) == 3
    assert np.all(np.abs(moved - [1.0, 2.0, 3.0]) <= 0.1)


def test_weights_of_choose():
    drawn = Distribution(choose=("red", "blue"), weights=(3.0, 1.0))
    rng = np.random.default_rng(0)
    share = np.mean([drawn.sample(rng) == "red" for _ in range(2000)])
    assert abs(share - 0.75) < 0.04
    assert drawn.words == ("red", "blue")
    assert drawn.bounds() is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"uniform": [2, 1]}, "reversed: 2 is above 1"),
        ({"uniform": [[0, 2], [1, 1]]}, "reversed"),
        ({"uniform": [0, [1, 1]]}, "vectors of one length"),
        ({"uniform": [0, 1, 2]}, "must be a list of 2 values"),
        ({"uniform": [0, 1e7]}, "out of range"),
        ({"uniform": [0, float("inf")]}, "finite"),
        ({"uniform": [0, True]}, "must be a number"),
        ({"uniform": ["0", 1]}, "must be a number"),
        ({"log_uniform": [0, 1]}, "numbers above 0"),
        ({"log_uniform": [-1, 1]}, "numbers above 0"),
        ({"normal": [0, -1]}, "negative"),
        ({"choose": []}, "at least 1"),
        ({"choose": [1, "red"]}, "of one kind"),
        ({"choose": [[1, 2], [1]]}, "of one kind"),
        ({"choose": ["a", "b"], "weights": [1, 0]}, "out of range"),
        ({"choose": ["a", "b"], "weights": [1]}, "one number above 0 for each"),
        ({"uniform": [0, 1], "weights": [1]}, "one number above 0 for each"),
        ({"jitter": -0.1}, "0 or more"),
        ({"scale": [0, 1]}, "numbers above 0"),
        ({}, "none of them"),
        ({"uniform": [0, 1], "jitter": 1}, "'uniform' and 'jitter'"),
    ],
)
def test_wrong_distributions(written, message):
    with pytest.raises(ValidationError, match=message):
        Distribution.model_validate(written)
