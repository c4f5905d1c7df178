"""Exports to WebDataset: samples, shards of bounded size, the same bytes again, and refusals."""

from __future__ import annotations

import io
import json
import tarfile

import av
import numpy as np
import pytest
from export_datasets import HZ, export_episode, write_export_dataset
from hypothesis import given
from hypothesis import strategies as st

from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.data.export.shards import shards_of
from simgen.data.export.webdataset.exporter import Writer
from simgen.errors import BadInput, SimgenError

SETTINGS = {"shard_mb": 1}


def _files(path):
    with tarfile.open(path) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_a_sample_has_videos_words_and_numbers(tmp_path):
    source = write_export_dataset(tmp_path / "data")
    export_dataset(source, tmp_path / "out", ExportOptions("webdataset", size=(32, 32), phase="teacher"))
    files = _files(tmp_path / "out" / "000000.tar")
    with open_dataset(source) as dataset:
        episode = dataset.filter(phase="teacher")[0]
        said = json.loads(files["episode_00000000.json"])
        assert said["caption"] == "pick up the red cube"
        assert (said["seed"], said["fps"], said["frames"]) == (episode.seed, HZ, episode.length + 1)
        assert said["physics"]["gravity"] == -9.81
        assert said["physics"]["objects"]["cube"]["friction"] == 0.7
        assert said["physics"]["objects"]["cube"]["mass"] == episode.randomisation["cube.mass"]
        assert said["cameras"]["base"]["size"] == [32, 32]
        assert said["cameras"]["base"]["intrinsic_cv"][0][0] == 2.0  # twice the 16 pixels
        with np.load(io.BytesIO(files["episode_00000000.npz"])) as numbers:
            np.testing.assert_array_equal(numbers["actions"], episode.actions)
        with np.load(io.BytesIO(files["episode_00000000.wrist.depth.npz"])) as images:
            assert images["depth"].shape == (episode.length + 1, 32, 32, 1)
    with av.open(io.BytesIO(files["episode_00000000.wrist.mp4"])) as video:
        assert len(list(video.decode(video=0))) == said["frames"]
        assert video.streams.video[0].average_rate == HZ


def test_the_same_dataset_gives_the_same_bytes_also_after_a_crash(tmp_path, monkeypatch):
    source, add = write_export_dataset(tmp_path / "data"), Writer.add
    export_dataset(source, tmp_path / "one", ExportOptions("webdataset"))

    def failing(self, episode):
        if episode.number == 2:
            raise SimgenError("the power went")
        return add(self, episode)

    monkeypatch.setattr(Writer, "add", failing)
    with pytest.raises(SimgenError, match="power"):
        export_dataset(source, tmp_path / "two", ExportOptions("webdataset"))
    assert not list((tmp_path / "two").glob("*.tar"))
    monkeypatch.setattr(Writer, "add", add)
    export_dataset(source, tmp_path / "two", ExportOptions("webdataset"))
    assert (tmp_path / "one" / "000000.tar").read_bytes() == (tmp_path / "two" / "000000.tar").read_bytes()


@given(st.lists(st.integers(1, 50)), st.integers(1, 60))
def test_shards_hold_all_in_order_and_no_more_than_allowed(sizes, most):
    shards = shards_of(sizes, most)
    assert [shard.first for shard in shards] == [sum(s.count for s in shards[:i]) for i in range(len(shards))]
    assert sum(shard.count for shard in shards) == len(sizes)
    assert all(shard.bytes <= most or shard.count == 1 for shard in shards)


def test_odd_sides_and_a_missing_rate_are_refused(tmp_path, write_dataset):
    source = write_export_dataset(tmp_path / "data", [export_episode(0)])
    with pytest.raises(BadInput, match="--size"):
        export_dataset(source, tmp_path / "out", ExportOptions("webdataset", size=(15, 16)))
    with pytest.raises(BadInput, match="control steps a second"):
        export_dataset(write_dataset("slow"), tmp_path / "out", ExportOptions("webdataset"))
    assert not (tmp_path / "out").exists()
