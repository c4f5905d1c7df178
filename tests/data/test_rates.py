"""Intervals of success rates."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from simgen.data.rates import wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (3, 7), (61, 64), (64, 64), (1, 1)])
def test_wilson_is_that_of_scipy(successes, trials):
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-9)
