"""Exports to robomimic: names, units, masks, scaled actions, and what a crash leaves."""

from __future__ import annotations

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from export_datasets import export_episode, write_export_dataset

from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.data.export.robomimic.exporter import Writer
from simgen.errors import SimgenError


def test_a_demonstration_has_robomimics_names_and_units(tmp_path):
    source = write_export_dataset(tmp_path / "data")
    summary = export_dataset(source, tmp_path / "out", ExportOptions("robomimic"))
    with h5py.File(tmp_path / "out" / "demos.hdf5") as file, open_dataset(source) as dataset:
        assert set(file["data"]) == {f"demo_{i}" for i in range(5)}
        assert file["data"].attrs["total"] == sum(episode.length for episode in dataset) == summary.frames
        assert json.loads(file["data"].attrs["env_args"])["env_name"] == "pick_cube"
        demo, episode = file["data/demo_3"], dataset[3]
        pose = episode.arrays["obs/extra/tcp_pose"][()]
        np.testing.assert_array_equal(demo["obs/robot0_eef_pos"], pose[:-1, :3])
        np.testing.assert_array_equal(demo["next_obs/robot0_eef_quat"], pose[1:][:, [4, 5, 6, 3]])
        np.testing.assert_array_equal(demo["obs/robot0_joint_pos"], episode.arrays["obs/agent/qpos"][:-1, :7])
        np.testing.assert_array_equal(demo["obs/robot0_gripper_qpos"], episode.arrays["obs/agent/qpos"][:-1, 7:])
        np.testing.assert_array_equal(demo["obs/wrist_image"], episode.rgb("wrist")[:-1])
        depth = episode.depth("base")[1:].astype(np.float32) / 1000
        np.testing.assert_allclose(demo["next_obs/base_depth"], depth, rtol=1e-6)
        assert demo["obs/object"].shape == (episode.length, 7)
        assert demo["dones"][-1] == 1
        assert demo.attrs["num_samples"] == len(demo["actions"]) == len(demo["states"])


def test_masks_share_no_seed_and_cover_all(tmp_path):
    export_dataset(write_export_dataset(tmp_path / "data"), tmp_path / "out",
                   ExportOptions("robomimic", settings={"valid": 0.4}))  # fmt: skip
    with h5py.File(tmp_path / "out" / "demos.hdf5") as file:
        train, valid = (set(file[f"mask/{name}"][()]) for name in ("train", "valid"))
        assert len(valid) == 2
        assert train.isdisjoint(valid)
        assert len(train | valid) == 5
        seeds = {name: {file[f"data/{demo.decode()}"].attrs["seed"] for demo in demos}
                 for name, demos in (("train", train), ("valid", valid))}  # fmt: skip
        assert seeds["train"].isdisjoint(seeds["valid"])


def test_actions_beyond_one_are_scaled_and_the_scale_is_said(tmp_path):
    episode = export_episode(1)
    large = replace(episode, arrays={**episode.arrays, "actions": episode.arrays["actions"] * np.float32(3)})
    export_dataset(write_export_dataset(tmp_path / "data", [export_episode(0), large]), tmp_path / "out",
                   ExportOptions("robomimic"))  # fmt: skip
    with h5py.File(tmp_path / "out" / "demos.hdf5") as file:
        found, scale = file["data/demo_1/actions"][()], file["data"].attrs["action_scale"]
    assert np.abs(found).max() <= 1.0
    assert scale.max() > 1.0
    np.testing.assert_allclose(found * scale, large.arrays["actions"], rtol=1e-6)


def test_a_run_goes_on_after_a_crash(tmp_path, monkeypatch):
    source, add = write_export_dataset(tmp_path / "data"), Writer.add

    def failing(self, episode):
        if episode.number == 3:
            raise SimgenError("the power went")
        return add(self, episode)

    monkeypatch.setattr(Writer, "add", failing)
    with pytest.raises(SimgenError, match="power"):
        export_dataset(source, tmp_path / "out", ExportOptions("robomimic"))
    assert not (tmp_path / "out" / "demos.hdf5").exists()
    added = []
    monkeypatch.setattr(Writer, "add", lambda self, episode: added.append(episode.number) or add(self, episode))
    export_dataset(source, tmp_path / "out", ExportOptions("robomimic"))
    assert added == [3, 4]


def test_a_damaged_export_is_found(tmp_path, monkeypatch):
    source, complete = write_export_dataset(tmp_path / "data"), Writer._complete

    def damaging(self, file, scale):
        complete(self, file, scale)
        file["data/demo_2/obs/robot0_eef_pos"][1, 0] += 1

    monkeypatch.setattr(Writer, "_complete", damaging)
    with pytest.raises(SimgenError, match="robot0_eef_pos"):
        export_dataset(source, tmp_path / "out", ExportOptions("robomimic"))


def test_without_cameras_and_next_obs(tmp_path):
    options = ExportOptions("robomimic", cameras=("none",), settings={"next_obs": False}, phase="teacher")
    export_dataset(write_export_dataset(tmp_path / "data"), tmp_path / "out", options)
    with h5py.File(tmp_path / "out" / "demos.hdf5") as file:
        assert set(file["data"]) == {"demo_0", "demo_1"}
        assert "next_obs" not in file["data/demo_0"]
        assert not [key for key in file["data/demo_0/obs"] if key.endswith(("image", "depth"))]
