"""Datasets merged: every episode is there, tasks agree or are told apart, duplicates are found."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_datasets import drawn, files, hashes, keys, killed_at, spec_of, write

from simgen.data import DatasetWriter, Windows, check_dataset, dataset_info, merge_datasets, open_dataset
from simgen.errors import BadInput, SimgenError
from simgen.spec.load import MIXTURE


def test_runs_of_one_task_keep_hashes_seeds_and_attempts(datasets: Path, tmp_path: Path) -> None:
    parts = [datasets / "one", datasets / "two"]
    merged = merge_datasets(parts, tmp_path / "all")
    assert (merged.episodes, merged.duplicates) == (15, 0)
    assert merged.frames == sum(dataset_info(part)["frames"] for part in parts)
    assert [(source["name"], source["episodes"], source["discarded"]) for source in merged.sources] == [
        ("one", 9, 1),
        ("two", 6, 1),
    ]
    assert check_dataset(tmp_path / "all").problems == []
    assert hashes(tmp_path / "all") == hashes(*parts)
    phases = dataset_info(tmp_path / "all")["phases"]
    assert {name: (phase["episodes"], phase["discarded"]) for name, phase in phases.items()} == {
        "random": (11, 0),
        "teacher": (4, 2),
    }
    dataset = open_dataset(tmp_path / "all")
    assert dataset.spec["generation"]["seed"] == "mixed"
    assert dataset.spec_of("pick_cube")["episode"] == {"max_steps": 50}
    assert dataset.manifest["engine"] == "newton"
    assert dataset.features["rewards"]["unit"] == "points"
    total = sum(open_dataset(part).statistics["rewards"]["count"] for part in parts)
    assert dataset.statistics["rewards"]["count"] == total
    assert len(Windows(dataset, 4, ["actions"])) > 0


def test_indices_change_only_where_they_collide(datasets: Path, tmp_path: Path) -> None:
    merge_datasets([datasets / "one", datasets / "more", datasets / "two"], tmp_path / "all")
    found = keys(tmp_path / "all")
    own = {**keys(datasets / "one"), **keys(datasets / "more")}
    assert {key: found[key] for key in own} == own
    moved = {key: seed for key, seed in found.items() if key not in own}
    assert sorted(moved) == [("random", 12 + index) for index in range(5)] + [("teacher", 5)]
    assert sorted(moved.values()) == sorted(keys(datasets / "two").values())
    origins = [episode._entry.get("origin") for episode in open_dataset(tmp_path / "all")]
    assert origins.count(None) == 12
    assert {"source": "two", "index": 4} in origins


def test_a_run_cut_in_two_is_one_again(datasets: Path, tmp_path: Path) -> None:
    """With one seed nothing is renumbered or marked, so that even `generate --resume` could go on."""
    write(tmp_path / "whole", 1, range(9), [0, 2, 3], failed=[1])
    merge_datasets([datasets / "more", datasets / "one"], tmp_path / "all")
    assert files(tmp_path / "all") == files(tmp_path / "whole")
    assert open_dataset(tmp_path / "all").spec == open_dataset(tmp_path / "whole").spec
    with DatasetWriter(tmp_path / "all", spec_of(1), resume=True) as writer:
        assert len(writer.finished) == 12


def test_different_tasks_make_a_mixture(datasets: Path, tmp_path: Path) -> None:
    merge_datasets([datasets / "one", datasets / "push", datasets / "two"], tmp_path / "all")
    dataset = open_dataset(tmp_path / "all")
    assert check_dataset(tmp_path / "all").problems == []
    assert dataset_info(tmp_path / "all")["tasks"] == {"pick_cube": 15, "push_cube": 3}
    assert dataset.spec["name"] == "pick_cube_and_push_cube"
    assert [round(part["weight"], 3) for part in dataset.spec[MIXTURE]] == [0.833, 0.167]
    for task, steps, seed in (("pick_cube", 50, "mixed"), ("push_cube", 80, 3)):
        assert dataset.spec_of(task)["episode"] == {"max_steps": steps}
        assert dataset.spec["generation"]["tasks"][task] == {"seed": seed, "noise": 0.0, "engine": "newton"}
    assert dataset.spec["generation"]["noise"] == 0.0
    assert "unit" not in dataset.manifest["feature_notes"]["rewards"]  # points and metres
    assert len(dataset.filter(task="push_cube")[0].read().arrays["actions"]) > 0
    again = merge_datasets([tmp_path / "all", write(tmp_path / "new", 7, range(2))], tmp_path / "more")
    assert again.episodes == 20
    assert [part["task"]["name"] for part in open_dataset(tmp_path / "more").spec[MIXTURE]] == [
        "pick_cube",
        "push_cube",
    ]


def test_tasks_of_one_name_must_be_one_task(datasets: Path, tmp_path: Path) -> None:
    other = spec_of(5, episode={"max_steps": 60}, reward=[{"reach": {"scale": 5.0}}])
    write(tmp_path / "other", 5, [0], spec=other)
    with pytest.raises(BadInput, match=r"task 'pick_cube' is not that of .*one") as caught:
        merge_datasets([datasets / "one", tmp_path / "other"], tmp_path / "out")
    assert f"episode.max_steps: 50 in {datasets / 'one'}, 60 in {tmp_path / 'other'}" in str(caught.value)
    assert "reward[0].reach.scale: absent" in str(caught.value)
    assert not (tmp_path / "out").exists()
    shutil.copytree(datasets / "two", tmp_path / "sapien")
    for name, engine in (("one", "newton"), ("sapien", "maniskill")):  # as older specs: without it
        folder = datasets / name if name == "one" else tmp_path / name
        manifest = json.loads((folder / "dataset.json").read_text())
        del manifest["spec"]["generation"]["engine"]
        (folder / "dataset.json").write_text(json.dumps({**manifest, "engine": engine}))
    with pytest.raises(BadInput, match="engine: newton in .*, maniskill in"):
        merge_datasets([datasets / "one", tmp_path / "sapien"], tmp_path / "out")


def test_runs_may_differ_in_what_is_allowed(datasets: Path, tmp_path: Path) -> None:
    noisy = spec_of(5)
    noisy["generation"]["noise"] = 0.05
    write(tmp_path / "noisy", 5, [0, 1], spec=noisy)
    paths = [datasets / "one", tmp_path / "noisy"]
    with pytest.raises(
        BadInput, match=r"(?s)generation\.noise: 0\.0 in .*--allow lets these differ: generation\.noise\."
    ):
        merge_datasets(paths, tmp_path / "out")
    with pytest.raises(BadInput, match=r"unknown field 'generation\.nose'; did you mean 'generation\.noise'\?"):
        merge_datasets(paths, tmp_path / "out", allow=["generation.nose"])
    merge_datasets(paths, tmp_path / "out", allow=["generation.noise"])
    dataset = open_dataset(tmp_path / "out")
    assert dataset.spec["generation"]["noise"] == "mixed"
    assert [source["generation"]["noise"] for source in dataset.manifest["sources"]] == [0.0, 0.05]


def test_duplicates_are_refused_or_left_out(datasets: Path, tmp_path: Path) -> None:
    shutil.copytree(datasets / "one", tmp_path / "copy")
    paths = [datasets / "one", datasets / "two", tmp_path / "copy"]
    with pytest.raises(BadInput, match=r"copy: 9 of its episodes are in .*one already.*--skip-duplicates"):
        merge_datasets(paths, tmp_path / "out")
    merged = merge_datasets(paths, tmp_path / "out", skip_duplicates=True)
    assert (merged.episodes, merged.duplicates) == (15, 9)
    assert merged.sources[2]["episodes"] == 0
    assert dataset_info(tmp_path / "out")["phases"]["teacher"]["discarded"] == 2
    assert check_dataset(tmp_path / "out").problems == []


def test_the_same_scenes_recorded_elsewhere_are_told_apart_from_duplicates(datasets: Path, tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "gpu", spec_of(1), engine="newton") as writer:
        rounded = drawn(2, "random", 1)
        rounded.arrays["rewards"] = rounded.arrays["rewards"] + 1e-3
        writer.write(rounded)
    paths = [datasets / "one", tmp_path / "gpu"]
    with pytest.raises(BadInput, match=r"1 of its episodes have seeds .* random 2 \(seed 1002\)"):
        merge_datasets(paths, tmp_path / "out")
    assert merge_datasets(paths, tmp_path / "out", skip_duplicates=True).duplicates == 1


def test_recorded_data_may_share_seeds(tmp_path: Path) -> None:
    """In what was imported an episode's seed is its number at best."""
    for name, shift in (("first", 0.0), ("second", 0.5)):
        spec = {"name": "lab", "source": {"format": "lerobot", "version": "v3.0", "name": name, "episodes": 2}}
        with DatasetWriter(tmp_path / name, spec) as writer:
            for index in range(2):
                episode = drawn(index, "human", 0, "lab")
                episode.arrays["rewards"] = episode.arrays["rewards"] + np.float32(shift)
                writer.write(replace(episode, seed=index))
    merge_datasets([tmp_path / "first", tmp_path / "second"], tmp_path / "out")
    assert check_dataset(tmp_path / "out").problems == []
    source = open_dataset(tmp_path / "out").spec["source"]
    assert (source["name"], source["episodes"]) == ("mixed", 4)


