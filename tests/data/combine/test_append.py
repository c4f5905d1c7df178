"""A dataset appended to another in place: what was there stays, also when the process is killed at any step."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from small_datasets import files, hashes, keys, killed_at, spec_of, write

from simgen.data import DatasetWriter, append_dataset, check_dataset, dataset_info, merge_datasets, open_dataset
from simgen.data.files import lock_directory
from simgen.errors import BadInput, SimgenError


def test_what_was_there_keeps_its_place_and_what_comes_is_counted(datasets: Path) -> None:
    before, one = keys(datasets / "one"), hashes(datasets / "one")
    appended = append_dataset(datasets / "one", datasets / "two")
    assert (appended.episodes, appended.added, appended.duplicates) == (15, 6, 0)
    assert appended.frames == dataset_info(datasets / "one")["frames"]
    assert [source["name"] for source in appended.sources] == ["one", "two"]
    assert before.items() <= keys(datasets / "one").items()
    assert hashes(datasets / "one") == one | hashes(datasets / "two")
    assert check_dataset(datasets / "one").problems == []
    assert dataset_info(datasets / "one")["phases"]["teacher"]["discarded"] == 2
    assert sorted(path.name for path in (datasets / "one").iterdir()) == ["dataset.json", "episodes.jsonl", "shards"]


def test_appending_is_merging_in_place(datasets: Path, tmp_path: Path) -> None:
    merge_datasets([datasets / "one", datasets / "more", datasets / "push"], tmp_path / "merged")
    append_dataset(datasets / "one", datasets / "more")
    append_dataset(datasets / "one", datasets / "push")
    assert files(datasets / "one") == files(tmp_path / "merged")
    one, merged = open_dataset(datasets / "one"), open_dataset(tmp_path / "merged")
    assert (one.spec, one.features, one.statistics) == (merged.spec, merged.features, merged.statistics)
    assert [source["name"] for source in one.manifest["sources"]] == ["one", "more", "push"]


def test_duplicates_and_other_tasks_are_refused_and_nothing_changes(datasets: Path, tmp_path: Path) -> None:
    before = files(datasets / "one")
    copy = shutil.copytree(datasets / "one", tmp_path / "copy")
    with pytest.raises(BadInput, match="9 of its episodes are in .*one already"):
        append_dataset(datasets / "one", copy)
    appended = append_dataset(datasets / "one", copy, skip_duplicates=True)
    assert (appended.episodes, appended.added, appended.duplicates) == (9, 0, 9)
    write(tmp_path / "other", 5, [0], spec=spec_of(5, episode={"max_steps": 60}))
    with pytest.raises(BadInput, match=r"episode\.max_steps: 50 in .*one, 60 in"):
        append_dataset(datasets / "one", tmp_path / "other")
    with pytest.raises(BadInput, match="is, holds or lies in the dataset"):
        append_dataset(datasets / "one", datasets / "one")
    assert files(datasets / "one") == before


def test_only_one_process_writes(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simgen.data.combine.append._PATIENCE", 0.1)
    lock = lock_directory(datasets / "one")
    with pytest.raises(SimgenError, match="another process is writing this dataset"):
        append_dataset(datasets / "one", datasets / "two")
    assert lock is not None


def test_killed_at_any_step_nothing_is_lost_and_the_same_call_finishes(datasets: Path, tmp_path: Path) -> None:
    """The dataset that comes fills up a shard that is there, and brings new ones."""
    coming = datasets / "more"
    before = {episode.sha256: episode.read().arrays for episode in open_dataset(datasets / "one")}
    whole = shutil.copytree(datasets / "one", tmp_path / "whole")
    append_dataset(whole, coming)
    step = 1
    while True:
        grown = shutil.copytree(datasets / "one", tmp_path / f"killed-{step}")
        if not killed_at(step, lambda grown=grown: append_dataset(grown, coming)):
            break
        with open_dataset(grown) as there:
            arrays = {episode.sha256: episode.read().arrays for episode in there}
            for sha256, recorded in before.items():
                assert all((arrays[sha256][path] == array).all() for path, array in recorded.items())
        if any("an append was interrupted" in problem for problem in check_dataset(grown, deep=False).problems):
            with pytest.raises(BadInput, match="an append was interrupted"):
                DatasetWriter(grown, spec_of(1), resume=True)
            with pytest.raises(BadInput, match="an append was interrupted"):
                merge_datasets([grown, datasets / "two"], tmp_path / "out")
        with contextlib.suppress(BadInput):  # there was only something left to tidy up
            assert append_dataset(grown, coming).added == 3
        assert files(grown) == files(whole)
        step += 1
    assert step > 10
    assert check_dataset(grown).problems == []


def test_another_append_after_an_interruption_finishes_the_first(datasets: Path, tmp_path: Path) -> None:
    grown, step = datasets / "one", 1
    while not (grown / ".append" / "ready.json").exists():
        assert killed_at(step, lambda: append_dataset(grown, datasets / "more"))
        step += 1
    appended = append_dataset(grown, datasets / "two")
    assert (appended.episodes, appended.added) == (18, 6)
    assert check_dataset(grown).problems == []
    assert hashes(grown) > hashes(datasets / "more") | hashes(datasets / "two")
