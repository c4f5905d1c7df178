"""mani_skill's own trajectory loader reads a shard and gets the arrays that were written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from small_tasks import COIN

from simgen.data import EpisodeView, open_dataset
from simgen.generate import GenerateOptions, generate
from simgen.spec import load_task

pytestmark = pytest.mark.slow
CAMERA = {
    "eye": [0.4, 0, 0.5],
    "look_at": [0, 0, 0],
    "fov_deg": 60,
    "size": [32, 24],
    "outputs": ["rgb", "depth", "segmentation"],
}
LOAD = """
import sys
import numpy as np
from mani_skill.trajectory.dataset import ManiSkillTrajectoryDataset

def load(shard, output):
    loaded = ManiSkillTrajectoryDataset(shard)
    flat = {name: getattr(loaded, name) for name in ("actions", "terminated", "truncated", "success", "rewards")}
    def add(tree, prefix):
        for name, value in tree.items():
            add(value, f"{prefix}/{name}") if isinstance(value, dict) else flat.update({f"{prefix}/{name}": value})
    add(loaded.obs, "obs")
    np.savez(output, env_id=loaded.env_id, item=loaded[1]["action"], count=len(loaded), **flat)

assert "hdf5plugin" not in sys.modules
load(sys.argv[1], sys.argv[2])  # gzip needs no plugin
import hdf5plugin
load(sys.argv[3], sys.argv[4])
"""


def test_the_loader_of_mani_skill_reads_shards_of_either_codec(tmp_path: Path) -> None:
    task = load_task({**COIN, "cameras": {"base": CAMERA}})
    command = [sys.executable, "-c", LOAD]
    for codec in ("gzip", "blosc2"):
        generate(task, tmp_path / codec, GenerateOptions(random=3, num_envs=3, codec=codec))
        command += [str(next((tmp_path / codec / "shards").glob("*.h5"))), str(tmp_path / f"{codec}.npz")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    for codec in ("gzip", "blosc2"):
        compare(np.load(tmp_path / f"{codec}.npz"), list(open_dataset(tmp_path / codec)))


def compare(loaded: Mapping[str, np.ndarray], episodes: list[EpisodeView]) -> None:
    """Compares what the loader gave, all steps in a row and without last observations, with the recorded arrays."""
    steps = [episode.length for episode in episodes]
    assert len(set(steps)) > 1, "choose another seed: the episodes should differ in length"
    assert str(loaded["env_id"]) == "coin"
    assert int(loaded["count"]) == sum(steps)
    np.testing.assert_array_equal(loaded["item"], np.concatenate([episode.actions for episode in episodes])[1])
    compared = 0
    for path in episodes[0].arrays:
        if path.startswith("env_states/") or path == "actions_ee":  # which it does not know
            continue
        expected = np.concatenate([episode.arrays[path][: episode.length] for episode in episodes])
        assert loaded[path].shape == expected.shape, path
        np.testing.assert_array_equal(loaded[path], expected, err_msg=path)
        compared += 1
    assert compared == 13
    assert loaded["obs/sensor_data/base/rgb"].dtype == np.uint8
    assert loaded["obs/sensor_data/base/rgb"].any()
