"""ManiSkill trajectories of all observation modes, those that mani_skill itself wrote, and our own shards."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from data.synthetic_episodes import SPEC, make_episode
from hdf5_files import write_maniskill

from simgen.data import DatasetWriter, check_dataset, open_dataset
from simgen.data.import_ import ImportOptions, import_dataset
from simgen.errors import BadInput, SimgenError

MODES = ("none", "state", "state_dict", "pointcloud", "flattened", "rgb+depth+segmentation")
RECORD = """
import sys
import gymnasium, numpy as np
import mani_skill.envs
from mani_skill.utils.wrappers.record import RecordEpisode

env = gymnasium.make("PickCube-v1", obs_mode="state_dict", num_envs=1, sim_backend="physx_cpu", render_backend="none")
env = RecordEpisode(env, sys.argv[1], save_video=False, trajectory_name="trajectory")
rng = np.random.default_rng(0)
for seed in (5, 8):
    env.reset(seed=seed)
    for _ in range(4):
        env.step(rng.uniform(-1, 1, env.action_space.shape).astype(np.float32))
env.close()
"""


@pytest.mark.parametrize("mode", MODES)
def test_all_arrays_of_every_observation_mode_come_over(mode: str, tmp_path: Path) -> None:
    written = write_maniskill(tmp_path / "source", mode)
    summary = import_dataset(tmp_path / "source", tmp_path / "out")
    assert (summary.episodes, summary.frames, summary.fps) == (2, 10, 25.0)
    assert check_dataset(tmp_path / "out").problems == []
    moved = {"obs": "obs/extra/state", "obs/state": "obs/extra/state"}
    for episode, arrays in zip(open_dataset(tmp_path / "out"), written, strict=True):
        assert (episode.task, episode.seed, episode.success) == ("PickCube-v1", 100 + episode.index, episode.index == 0)
        expected = {moved.get(path, path): array for path, array in arrays.items() if path != "obs/rgb"}
        if "obs/rgb" in arrays:
            expected["obs/sensor_data/camera_0/rgb"] = arrays["obs/rgb"][..., :3]
            expected["obs/sensor_data/camera_1/rgb"] = arrays["obs/rgb"][..., 3:]
        assert set(episode.arrays) == set(expected)
        for path, array in expected.items():
            np.testing.assert_array_equal(episode.arrays[path][()], array, err_msg=path)
            assert episode.arrays[path].dtype == array.dtype, path


def test_smaller_images_keep_depth_ids_and_the_matrix_consistent(tmp_path: Path) -> None:
    written = write_maniskill(tmp_path / "source")
    import_dataset(tmp_path / "source" / "trajectory.h5", tmp_path / "out", ImportOptions(size=(16, 12)))
    episode = open_dataset(tmp_path / "out")[0]
    assert episode.rgb("base_camera").shape == (5, 12, 16, 3)
    picked = written[0]["obs/sensor_data/base_camera/depth"][:, 1::2, 1::2]
    np.testing.assert_array_equal(episode.depth("base_camera")[:], picked)
    matrix = episode.arrays["obs/sensor_param/base_camera/intrinsic_cv"][0]
    np.testing.assert_allclose(matrix, [[15, 0, 7.75], [0, 15, 5.75], [0, 0, 1]])
    assert {entry["class"] for entry in episode.segmentation_ids.values()} == {"unknown"}


@pytest.mark.slow
def test_what_mani_skill_records_is_read(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", RECORD, str(tmp_path / "source")], capture_output=True, timeout=120)
    assert ended.returncode == 0, ended.stderr.decode()
    summary = import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(instruction="pick up the cube"))
    assert (summary.episodes, summary.frames, summary.fps) == (2, 8, 20.0)
    assert "default 20 Hz" in summary.remarks[0]
    assert check_dataset(tmp_path / "out").problems == []
    episode = open_dataset(tmp_path / "out")[1]
    assert (episode.seed, episode.instruction) == (8, "pick up the cube")
    with h5py.File(tmp_path / "source/trajectory.h5") as file:
        for path in ("actions", "rewards", "obs/agent/qpos", "obs/extra/tcp_pose", "env_states/actors/cube"):
            np.testing.assert_array_equal(episode.arrays[path][()], file[f"traj_1/{path}"][()], err_msg=path)


def test_our_own_shards_come_back_unchanged(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "dataset", SPEC, phases=["random", "teacher"]) as writer:
        for index in range(3):
            writer.write(make_episode(index, "random"))
            writer.write(make_episode(index, "teacher"))
    import_dataset(tmp_path / "dataset" / "shards", tmp_path / "out")
    before, after = open_dataset(tmp_path / "dataset"), open_dataset(tmp_path / "out")
    assert [episode.sha256 for episode in after] == [episode.sha256 for episode in before]
    assert after.phases == ["random", "teacher"]
    with pytest.raises(BadInput, match="is a simgen dataset already"):
        import_dataset(tmp_path / "dataset", tmp_path / "other")


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_maniskill(source, "state")

    def refused(match: str, **options: bool) -> None:
        with pytest.raises(BadInput, match=match):
            import_dataset(source, out, ImportOptions(**options))
        assert not out.exists()

    record = json.loads((source / "trajectory.json").read_text())
    record["episodes"][1]["elapsed_steps"] = 9
    record["episodes"].append({**record["episodes"][0], "episode_id": 2})
    (source / "trajectory.json").write_text(json.dumps(record))
    refused(r"2 of 3 episodes(?s:.*)traj_1 has 6 actions; elapsed_steps is 9(?s:.*)has no traj_2")
    (source / "trajectory.json").write_text(json.dumps(record)[:-20])
    refused(r"trajectory\.json: is no JSON")
    (source / "trajectory.json").write_text(json.dumps({"episodes": []}))
    refused("env_info: Field required")
    (source / "trajectory.json").unlink()
    refused(r"trajectory\.json: is missing; ManiSkill writes it")
    shutil.rmtree(source)
    write_maniskill(source, "state", name="a")
    write_maniskill(source, "state", name="b", env_info={"env_id": "StackCube-v1", "env_kwargs": {}})
    refused("a.h5 has env_id PickCube-v1, b.h5 has StackCube-v1")


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write_maniskill(tmp_path / "source", "state_dict", name="a")
    write_maniskill(tmp_path / "source", "state_dict", name="b")
    path = tmp_path / "source/b.h5"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SimgenError, match=r"b\.h5: cannot be opened as HDF5; is it cut off"):
        import_dataset(tmp_path / "source", tmp_path / "out")
    summary = import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(skip_bad=True))
    assert (summary.episodes, summary.skipped) == (2, 2)
    assert "seeds are missing or repeat: episodes are seeded by their numbers" in summary.remarks
