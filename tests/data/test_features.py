"""Statistics of an episode's small arrays."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.data.features import statistics_of

RNG = np.random.default_rng(0)


def test_each_array_has_the_moments_of_its_own_rows_that_are_finite() -> None:
    broken = RNG.standard_normal((40, 2))
    broken[3, 1], broken[7, 0], broken[9, 1] = np.nan, np.inf, 1e150
    arrays = {
        "broken": broken,
        "flags": RNG.random(40) < 0.5,
        "joints": RNG.standard_normal((40, 9)).astype(np.float32),
        "ids": RNG.integers(0, 2**40, (41, 3)),
        "nothing": np.full(41, np.nan),
        "no columns": np.zeros((41, 0)),
        "images": np.zeros((40, 2, 2, 3), np.uint8),
    }
    found = statistics_of(arrays)
    assert list(found) == ["broken", "flags", "joints", "ids"]
    for path, values in found.items():
        rows = arrays[path].reshape(len(arrays[path]), -1).astype(np.float64)
        rows = rows[[row for row in range(len(rows)) if path != "broken" or row not in (3, 7, 9)]]
        assert values["count"] == len(rows)
        assert values["mean"] == pytest.approx(rows.mean(axis=0))
        assert values["m2"] == pytest.approx(rows.var(axis=0) * len(rows))
        assert (values["min"], values["max"]) == (rows.min(axis=0).tolist(), rows.max(axis=0).tolist())
