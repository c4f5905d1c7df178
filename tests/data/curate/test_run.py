"""What becomes of a dataset: which episodes stay, what is written down, and what a killed run has done for the next."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from curate_episodes import changed, decisions_of, sound_episode

from simgen.data import Episode, check_dataset, open_dataset
from simgen.data.curate import CurateConfig, curate_dataset
from simgen.data.curate.run import workplace_of
from simgen.errors import BadInput

CUBE, RGB = "env_states/actors/cube", "obs/sensor_data/base/rgb"
WriteEpisodes = Callable[..., Path]


def _config(**sections: dict) -> CurateConfig:
    return CurateConfig.model_validate(sections)


def _jump(rows: np.ndarray) -> None:
    rows[9:, 0] += 0.2


def _again(episode: Episode, index: int) -> Episode:
    """The same once more, with a little noise."""
    rng = np.random.default_rng(index)
    noisy = np.clip(episode.arrays[RGB] + rng.normal(0, 2, episode.arrays[RGB].shape), 0, 255).astype(np.uint8)
    cube = episode.arrays[CUBE] + rng.normal(0, 3e-4, episode.arrays[CUBE].shape).astype(np.float32)
    return dataclasses.replace(episode, index=index, arrays={**episode.arrays, RGB: noisy, CUBE: cube})


def test_sound_episodes_are_copied_and_every_decision_is_written_down(
    write_episodes: WriteEpisodes, tmp_path: Path
) -> None:
    episodes = [sound_episode(index) for index in range(6)]
    episodes[2] = changed(episodes[2], CUBE, _jump)
    source = write_episodes(episodes)

    result = curate_dataset(source, tmp_path / "out", _config())

    assert (result.episodes, result.kept, result.dropped, result.reasons) == (6, 5, 1, {"teleport": 1})
    assert check_dataset(tmp_path / "out").ok
    kept = open_dataset(tmp_path / "out")
    assert [episode.sha256 for episode in kept] == [e.sha256 for e in open_dataset(source) if e.index != 2]
    decisions = decisions_of(tmp_path / "out")
    assert [decision["kept"] for decision in decisions] == [True, True, False, True, True, True]
    assert decisions[2]["filters"]["teleport"]["frame"] == 9
    assert all(decision["filters"]["teleport"]["threshold"] == 1.0 for decision in decisions)
    noted = kept.manifest["curation"]
    assert noted["filters"]["teleport"]["distance"] == _config().teleport.distance
    assert noted["version"] >= 1
    assert not workplace_of(tmp_path / "out").exists()


def test_of_near_duplicates_the_first_that_passes_stays(write_episodes: WriteEpisodes, tmp_path: Path) -> None:
    first, other = sound_episode(0), sound_episode(1)
    failed = changed(first, CUBE, _jump)
    copies = [_again(first, index) for index in (2, 3)]
    source = write_episodes([failed, other, *copies])

    result = curate_dataset(source, tmp_path / "out", _config())

    assert [episode.index for episode in open_dataset(tmp_path / "out")] == [1, 2]
    assert result.reasons == {"teleport": 1, "duplicate": 1}
    assert "random 2" in decisions_of(tmp_path / "out")[3]["filters"]["duplicate"]["reason"]


def test_the_same_motion_with_other_looks_is_no_duplicate(write_episodes: WriteEpisodes, tmp_path: Path) -> None:
    first = sound_episode(0)

    def recolour(images: np.ndarray) -> None:
        images[:] = images[..., ::-1]

    source = write_episodes([first, dataclasses.replace(changed(first, RGB, recolour), index=1)])

    assert curate_dataset(source, tmp_path / "out", _config()).kept == 2


def test_balance_caps_every_kind_and_is_the_same_each_time(write_episodes: WriteEpisodes, tmp_path: Path) -> None:
    episodes = [sound_episode(index) for index in range(7)] + [sound_episode(index, "play") for index in range(3)]
    source = write_episodes(episodes)
    config = _config(balance={"enabled": True, "by": ["phase"]})

    results = [curate_dataset(source, tmp_path / name, config) for name in ("a", "b")]
    kept = [[(e.phase, e.index) for e in open_dataset(tmp_path / name)] for name in ("a", "b")]

    assert results[0].reasons == {"balance": 4}
    assert kept[0] == kept[1]
    assert sum(phase == "random" for phase, _index in kept[0]) == 3


def test_a_dry_run_writes_no_dataset_and_the_real_one_judges_nothing_again(
    write_episodes: WriteEpisodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_episodes([sound_episode(index) for index in range(3)]), tmp_path / "out"
    dry = curate_dataset(source, out, _config(), dry_run=True)
    assert dry.dataset is None
    assert not (out / "dataset.json").exists()
    assert len(decisions_of(out)) == 3

    _forbid_reading(monkeypatch)
    real = curate_dataset(source, out, _config())

    assert real.kept == dry.kept == 3
    assert check_dataset(out).ok
    with pytest.raises(BadInput, match="dry run"):
        curate_dataset(source, out, _config(), dry_run=True)


def test_other_thresholds_of_a_filter_ask_that_filter_only(
    write_episodes: WriteEpisodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_episodes([sound_episode(index) for index in range(3)]), tmp_path / "out"
    curate_dataset(source, out, _config(), dry_run=True)
    asked: list[str] = []
    for name, judge in (("teleport", "teleport.Teleport"), ("length", "length.Length")):
        path = f"simgen.data.curate.filters.{judge}.judge"
        kept = __import__(f"simgen.data.curate.filters.{name}", fromlist=["x"])
        real = getattr(kept, judge.partition(".")[2]).judge
        monkeypatch.setattr(path, lambda self, subject, name=name, real=real: asked.append(name) or real(self, subject))

    result = curate_dataset(source, out, _config(length={"min_steps": 30}), dry_run=True)

    assert result.reasons == {"length": 3}
    assert set(asked) == {"length"}


def _forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an episode is judged again")

    monkeypatch.setattr("simgen.data.curate.run.Subject", refuse)


def test_a_killed_run_is_gone_on_with(write_episodes: WriteEpisodes, tmp_path: Path) -> None:
    episodes = [sound_episode(index) for index in range(12)]
    source, out = write_episodes(episodes), tmp_path / "out"
    whole = curate_dataset(source, tmp_path / "whole", _config())
    script = (
        "import sys, time\nfrom simgen.data.curate import curate_dataset\n"
        "def slow(what, done, total):\n    time.sleep(0.2)\n"
        "curate_dataset(sys.argv[1], sys.argv[2], progress=slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(source), str(out)])
    judged = workplace_of(out) / "judged.jsonl"
    deadline = time.monotonic() + 60
    while (not judged.exists() or judged.read_bytes().count(b"\n") < 3) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = judged.read_bytes()
    with open(judged, "ab") as file:
        file.write(b'{"key": "half a li')  # as a crash of the machine may leave it

    result = curate_dataset(source, out, _config(), dry_run=True)

    assert (workplace_of(out) / "judged.jsonl").read_bytes().startswith(before)
    assert 3 <= before.count(b"\n") < 12
    assert result.kept == whole.kept
    assert decisions_of(out) == decisions_of(tmp_path / "whole")


def test_resume_returns_what_is_there_and_nothing_is_overwritten_without_a_word(
    write_episodes: WriteEpisodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_episodes([sound_episode(index) for index in range(3)]), tmp_path / "out"
    first = curate_dataset(source, out, _config())
    with pytest.raises(BadInput, match="--overwrite"):
        curate_dataset(source, out, _config())
    other = curate_dataset(source, out, _config(length={"min_steps": 30}), overwrite=True)
    assert other.kept == 0
    again = curate_dataset(source, out, _config(), overwrite=True)
    assert again.kept == first.kept

    _forbid_reading(monkeypatch)
    assert curate_dataset(source, out, _config(), resume=True).kept == first.kept


def test_places_that_are_taken_are_refused(write_episodes: WriteEpisodes, tmp_path: Path) -> None:
    source = write_episodes([sound_episode(0)])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()

    for out in (source, source / "inside", tmp_path / "full"):
        with pytest.raises(BadInput):
            curate_dataset(source, out, _config())
    assert json.loads((source / "dataset.json").read_text())["format"] == "simgen"
