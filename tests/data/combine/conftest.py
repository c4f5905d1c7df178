"""Small datasets to be combined, written once; a test gets copies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from small_datasets import spec_of, write


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Datasets of one task: "one" and "two" by runs with other seeds, "more" goes on with "one"; "push" of another."""
    root = tmp_path_factory.mktemp("combine")
    notes = {"actions": {"unit": "shares", "low": [-1.0] * 8, "high": [1.0] * 8}, "rewards": {"unit": "points"}}
    write(root / "one", 1, range(6), [0, 2, 3], failed=[1], features=notes)
    write(root / "two", 2, range(5), [1], failed=[0], features=notes)
    write(root / "more", 1, range(6, 9), features=notes)
    push = spec_of(3, name="push_cube", episode={"max_steps": 80})
    write(root / "push", 3, range(3), spec=push, codec="gzip", features={"rewards": {"unit": "metres"}})
    return root


@pytest.fixture
def datasets(written: Path, tmp_path: Path) -> Path:
    """A folder with copies of the datasets."""
    return shutil.copytree(written, tmp_path / "datasets")
