"""Reading: lazily, filtered, in windows, in worker processes, and by ManiSkill's own loader."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synthetic_episodes import SEGMENTATION, make_episode

from simgen.data import Windows, check_dataset, content_hash, open_dataset
from simgen.errors import BadInput


@pytest.fixture
def dataset(write_dataset: Callable[..., Path]):
    episodes = [make_episode(index, length=4 + 10 * index) for index in range(5)]
    return open_dataset(write_dataset(episodes=episodes + [make_episode(2, "teacher")], episodes_per_shard=2))


def test_episodes_come_back(dataset) -> None:
    assert len(dataset) == 6
    assert [(episode.phase, episode.index) for episode in dataset] == [("random", i) for i in range(5)] + [
        ("teacher", 2)
    ]
    for episode in dataset:
        whole = episode.read()
        length = 4 + 10 * episode.index if episode.phase == "random" else 6
        assert content_hash(whole) == episode.sha256 == content_hash(make_episode(episode.index, episode.phase, length))
        assert whole.segmentation_ids == SEGMENTATION
    with pytest.raises(IndexError):
        dataset[6]
    assert dataset[-1].phase == "teacher"
    assert len(dataset[1:3]) == 2


def test_frames_are_read_lazily(dataset) -> None:
    episode = dataset[4]
    expected = make_episode(4, length=44).arrays["obs/sensor_data/base/rgb"]
    frames = episode.obs["sensor_data/base/rgb"]
    assert frames.shape == (45, 16, 16, 3)
    np.testing.assert_array_equal(frames[3], expected[3])
    np.testing.assert_array_equal(episode.rgb("base")[-1], expected[-1])
    np.testing.assert_array_equal(np.asarray(episode.obs.below("sensor_data/base")["rgb"]), expected)
    assert episode.depth("base").dtype == np.int16
    assert episode.cameras == dataset.cameras == ["base"]
    assert episode.actions.shape == (44, 8)
    with pytest.raises(BadInput, match="did you mean 'base'"):
        episode.rgb("bases")
    with pytest.raises(KeyError, match="there are: actions"):
        episode.arrays["action"]


def test_a_dataset_that_was_made_anew_is_read_anew(write_dataset: Callable[..., Path]) -> None:
    episode = make_episode(0)
    path = write_dataset(episodes=[episode])
    assert open_dataset(path)[0].segmentation_ids == SEGMENTATION
    shutil.rmtree(path)
    episode.segmentation_ids = {3: {"name": "bowl", "class": "bowl"}}
    write_dataset(episodes=[episode])
    assert open_dataset(path)[0].segmentation_ids == episode.segmentation_ids


def test_filters(dataset) -> None:
    assert [episode.index for episode in dataset.filter(phase="random", success=True)] == [1, 2, 4]
    assert len(dataset.filter(task="other")) == 0
    assert [episode.length for episode in dataset.filter(where=lambda episode: episode.length > 30)] == [34, 44]
    assert dataset.episode("teacher", 2).seed == 1002
    with pytest.raises(BadInput, match="has no episode 9 in phase 'teacher'"):
        dataset.episode("teacher", 9)
    with pytest.raises(BadInput, match="is not a simgen dataset"):
        open_dataset(dataset.path / "shards")


def test_features_and_statistics(dataset) -> None:
    actions = np.concatenate([episode.actions for episode in dataset]).astype(np.float64)
    statistics = dataset.statistics["actions"]
    assert statistics["count"] == len(actions)
    np.testing.assert_allclose(statistics["mean"], actions.mean(axis=0))
    np.testing.assert_allclose(statistics["std"], actions.std(axis=0))
    np.testing.assert_array_equal(statistics["min"], actions.min(axis=0))
    rgb = dataset.features["obs/sensor_data/base/rgb"]
    assert rgb == {"dtype": "uint8", "shape": [16, 16, 3], "time": "T+1", "unit": "0..255"}
    assert "obs/sensor_data/base/rgb" not in dataset.statistics


def test_many_files_stay_open_in_small_number(write_dataset: Callable[..., Path]) -> None:
    path = write_dataset(episodes=[make_episode(index) for index in range(20)], episodes_per_shard=1)
    dataset = open_dataset(path)
    for episode in [*dataset, *dataset]:
        assert episode.rgb("base")[0].shape == (16, 16, 3)
    assert len(dataset._files._files) == 8
    copy = pickle.loads(pickle.dumps(dataset))
    np.testing.assert_array_equal(copy[3].actions, dataset[3].actions)


def test_windows_in_loader_workers(dataset) -> None:
    from torch.utils.data import DataLoader

    dataset[0].rgb("base")[0]  # a file is open when the workers are forked
    keys = ["obs/sensor_data/base/rgb", "actions"]
    windows = Windows(dataset, length=8, keys=keys, stride=3)
    assert len(windows) == sum((length - 8) // 3 + 1 for length in (14, 24, 34, 44))
    batches = list(DataLoader(windows, batch_size=4, num_workers=2))
    assert sum(len(batch["actions"]) for batch in batches) == len(windows)
    rows = [row for batch in batches for row in batch["actions"].numpy()]
    frames = [row for batch in batches for row in batch["obs/sensor_data/base/rgb"].numpy()]
    for number in range(len(windows)):
        episode, start = windows.locate(number)
        np.testing.assert_array_equal(rows[number], dataset[episode].actions[start : start + 8])
        np.testing.assert_array_equal(frames[number], dataset[episode].rgb("base")[start : start + 8])
    with pytest.raises(BadInput, match="did you mean 'actions'"):
        Windows(dataset, length=8, keys=["action"])


MANISKILL = """
import sys
import hdf5plugin
import numpy as np
from mani_skill.trajectory.dataset import ManiSkillTrajectoryDataset
for path in sys.argv[1:]:
    data = ManiSkillTrajectoryDataset(path)
    assert data.env_id == "pick_cube" and len(data) == 18, len(data)
    assert data.obs["sensor_data"]["base"]["rgb"].shape == (18, 16, 16, 3)
    assert data[7]["obs"]["agent"]["qpos"].shape == (9,)
    np.save(path + ".npy", data.obs["sensor_data"]["base"]["depth"])
    assert len(ManiSkillTrajectoryDataset(path, success_only=False, load_count=1)) == 6
