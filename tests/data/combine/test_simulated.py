"""Datasets of real runs: what was combined can still be replayed, and assets are told from seeds."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_datasets import spec_of, write
from small_tasks import standing, task_of

from simgen.data import check_dataset, merge_datasets, open_dataset, split_dataset
from simgen.data.combine.assets import assets_of
from simgen.data.replay import replay_episode
from simgen.generate import GenerateOptions, generate
from simgen.spec import TaskSpec

pytestmark = pytest.mark.slow


def task() -> TaskSpec:
    """Two boxes that only their size tells apart, and a mug; a camera is not needed to tell them."""
    shapes = [{"box": [0.04, 0.04, 0.04]}, {"box": [0.06, 0.06, 0.06]}, {"mug": {}}]
    return task_of({"thing": standing({"choose": shapes})}, episode={"max_steps": 2})


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Episodes of a task that can be simulated, behind some of one that cannot."""
    root = tmp_path_factory.mktemp("simulated")
    generate(task(), root / "small", GenerateOptions(random=8, num_envs=8, seed=1))
    write(root / "push", 3, range(3), spec=spec_of(3, name="push_cube"))
    merge_datasets([root / "push", root / "small"], root / "merged")
    return root / "merged"


def test_moved_episodes_are_replayed_identically(merged: Path) -> None:
    dataset = open_dataset(merged)
    assert check_dataset(merged).problems == []
    assert [episode.task for episode in dataset] == ["push_cube"] * 3 + ["small"] * 8
    assert dataset[10].index != 7
    assert replay_episode(merged, 10).identical


def test_assets_of_one_kind_are_told_apart_by_size(merged: Path, tmp_path: Path) -> None:
    dataset = open_dataset(merged).filter(task="small")
    things = [assets["thing"] for assets in assets_of(dataset)]
    assert [thing.split()[0] for thing in things] == [
        next(label["class"] for label in episode.segmentation_ids.values() if label["body"] == "thing")
        for episode in dataset
    ]
    assert len({thing for thing in things if thing.startswith("box")}) == 2
    known = {episode.sha256: thing for episode, thing in zip(dataset, things, strict=True)}
    fractions = {"train": 0.4, "val": 0.3, "test": 0.3}
    split = split_dataset(merged, tmp_path / "out", by="asset", fractions=fractions, objects=["thing"])
    parts = [open_dataset(tmp_path / "out" / name).filter(task="small") for name in split.parts]
    found = [{known[episode.sha256] for episode in part} for part in parts]
    assert sorted(thing for part in found for thing in part) == sorted(set(things))
