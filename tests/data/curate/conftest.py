"""Small datasets whose episodes are sound but for what a test breaks."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from synthetic_episodes import SPEC

from simgen.data import DatasetWriter, Episode
from simgen.data.curate.subject import Subject, TaskFacts
from simgen.data.reader import open_dataset

WriteEpisodes = Callable[..., Path]
_numbers = itertools.count()


@pytest.fixture
def write_episodes(tmp_path: Path) -> WriteEpisodes:
    """Writes episodes into a new dataset; returns its directory."""

    def write(episodes: Sequence[Episode], name: str = "dataset", spec: dict | None = None) -> Path:
        phases = list(dict.fromkeys(episode.phase for episode in episodes))
        with DatasetWriter(tmp_path / name, spec or SPEC, episodes_per_shard=4, phases=phases, codec="zstd") as writer:
            writer.describe({"actions": {"low": [-1.0] * 8, "high": [1.0] * 8}})
            for episode in episodes:
                writer.write(episode)
        return tmp_path / name

    return write


@pytest.fixture
def subjects_of(write_episodes: WriteEpisodes) -> Callable[..., list[Subject]]:
    """Writes episodes and returns them as filters see them."""

    def make(episodes: Sequence[Episode], spec: dict | None = None) -> list[Subject]:
        dataset = open_dataset(write_episodes(episodes, f"some-{next(_numbers)}", spec))
        notes = dataset.manifest["feature_notes"]
        return [Subject(episode, TaskFacts(episode.task, dataset.spec, notes)) for episode in dataset]

    return make


@pytest.fixture
def subject_of(subjects_of: Callable[..., list[Subject]]) -> Callable[..., Subject]:
    """The same for a single one."""
    return lambda episode, spec=None: subjects_of([episode], spec)[0]