"""


def test_maniskill_reads_our_shards(write_dataset: Callable[..., Path]) -> None:
    episodes = [make_episode(index) for index in range(3)]
    shards = [write_dataset(codec, episodes, codec=codec) / "shards/shard-000000.h5" for codec in ("blosc2", "gzip")]
    command = [sys.executable, "-c", MANISKILL, *map(str, shards)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = np.concatenate([episode.arrays["obs/sensor_data/base/depth"][:6] for episode in episodes])
    for shard in shards:
        np.testing.assert_array_equal(np.load(f"{shard}.npy"), expected)


def test_values_that_make_no_sense_are_reported(write_dataset: Callable[..., Path]) -> None:
    wrong = make_episode(0)
    wrong.arrays["obs/sensor_data/base/depth"][2, 3, 4] = -1
    wrong.arrays["obs/sensor_data/base/segmentation"][0] = 77
    wrong.arrays["obs/agent/qvel"][1, 1] = np.inf
    wrong.arrays["env_states/actors/cube"][3, 3:7] *= 2
    wrong.arrays["actions"][0, 0] = 1.5
    same_seed = make_episode(1)
    same_seed.seed = wrong.seed
    other_shape = make_episode(2)
    other_shape.arrays["obs/extra/goal"] = np.zeros((7, 3), np.float32)
    features = {"actions": {"unit": "normalised", "low": [-1] * 8, "high": [1] * 8}}
    report = check_dataset(write_dataset(episodes=[wrong, same_seed, other_shape], features=features))
    expected = ("negative depth", "[77]", "not finite", "unit length", "beyond high", "the same seed (1000)")
    for text in expected:
        assert sum(text in problem for problem in report.problems) == 1, (text, report.problems)
    assert len(report.problems) == len(expected)
    assert report.episodes == 3
