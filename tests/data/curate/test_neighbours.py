"""Near-duplicates among many: none is missed that a comparison of each with each finds, and memory stays small."""

from __future__ import annotations

import numpy as np

from simgen.data.curate.filters.duplicate import DuplicateSpec
from simgen.data.curate.neighbours import find_duplicates
from simgen.data.curate.signature import MOMENTS, Kind, perceptual_hash

KIND = Kind("test", pictures=0, positions=3, joints=2, actions=1)


def _table(rows: int, rng: np.random.Generator) -> np.ndarray:
    table = np.zeros(rows, KIND.dtype)
    table["motion"] = rng.uniform(-0.02, 0.02, table["motion"].shape)
    return table


def test_the_tree_finds_what_comparing_each_with_each_finds() -> None:
    rng, spec = np.random.default_rng(0), DuplicateSpec()
    table = _table(3000, rng)
    originals = rng.choice(3000, 400, replace=False)
    table["motion"][originals[:200]] = table["motion"][originals[200:]] + rng.uniform(-0.006, 0.006, (200, 6 * MOMENTS))
    tolerances = KIND.tolerances(spec)
    kept: list[int] = []
    expected = set()
    for row in range(3000):
        apart = np.abs((table["motion"][kept] - table["motion"][row]) / tolerances).max(axis=1, initial=0)
        if len(kept) and (apart <= 1).any():
            expected.add(row)
        else:
            kept.append(row)

    found = find_duplicates(table, np.arange(3000), KIND, spec)

    assert set(found) == expected
    assert all(other < row and share <= 1 for row, (other, share) in found.items())


def test_only_the_rows_that_are_asked_for_count() -> None:
    table = _table(10, np.random.default_rng(1))
    table["motion"][5] = table["motion"][2]

    assert set(find_duplicates(table, np.arange(10), KIND, DuplicateSpec())) == {5}
    assert not find_duplicates(table, np.array([0, 1, 5, 9]), KIND, DuplicateSpec())


def test_the_hash_of_a_picture_survives_noise_and_brightness_and_not_another_picture() -> None:
    rng = np.random.default_rng(2)
    picture, other = (rng.integers(0, 200, (8, 8, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8) for _ in range(2))
    noisy = np.clip(picture * 1.1 + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)

    def apart(first: np.ndarray, second: np.ndarray) -> int:
        return (perceptual_hash(first) ^ perceptual_hash(second)).bit_count()

    assert apart(picture, noisy) <= 6
    assert apart(picture, other) > 16
