"""Datasets split: each episode in one part, groups whole, the same part again when the dataset grows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_datasets import hashes, keys, killed_at, write

from simgen.data import append_dataset, check_dataset, dataset_info, merge_datasets, open_dataset, split_dataset
from simgen.data.combine.groups import by_combination, by_shared_assets, distribute, part_of_seed
from simgen.errors import BadInput

THIRDS = {"train": 0.5, "val": 0.25, "test": 0.25}


def parts_of(out: Path) -> dict[str, Any]:
    return {path.name: keys(path) for path in sorted(out.iterdir())}


def test_every_episode_goes_into_one_part(datasets: Path, tmp_path: Path) -> None:
    split = split_dataset(datasets / "one", tmp_path / "out", by="seed", fractions=THIRDS)
    parts = parts_of(tmp_path / "out")
    assert set(parts) == {"train", "val", "test"}
    assert {name: (part.episodes, part.groups) for name, part in split.parts.items()} == {
        name: (len(found), len(set(found.values()))) for name, found in parts.items()
    }
    assert sum(len(found) for found in parts.values()) == 9
    assert hashes(*(tmp_path / "out" / name for name in parts)) == hashes(datasets / "one")
    infos = [dataset_info(tmp_path / "out" / name) for name in parts]
    assert sum(info["phases"]["teacher"]["discarded"] for info in infos) == 1
    for name in parts:
        assert check_dataset(tmp_path / "out" / name).problems == []
        noted = json.loads((tmp_path / "out" / name / "dataset.json").read_text())["split"]
        assert noted == {"part": name, "by": "seed", "grouped_by": "seed", "objects": [], "fractions": THIRDS}


def test_by_seed_an_episode_stays_in_its_part_when_the_dataset_grows(datasets: Path, tmp_path: Path) -> None:
    split_dataset(datasets / "one", tmp_path / "before", by="seed", fractions=THIRDS)
    append_dataset(datasets / "one", datasets / "two")
    split_dataset(datasets / "one", tmp_path / "after", by="seed", fractions=THIRDS)
    before, after = parts_of(tmp_path / "before"), parts_of(tmp_path / "after")
    for name, found in before.items():
        assert found.items() <= after[name].items()


@given(st.integers(0, 2**53), st.integers(1, 9))
def test_a_seed_has_one_part_and_shares_are_as_asked(seed: int, tenths: int) -> None:
    fractions = {"train": tenths / 10, "val": 1 - tenths / 10, "test": 0.0}
    assert part_of_seed(seed, fractions) == part_of_seed(seed, fractions) != "test"
    near = [part_of_seed(seed + number, fractions) for number in range(2000)]
    assert near.count("train") / 2000 == pytest.approx(tenths / 10, abs=0.06)


def test_by_task(datasets: Path, tmp_path: Path) -> None:
    merge_datasets([datasets / "one", datasets / "push"], tmp_path / "all")
    split = split_dataset(
        tmp_path / "all", tmp_path / "out", by="task", fractions={"train": 0.7, "val": 0, "test": 0.3}
    )
    assert {name: (part.episodes, part.groups) for name, part in split.parts.items()} == {
        "train": (9, 1),
        "test": (3, 1),
    }
    assert open_dataset(tmp_path / "out" / "test").tasks == ["push_cube"]
    assert not (tmp_path / "out" / "val").exists()
    assert split.unassigned_discarded == 1


def test_by_asset_no_kind_of_object_is_in_two_parts(datasets: Path, tmp_path: Path) -> None:
    split = split_dataset(datasets / "one", tmp_path / "out", by="asset", fractions=THIRDS)
    kinds = {
        name: {episode.segmentation_ids[3]["class"] for episode in open_dataset(tmp_path / "out" / name)}
        for name in split.parts
    }
    assert sorted(kind for found in kinds.values() for kind in found) == ["box", "mug", "sphere"]
    assert all(kinds.values())
    assert split.grouped_by == "shared assets"
    with pytest.raises(BadInput, match=r"unknown object 'cub'; did you mean 'cube'\?"):
        split_dataset(datasets / "one", tmp_path / "other", by="asset", fractions=THIRDS, objects=["cub"])


def test_an_empty_part_is_said_to_be_empty(datasets: Path, tmp_path: Path) -> None:
    split = split_dataset(datasets / "one", tmp_path / "out", by="task", fractions=THIRDS)
    assert split.parts["train"].episodes == 9
    assert [note.split(":")[0] for note in split.notes] == ["part val is empty", "part test is empty"]
    assert len(open_dataset(tmp_path / "out" / "val")) == 0


def test_refusals(datasets: Path, tmp_path: Path) -> None:
    one, out = datasets / "one", tmp_path / "out"
    for fractions, message in (
        ({"train": 0.8, "val": 0.3, "test": 0.1}, r"--train 0\.8 --val 0\.3 --test 0\.1 add up to 1\.2"),
        ({"train": 1.2, "val": -0.2, "test": 0}, r"--train 1\.2 is out of range"),
        ({"train": float("nan"), "val": 0, "test": 0}, "out of range"),
        ({"train": 0.8, "valid": 0.2}, r"unknown part 'valid'; did you mean 'val'\?"),
    ):
        with pytest.raises(BadInput, match=message):
            split_dataset(one, out, by="seed", fractions=fractions)
    with pytest.raises(BadInput, match=r"--by 'tasks'; did you mean 'task'\?"):
        split_dataset(one, out, by="tasks", fractions=THIRDS)  # pyright: ignore[reportArgumentType]
    with pytest.raises(BadInput, match="--object is for --by asset"):
        split_dataset(one, out, by="seed", fractions=THIRDS, objects=["cube"])
    with pytest.raises(BadInput, match="holds or lies in the dataset"):
        split_dataset(one, one / "parts", by="seed", fractions=THIRDS)
    same = write(tmp_path / "same", 4, [0, 3])
    with pytest.raises(BadInput, match=r"all episodes have the same assets \(cube: box"):
        split_dataset(same, out, by="asset", fractions=THIRDS)
    out.mkdir()
    (out / "train").mkdir()
    with pytest.raises(BadInput, match="train in it is no part of a split"):
        split_dataset(one, out, by="seed", fractions=THIRDS, overwrite=True)
    assert list((out / "train").iterdir()) == []


def test_only_overwrite_replaces_a_split(datasets: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    split_dataset(datasets / "one", out, by="seed", fractions=THIRDS)
    with pytest.raises(BadInput, match="already holds test, train, val.*--overwrite"):
        split_dataset(datasets / "one", out, by="seed", fractions=THIRDS)
    split_dataset(datasets / "two", out, by="seed", fractions={"train": 1, "val": 0, "test": 0}, overwrite=True)
    assert {name: len(found) for name, found in parts_of(out).items()} == {"train": 6}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_killed_half_way_the_same_call_finishes(datasets: Path, tmp_path: Path) -> None:
    def work(fractions: dict[str, float] = THIRDS) -> None:
        split_dataset(datasets / "one", tmp_path / "out", by="seed", fractions=fractions)

    for step in (4, 9, 13):
        assert killed_at(step, lambda: work({"train": 0.1, "val": 0.1, "test": 0.8}))
        assert not (tmp_path / "out").exists()
        assert killed_at(step, work)
        work()
        assert sum(len(found) for found in parts_of(tmp_path / "out").values()) == 9
        assert not (tmp_path / "out.partial").exists()
        shutil.rmtree(tmp_path / "out")


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(1, 50), min_size=1, max_size=30))
def test_groups_are_dealt_out_near_their_fractions(sizes: dict[str, int]) -> None:
    fractions = {"train": 0.8, "val": 0.1, "test": 0.1}
    parts = distribute(sizes, fractions)
    assert parts.keys() == sizes.keys()
    assert parts == distribute(dict(reversed(sizes.items())), fractions)
    assert len(set(parts.values())) == min(3, len(sizes))
    total, largest = sum(sizes.values()), max(sizes.values())
    for name, fraction in fractions.items():
        share = sum(size for group, size in sizes.items() if parts[group] == name)
        assert abs(share - fraction * total) <= 2 * largest


@given(st.lists(st.dictionaries(st.sampled_from("xyz"), st.sampled_from("abcdefgh"), max_size=3), max_size=12))
def test_groups_by_shared_assets_share_none(episodes: list[dict[str, str]]) -> None:
    groups = by_shared_assets(episodes)
    for one, group in zip(episodes, groups, strict=True):
        for other, another in zip(episodes, groups, strict=True):
            if set(one.values()) & set(other.values()):
                assert group == another
    combined = by_combination(episodes)
    for one, group in zip(episodes, combined, strict=True):
        assert all((one == other) == (group == name) for other, name in zip(episodes, combined, strict=True))