def test_arrays_must_be_of_one_type(datasets: Path, tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "double", spec_of(5, name="push_cube"), engine="newton") as writer:
        episode = drawn(0, "random", 5, "push_cube")
        episode.arrays["rewards"] = episode.arrays["rewards"].astype("f8")
        writer.write(episode)
    with pytest.raises(BadInput, match=r"double: 'rewards' has type float64; the dataset has float32"):
        merge_datasets([datasets / "one", tmp_path / "double"], tmp_path / "out")


def test_what_cannot_be_merged_is_refused_before_anything_is_written(datasets: Path, tmp_path: Path) -> None:
    one, two, out = datasets / "one", datasets / "two", tmp_path / "out"
    (tmp_path / "photos").mkdir()
    for paths, message in (
        ([one], "at least two datasets"),
        ([one, datasets / ".." / "datasets" / "one"], "is given twice"),
        ([one, tmp_path / "photos"], r"photos: is not a simgen dataset"),
        ([one, "s3://bucket/two"], "is a URL"),
    ):
        with pytest.raises(BadInput, match=message):
            merge_datasets(paths, out)
    with pytest.raises(BadInput, match="holds or lies in the dataset"):
        merge_datasets([one, two], one)
    (two / ".staging").mkdir()
    (two / ".staging" / "random-00000009.json").write_text("{}")
    with pytest.raises(BadInput, match="1 finished episodes are in no shard yet"):
        merge_datasets([one, two], out)
    assert not out.exists()
    assert not (tmp_path / "out.partial").exists()


def test_a_folder_that_is_not_ours_is_left_alone(datasets: Path, tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis.tex").touch()
    with pytest.raises(SimgenError, match=r"holds other things \(thesis\.tex\)"):
        merge_datasets([datasets / "one", datasets / "two"], tmp_path / "out")
    assert (tmp_path / "out.partial" / "thesis.tex").exists()


def test_killed_half_way_the_same_call_finishes(datasets: Path, tmp_path: Path) -> None:
    def work() -> None:
        merge_datasets([datasets / "one", datasets / "two"], tmp_path / "out")

    merge_datasets([datasets / "one", datasets / "two"], tmp_path / "whole")
    assert killed_at(6, work)
    done = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out.partial" / "shards").glob("*.json")}
    assert done
    work()
    now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "shards").glob("*.json")}
    assert done.items() <= now.items()  # what was finished was not done again
    assert files(tmp_path / "out") == files(tmp_path / "whole")
