"""Makes the helpers of this folder importable by its tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter


@pytest.fixture
def write_dataset(tmp_path: Path) -> Callable[..., Path]:
    """Writes the given episodes (default: 6) into a new dataset and returns its directory."""

    def write(name: str = "dataset", episodes: list | None = None, **options) -> Path:
        with DatasetWriter(tmp_path / name, SPEC, **{"episodes_per_shard": 4, **options}) as writer:
            for episode in episodes or [make_episode(index) for index in range(6)]:
                writer.write(episode)
        return tmp_path / name

    return write
