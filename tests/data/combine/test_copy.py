"""Chosen episodes copied: the bytes, the numbers that are told of them, what is refused, and interruptions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import pytest
from small_datasets import drawn, files, hashes, keys, killed_at, spec_of

from simgen.data import DatasetWriter, Windows, check_dataset, copy_episodes, dataset_info, open_dataset
from simgen.errors import BadInput, SimgenError


def test_all_episodes_give_the_same_files(datasets: Path, tmp_path: Path) -> None:
    source = open_dataset(datasets / "one")
    copied = copy_episodes(source, range(len(source)), tmp_path / "copy", provenance={})
    assert (copied.episodes, copied.frames, copied.discarded) == (9, sum(len(episode) for episode in source), 1)
    assert files(tmp_path / "copy") == files(datasets / "one")


@pytest.mark.parametrize("codec", ["blosc2", "gzip"])
def test_what_is_said_of_chosen_episodes_is_what_a_writer_says_of_them(tmp_path: Path, codec: str) -> None:
    for name, indices in (("all", range(9)), ("chosen", range(1, 9, 2))):
        with DatasetWriter(tmp_path / name, spec_of(1), codec=codec, episodes_per_shard=4) as writer:
            for index in indices:
                writer.write(drawn(index, "random", 1, length=30) if index != 3 else drawn(3, "random", 1))
    source = open_dataset(tmp_path / "all")
    kept = (episode for episode in source if episode.index % 2)
    copy_episodes(source, kept, tmp_path / "copy", provenance={"curation": {"reason": "odd"}})
    copy, chosen = open_dataset(tmp_path / "copy"), open_dataset(tmp_path / "chosen")
    assert files(tmp_path / "copy") == files(tmp_path / "chosen")
    assert copy.statistics == chosen.statistics != source.statistics
    assert copy.features == chosen.features
    assert copy.manifest["curation"] == {"reason": "odd"}
    assert check_dataset(tmp_path / "copy").problems == []
    assert len(Windows(copy, 3, ["actions", "obs/sensor_data/base/rgb"])) > 0
    (origin,) = copy.manifest["sources"]
    assert (origin["name"], origin["episodes"], origin["spec_hash"]) == ("all", 4, source.manifest["spec_hash"])


def test_attempts_of_the_kept_phases_stay_counted(datasets: Path, tmp_path: Path) -> None:
    source = open_dataset(datasets / "one")
    teacher = source.filter(phase="teacher", success=True)
    copy_episodes(teacher, range(len(teacher)), tmp_path / "teacher", provenance={})
    assert dataset_info(tmp_path / "teacher")["phases"]["teacher"]["discarded"] == 1
    copy_episodes(source.filter(phase="random"), [0, 2], tmp_path / "random", provenance={})
    assert dataset_info(tmp_path / "random")["phases"]["teacher"]["attempts"] == 0
    assert keys(tmp_path / "random") == {("random", 0): 1000, ("random", 2): 1002}
    nothing = copy_episodes(source, [], tmp_path / "nothing", provenance={})
    assert (nothing.episodes, len(open_dataset(tmp_path / "nothing"))) == (0, 0)


def test_a_copy_of_a_copy_keeps_what_was_noted(datasets: Path, tmp_path: Path) -> None:
    copy_episodes(open_dataset(datasets / "one"), [0, 1], tmp_path / "first", provenance={"curation": {"round": 1}})
    copy_episodes(open_dataset(tmp_path / "first"), [1], tmp_path / "second", provenance={"curation": {"round": 2}})
    manifest = json.loads((tmp_path / "second" / "dataset.json").read_text())
    assert manifest["curation"] == {"round": 2}
    assert manifest["sources"][0]["curation"] == {"round": 1}
    assert manifest["sources"][0]["sources"][0]["name"] == "one"


def test_refusals_write_nothing(datasets: Path, tmp_path: Path) -> None:
    source, other = open_dataset(datasets / "one"), open_dataset(datasets / "two")
    out = tmp_path / "out"
    for keep, provenance, message in (
        ([9], {}, "there is no episode 9; allowed: 0 to 8"),
        ([other[0]], {}, "two, not of .*one"),
        ([0], {"features": {}}, "features are keys of dataset.json"),
        ([0], {"when": object()}, "cannot store a object"),
    ):
        with pytest.raises(BadInput, match=message):
            copy_episodes(source, keep, out, provenance=provenance)
    for place in (datasets / "one", datasets / "one" / "inside", datasets):
        with pytest.raises(BadInput, match="is, holds or lies in the dataset"):
            copy_episodes(source, [0], place, provenance={})
    out.mkdir()
    (out / "cat.png").touch()
    with pytest.raises(BadInput, match="is not empty and holds no simgen dataset"):
        copy_episodes(source, [0], out, provenance={}, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datasets", "out"]


def test_only_overwrite_replaces_a_dataset(datasets: Path, tmp_path: Path) -> None:
    source, out = open_dataset(datasets / "one"), tmp_path / "out"
    copy_episodes(source, [0], out, provenance={})
    with pytest.raises(BadInput, match="already holds a dataset.*--overwrite"):
        copy_episodes(source, [0], out, provenance={})
    before = (out / "dataset.json").stat().st_mtime_ns
    copy_episodes(source, [0], out, provenance={}, resume=True)
    assert (out / "dataset.json").stat().st_mtime_ns == before
    with pytest.raises(BadInput, match="holds another dataset than this would be"):
        copy_episodes(source, [1], out, provenance={}, resume=True)
    copy_episodes(source, [1], out, provenance={}, overwrite=True)
    assert keys(out) == {("random", 1): 1001}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datasets", "out"]


def test_a_damaged_source_is_not_copied(datasets: Path, tmp_path: Path) -> None:
    shard = datasets / "one" / "shards" / "shard-000001.h5"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 0x55
    shard.write_bytes(content)
    with pytest.raises(SimgenError, match=r"shard-000001\.h5: the bytes have changed.*simgen check"):
        copy_episodes(open_dataset(datasets / "one"), range(9), tmp_path / "out", provenance={})
    assert not (tmp_path / "out").exists()


def test_killed_at_any_step_the_same_call_goes_on(datasets: Path, tmp_path: Path) -> None:
    source, out = open_dataset(datasets / "one"), tmp_path / "out"
    chosen = [0, 1, 4, 5, 7]

    def work() -> None:
        copy_episodes(open_dataset(datasets / "one"), chosen, out, provenance={})

    copy_episodes(source, chosen, tmp_path / "whole", provenance={})
    source.close()
    step = 1
    while killed_at(step, work):
        assert not out.exists()
        work()
        assert files(out) == files(tmp_path / "whole")
        assert not (tmp_path / "out.partial").exists()
        shutil.rmtree(out)
        step += 1
    assert step > 10


def test_what_was_begun_with_another_choice_is_not_mixed_in(datasets: Path, tmp_path: Path) -> None:
    def work() -> None:
        copy_episodes(open_dataset(datasets / "one"), [0, 1, 5], tmp_path / "out", provenance={})

    assert killed_at(5, work)
    copy_episodes(open_dataset(datasets / "one"), [5, 8], tmp_path / "out", provenance={})
    assert keys(tmp_path / "out") == {("random", 5): 1005, ("teacher", 3): 1003}
    assert check_dataset(tmp_path / "out").problems == []


def test_datasets_in_the_newest_format_of_hdf5_become_readable_by_older_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simgen.data import codec, shard
    from simgen.data.staging import stage_episode

    (tmp_path / "old" / "shards").mkdir(parents=True)
    (tmp_path / "old" / ".staging").mkdir()
    with DatasetWriter(tmp_path / "new", spec_of(1), episodes_per_shard=4) as writer:
        for index in range(2):
            writer.write(drawn(index, "random", 1))
    monkeypatch.setattr(shard, "LIBVER", "latest")
    for index in range(2):
        stage_episode(tmp_path / "old", drawn(index, "random", 1), "blosc2", "pd_joint_delta_pos")
    new = shard.read_record(tmp_path / "new" / "shards" / "shard-000000.json")
    header = {key: new[key] for key in ("env_info", "commit_info", "source_type", "source_desc")}
    shard.seal_shard(tmp_path / "old", shard.range_of(new), header)
    monkeypatch.undo()
    for name in ("dataset.json", "episodes.jsonl"):
        shutil.copy(tmp_path / "new" / name, tmp_path / "old" / name)
    assert codec.LIBVER == ("v110", "v110")
    assert hashes(tmp_path / "old") == hashes(tmp_path / "new")
    assert all(file.read() for file in open_dataset(tmp_path / "old"))
    copy_episodes(open_dataset(tmp_path / "old"), [0, 1], tmp_path / "copy", provenance={})
    assert files(tmp_path / "copy") == files(tmp_path / "new") != files(tmp_path / "old")
    with h5py.File(tmp_path / "copy" / "shards" / "shard-000000.h5") as file:
        assert file.id.get_create_plist().get_version()[0] == 3  # the superblock of HDF5 1.10
