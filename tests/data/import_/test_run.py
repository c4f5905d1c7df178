"""What holds for all formats: recognising, choosing, stopping and going on, refusing before anything is written."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data.synthetic_episodes import SPEC, make_episode
from hdf5_files import write_maniskill, write_robomimic
from hypothesis import given
from hypothesis import strategies as st
from lerobot_files import write_v2

from simgen.data import DatasetWriter, Episode, check_dataset, open_dataset
from simgen.data.import_ import ImportOptions, import_dataset
from simgen.data.import_.assemble import episode_of
from simgen.data.import_.base import DROP, REPEAT, Recording, SourceInfo, Unusable
from simgen.data.import_.registry import importer_of, importers
from simgen.data.import_.selection import selected
from simgen.data.replay import replay_episode
from simgen.errors import BadInput, SimgenError

INFO = SourceInfo("lerobot", "v3.0", "cubes", 3, 10.0)


def test_formats_are_recognised_by_their_files(tmp_path: Path) -> None:
    write_v2(tmp_path / "lerobot", lengths=(3,))
    write_maniskill(tmp_path / "maniskill", "state")
    write_robomimic(tmp_path / "robomimic/demo.hdf5", images=False)
    assert list(importers()) == ["lerobot", "maniskill", "robomimic", "video"]
    for name in ("lerobot", "maniskill", "robomimic"):
        assert importer_of(tmp_path / name, None).name == name
    assert importer_of(tmp_path / "maniskill/trajectory.h5", None).name == "maniskill"
    assert importer_of(next((tmp_path / "lerobot/videos").rglob("*.mp4")), None).name == "video"


def test_unknown_sources_are_told_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput) as caught:
        importer_of(tmp_path, None)
    for words in ("meta/info.json", "data/demo_0", "traj_0", ".mp4", "numbered images"):
        assert words in str(caught.value)
    with pytest.raises(BadInput, match="unknown format 'lerobo'; did you mean 'lerobot'"):
        importer_of(tmp_path, "lerobo")
    with pytest.raises(BadInput, match="there is no such file or folder"):
        importer_of(tmp_path / "nothing", None)
    with pytest.raises(BadInput, match="is missing|No such file"):
        import_dataset(tmp_path, tmp_path / "out", ImportOptions(format="lerobot"))
    with pytest.raises(BadInput, match="has no videos"):
        import_dataset(tmp_path, tmp_path / "out", ImportOptions(format="video"))


def test_what_exists_is_not_overwritten(tmp_path: Path) -> None:
    write_robomimic(tmp_path / "demo.hdf5", images=False)
    import_dataset(tmp_path / "demo.hdf5", tmp_path / "out")
    with pytest.raises(BadInput, match="already holds a dataset"):
        import_dataset(tmp_path / "demo.hdf5", tmp_path / "out")
    with pytest.raises(BadInput, match=r"the spec has changed(?s:.*)source.size"):
        import_dataset(tmp_path / "demo.hdf5", tmp_path / "out", ImportOptions(resume=True, size=(8, 8)))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine.txt").write_text("keep")
    with pytest.raises(BadInput, match="is not empty"):
        import_dataset(tmp_path / "demo.hdf5", tmp_path / "other")


def test_more_episodes_may_be_asked_for_later(tmp_path: Path) -> None:
    write_robomimic(tmp_path / "demo.hdf5", lengths=(3, 4, 5), images=False)
    import_dataset(tmp_path / "demo.hdf5", tmp_path / "out", ImportOptions(episodes="0,2"))
    assert [episode.index for episode in open_dataset(tmp_path / "out")] == [0, 2]
    assert import_dataset(tmp_path / "demo.hdf5", tmp_path / "out", ImportOptions(resume=True)).episodes == 3
    assert check_dataset(tmp_path / "out").problems == []


@pytest.mark.slow
def test_a_killed_import_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    write_maniskill(tmp_path / "source", "rgb+depth+segmentation", lengths=[20] * 10)
    import_dataset(tmp_path / "source", tmp_path / "whole")
    command = [sys.executable, "-m", "simgen.cli", "import", str(tmp_path / "source"), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and staged(tmp_path / "out") < 3:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(open_dataset(tmp_path / "out")) == 0  # not yet in a shard
    import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(resume=True))
    whole, out = open_dataset(tmp_path / "whole"), open_dataset(tmp_path / "out")
    assert [episode.sha256 for episode in out] == [episode.sha256 for episode in whole]
    assert check_dataset(tmp_path / "out").problems == []


def staged(root: Path) -> int:
    return len(list((root / ".staging").glob("*.json"))) if (root / ".staging").is_dir() else 0


def test_an_imported_dataset_is_not_replayed(tmp_path: Path) -> None:
    write_maniskill(tmp_path / "source", "state")
    import_dataset(tmp_path / "source", tmp_path / "out")
    with pytest.raises(BadInput, match=r"PickCube-v1: was recorded elsewhere and imported \(maniskill\)"):
        replay_episode(tmp_path / "out", 0)


def test_a_pose_of_recorded_data_need_not_be_a_quaternion(tmp_path: Path) -> None:
    write_robomimic(tmp_path / "demo.hdf5", images=False)
    import h5py

    with h5py.File(tmp_path / "demo.hdf5", "a") as file:
        for name, group in file["data"].items():
            pose = np.full((len(group["actions"]), 7), 5.0)
            file[f"data/{name}/obs/ee_pose"] = pose
            file[f"data/{name}/next_obs/ee_pose"] = pose
    import_dataset(tmp_path / "demo.hdf5", tmp_path / "out")
    assert check_dataset(tmp_path / "out").problems == []


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    write_v2(tmp_path / "source", lengths=(3, 3))
    for path in (tmp_path / "source/videos").rglob("*.mp4"):
        path.unlink()
    with pytest.raises(BadInput, match="has no episode that can be imported. The first: "):
        import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(skip_bad=True))
    assert not (tmp_path / "out").exists()


def test_an_episode_that_fits_no_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_v2(tmp_path / "source", lengths=(3,))
    monkeypatch.setattr("simgen.data.import_.run.available_bytes", lambda: 20_000)
    with pytest.raises(BadInput, match="the longest episode has 3 frames(?s:.*)--size W H"):
        import_dataset(tmp_path / "source", tmp_path / "out")
    import_dataset(tmp_path / "source", tmp_path / "out", ImportOptions(size=(6, 4)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (None, [0, 1, 2, 3, 4]),
        ("2", [2]),
        ("1:3", [1, 2]),
        (":2", [0, 1]),
        ("3:", [3, 4]),
        ("4,0:2,3:99", [0, 1, 3, 4]),
    ],
)
def test_episodes_are_chosen_by_number(text: str | None, numbers: list[int]) -> None:
    assert selected(text, 5) == numbers


@given(st.text(max_size=12))
def test_a_choice_that_cannot_be_read_is_bad_input(text: str) -> None:
    numbers = []
    with contextlib.suppress(BadInput):
        numbers = selected(text, 5)
    assert all(0 <= number < 5 for number in numbers)


@given(
    st.integers(1, 6),
    st.dictionaries(
        st.sampled_from(["obs/a", "obs/b", "env_states/c", "rewards", "success", "extra/d"]),
        st.tuples(st.integers(0, 8), st.integers(0, 2)),
    ),
    st.sampled_from([DROP, REPEAT]),
)
def test_whatever_a_source_holds_the_episode_is_whole_or_refused(steps: int, shapes: dict, last_step: str) -> None:
    arrays = {path: np.zeros((rows, *[2] * more)) for path, (rows, more) in shapes.items()}
    recording = Recording(steps, {"actions": np.arange(steps)[:, None], **arrays})
    try:
        episode = episode_of(recording, 0, "recorded", INFO, ImportOptions(last_step=last_step))  # type: ignore[arg-type]
    except Unusable:
        assert steps == 1 or any(rows != steps for rows, _more in shapes.values())
        return
    episode.validate()
    np.testing.assert_array_equal(episode.arrays["actions"][:, 0], np.arange(episode.length))


def test_recorded_and_simulated_data_cannot_be_mixed_up(tmp_path: Path) -> None:
    episode: Episode = make_episode(0)
    with DatasetWriter(tmp_path / "simulated", SPEC) as writer:
        writer.write(episode)
    write_robomimic(tmp_path / "demo.hdf5", images=False)
    with pytest.raises(SimgenError, match="the spec has changed"):
        import_dataset(tmp_path / "demo.hdf5", tmp_path / "simulated", ImportOptions(resume=True))
    assert len(open_dataset(tmp_path / "simulated")) == 1
