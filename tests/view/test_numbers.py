"""Numbers for people."""

from __future__ import annotations

import pytest

from simgen.view.report.numbers import byte_size, count, duration, percent
from simgen.view.report.svg import ticks


def test_percent_never_claims_what_is_not():
    assert [percent(rate) for rate in (1.0, 0.9999, 0.5714, 0.0002, 0.0)] == [
        "100 %", "> 99.9 %", "57.1 %", "< 0.1 %", "0 %",
    ]  # fmt: skip


def test_numbers_have_the_digits_that_a_reader_wants():
    assert [count(value) for value in (7, 12345, 12_345_678)] == ["7", "12,345", "12.3 million"]
    assert [byte_size(value) for value in (999, 7_600, 91_457_267)] == ["999 bytes", "7.6 kB", "91.5 MB"]
    assert [duration(seconds) for seconds in (2.45, 474, 7200)] == ["2.5 s", "7.9 min", "2.0 h"]


def test_ticks_are_round_and_inside():
    assert ticks((0.0, 1.0), 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks((-0.13, 0.31), 5) == pytest.approx([-0.1, 0, 0.1, 0.2, 0.3])
    assert ticks((2.0, 2.0), 4) == [2.0]
