"""robomimic files: observations with the last of next_obs, labels where the rewards are sparse, splits as flags."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_files import write_robomimic

from simgen.data import check_dataset, dataset_info, open_dataset
from simgen.data.import_ import ImportOptions, import_dataset
from simgen.errors import BadInput

UNMOVED = ("robot0_joint_pos", "robot0_eef_pos", "object")


def test_next_obs_gives_the_last_observation(tmp_path: Path) -> None:
    written = write_robomimic(tmp_path / "lift.hdf5")
    summary = import_dataset(tmp_path / "lift.hdf5", tmp_path / "out")
    assert (summary.episodes, summary.frames, summary.fps, summary.remarks) == (2, 10, 25.0, ())
    assert check_dataset(tmp_path / "out").problems == []
    dataset = open_dataset(tmp_path / "out")
    for episode, arrays in zip(dataset, written, strict=True):
        for name in UNMOVED:
            np.testing.assert_array_equal(episode.obs[f"extra/{name}"][()], arrays[name])
        np.testing.assert_array_equal(episode.rgb("agentview")[:], arrays["agentview_image"])
        np.testing.assert_array_equal(episode.actions, arrays["actions"])
        np.testing.assert_array_equal(episode.rewards, arrays["rewards"])
        np.testing.assert_array_equal(episode.arrays["terminated"][()], arrays["dones"].astype(bool))
        assert (episode.task, episode.success) == ("Lift", True)
    assert [episode.flags for episode in dataset] == [["train"], ["valid"]]
    assert dataset.spec["robot"] == {"use": "Panda", "control": "OSC_POSE"}
    assert dataset.spec["source"]["env_args"]["env_name"] == "Lift"


def test_without_next_obs_nothing_is_known_after_the_last_action(tmp_path: Path) -> None:
    written = write_robomimic(tmp_path / "lift.hdf5", next_obs=False, reward_shaping=True)
    summary = import_dataset(tmp_path / "lift.hdf5", tmp_path / "out")
    assert "is stored twice" in summary.remarks[-1]
    episode = open_dataset(tmp_path / "out")[1]
    np.testing.assert_array_equal(episode.actions, written[1]["actions"])
    seen = written[1]["object"][:-1]
    np.testing.assert_array_equal(episode.obs["extra/object"][()], np.concatenate([seen, seen[-1:]]))
    import_dataset(tmp_path / "lift.hdf5", tmp_path / "fewer", ImportOptions(last_step="drop-action"))
    episode = open_dataset(tmp_path / "fewer")[1]
    np.testing.assert_array_equal(episode.actions, written[1]["actions"][:-1])
    np.testing.assert_array_equal(episode.obs["extra/object"][()], seen)
    assert episode.arrays["extra/states"].shape == (5, 32)


def test_success_that_nobody_labelled_is_not_made_up(tmp_path: Path) -> None:
    write_robomimic(tmp_path / "lift.hdf5", reward_shaping=True, images=False)
    import_dataset(tmp_path / "lift.hdf5", tmp_path / "out")
    info = dataset_info(tmp_path / "out")
    assert info["success_rate"] is None
    assert info["phases"]["recorded"]["success_rate"] is None
    assert info["imported_from"] == "robomimic 1.4.1, Panda"
    assert "success_unknown" in open_dataset(tmp_path / "out")[0].flags
    import_dataset(tmp_path / "lift.hdf5", tmp_path / "all", ImportOptions(all_successful=True))
    assert dataset_info(tmp_path / "all")["success_rate"] == 1.0
    assert open_dataset(tmp_path / "all").spec["source"]["success"] == "all successful"


def test_instructions_of_libero_and_robocasa(tmp_path: Path) -> None:
    write_robomimic(tmp_path / "demo.hdf5", images=False)
    with h5py.File(tmp_path / "demo.hdf5", "a") as file:
        file["data"].attrs["problem_info"] = json.dumps({"language_instruction": ["open the drawer"]})
        file["data/demo_1"].attrs["ep_meta"] = json.dumps({"lang": "close the door"})
    import_dataset(tmp_path / "demo.hdf5", tmp_path / "out")
    assert [episode.instruction for episode in open_dataset(tmp_path / "out")] == ["open the drawer", "close the door"]


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path) -> None:
    path, out = tmp_path / "demo.hdf5", tmp_path / "out"
    write_robomimic(path, images=False)

    def refused(match: str) -> None:
        with pytest.raises(BadInput, match=match):
            import_dataset(path, out)
        assert not out.exists()

    with h5py.File(path, "a") as file:
        file["data/demo_1"].attrs["num_samples"] = 9
        del file["data/demo_0/obs/object"]
        file["data/demo_0/obs/object"] = np.zeros((3, 10))
    refused(r"data/demo_0/obs/object has 3 rows, 4 actions(?s:.*)data/demo_1 has 6 actions; num_samples is 9")
    with h5py.File(path, "a") as file:
        file["data"].attrs["total"] = 99
    refused("says 99 samples in total, its 2 demonstrations have 10; is the file half-written")
    with h5py.File(path, "w") as file:
        file.create_group("data")
    refused("data has no group demo_0")
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(BadInput, match="cannot be opened as HDF5"):
        import_dataset(path, out, ImportOptions(format="robomimic"))
