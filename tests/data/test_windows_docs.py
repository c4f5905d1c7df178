"""The training loop in simgen/data/README.md runs, and windows say what does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from synthetic_episodes import make_episode

import simgen.data
from simgen.data import Windows, open_dataset
from simgen.errors import BadInput

README = Path(simgen.data.__file__).with_name("README.md")


def snippets() -> list[str]:
    """The Python in the README."""
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def demo(write_dataset: Callable[..., Path]) -> Path:
    """Teacher episodes of different lengths, all of them successful."""
    episodes = [make_episode(index, "teacher", length=12 + index) for index in range(4)]
    return write_dataset("demo", [replace(episode, success=True) for episode in episodes])


@pytest.mark.parametrize("number", range(2))
def test_the_readme_runs(demo: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.chdir(demo.parent)
    names: dict = {}
    exec(compile(snippets()[number], f"README.md snippet {number}", "exec"), names)
    if "batch" in names:
        assert names["images"].shape == (8, 4, 3, 16, 16)
        assert names["actions"].shape == (8, 4, 8)


def test_workers_and_shuffling_give_every_window_once(demo: Path) -> None:
    windows = Windows(open_dataset(demo), length=5, keys=["obs/sensor_data/*/depth", "actions"], stride=2)
    generator = torch.Generator().manual_seed(1)
    loader = torch.utils.data.DataLoader(windows, batch_size=3, shuffle=True, num_workers=2, generator=generator)
    batches = list(loader)
    assert batches[0]["obs/sensor_data/base/depth"].shape == (3, 5, 16, 16, 1)
    seen = torch.cat([batch["actions"] for batch in batches]).flatten(1)
    there = torch.stack([windows[number]["actions"] for number in range(len(windows))]).flatten(1)
    assert not torch.equal(seen, there)
    assert torch.equal(seen[seen[:, 0].argsort()], there[there[:, 0].argsort()])


def test_normalized_and_back(demo: Path) -> None:
    dataset = open_dataset(demo)
    plain, normal = (Windows(dataset, 4, ["actions"], normalize=keys) for keys in ([], ["actions"]))
    everything = np.concatenate([episode.actions for episode in dataset])
    mean, std = torch.from_numpy(everything.mean(0)), torch.from_numpy(everything.std(0))
    expected = (plain[3]["actions"] - mean) / std
    torch.testing.assert_close(normal[3]["actions"], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(normal.denormalize("actions", normal[3]["actions"]), plain[3]["actions"])
    with pytest.raises(BadInput, match="unknown array with statistics 'obs/sensor_data/base/rgb'"):
        Windows(dataset, 4, ["obs/sensor_data/base/rgb"], normalize=["obs/sensor_data/base/rgb"])


def test_tasks_that_do_not_stack_are_told(write_dataset: Callable[..., Path]) -> None:
    small = [make_episode(index) for index in range(2)]
    large = [replace(make_episode(index, size=32), task="other") for index in range(2, 4)]
    dataset = open_dataset(write_dataset("mixed", [*small, *large]))
    with pytest.raises(BadInput, match=r"\[16, 16, 3\] in pick_cube and \[32, 32, 3\] in other.*ConcatDataset"):
        Windows(dataset, 4, ["obs/sensor_data/base/rgb"])
    assert len(Windows(dataset, 4, ["actions"])) == 4 * 3
    parts = [Windows(dataset.filter(task=task), 4, ["obs/sensor_data/base/rgb"]) for task in dataset.tasks]
    assert len(torch.utils.data.ConcatDataset(parts)) == 4 * 3


def test_keys_must_have_a_row_for_each_step(demo: Path, write_dataset: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match="not one text"):
        Windows(open_dataset(demo), 4, "actions")
    with pytest.raises(BadInput, match="unknown array 'obs/sensor_data/wrist/\\*'"):
        Windows(open_dataset(demo), 4, ["obs/sensor_data/wrist/*"])
    with_map = make_episode(0)
    with_map.arrays["map/occupancy"] = np.zeros((40, 40), np.uint8)
    with pytest.raises(BadInput, match="map/occupancy: has not one row for each step"):
        Windows(open_dataset(write_dataset("map", [with_map])), 4, ["map/occupancy"])
