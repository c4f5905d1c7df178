"""`simgen generate`, `info`, `check` and `replay` as a script sees them: exit codes, messages, the last line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_tasks import COIN, contents

from simgen.cli import main
from simgen.data import open_dataset
from simgen.data.files import write_json

Command = Callable[..., tuple[int, dict[str, Any], str]]
PICTURES = ("--set", "cameras.base.size=[32, 32]", "--set", "render.triangles_per_link=200")


@pytest.fixture(scope="module")
def coin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("task") / "coin.yaml"
    write_json(path, COIN)
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two random and two teacher episodes of pick_cube with small pictures."""
    path = tmp_path_factory.mktemp("command") / "dataset"
    argv = ["generate", "pick_cube", "--out", path, "--random", "2", "--teacher", "2", "--num-envs", "2", *PICTURES]
    assert main([str(argument) for argument in argv]) == 0
    return path


def test_the_last_line_of_generate_has_the_keys_that_scripts_rely_on(
    simgen_command: Command, coin: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "dataset"
    code, last, stderr = simgen_command(
        "generate", coin, "--out", out, "--random", 2, "--teacher", 1, "--num-envs", 2, "--json"
    )
    assert code == 0
    assert set(last) == {"dataset", "episodes", "frames", "frames_per_second", "phases"}
    assert (last["dataset"], last["episodes"]) == (str(out), 3)
    assert last["frames_per_second"] > 0
    assert set(last["phases"]) == {"random", "teacher"}
    for phase in last["phases"].values():
        assert set(phase) == {"episodes", "attempts", "success_rate", "discarded"}
    assert last["phases"]["random"]["episodes"] == last["phases"]["random"]["attempts"] == 2
    assert 0 < last["phases"]["teacher"]["success_rate"] <= 1
    assert "random" in stderr
    assert "frames/s" in stderr
    assert last["frames"] == sum(episode.length for episode in open_dataset(out))


def test_info(simgen_command: Command, dataset: Path) -> None:
    code, last, _ = simgen_command("info", dataset, "--json")
    assert code == 0
    wanted = {"episodes", "frames", "tasks", "phases", "success_rate", "cameras", "bytes", "format_version"}
    assert wanted <= set(last)
    assert (last["episodes"], last["tasks"]) == (4, {"pick_cube": 4})
    assert last["cameras"]["base"] == {"rgb": [32, 32, 3], "depth": [32, 32, 1], "segmentation": [32, 32, 1]}
    assert last["frames"] == sum(episode.length for episode in open_dataset(dataset))


def test_check_accepts_a_sound_dataset_and_finds_a_flipped_byte(
    simgen_command: Command, dataset: Path, tmp_path: Path
) -> None:
    assert simgen_command("check", dataset, "--json")[:2] == (0, {"ok": True, "episodes": 4, "problems": []})
    broken = shutil.copytree(dataset, tmp_path / "broken")
    shard = next((broken / "shards").glob("*.h5"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    code, last, stderr = simgen_command("check", broken, "--json")
    assert code == 1
    assert not last["ok"]
    assert any(shard.name in problem for problem in last["problems"])
    assert shard.name in stderr


@pytest.mark.parametrize("episode", [0, 3])
def test_replay_is_identical(simgen_command: Command, dataset: Path, episode: int) -> None:
    code, last, _ = simgen_command("replay", dataset, "--episode", episode, "--json")
    assert code == 0
    assert {"max_position_error_m", "max_image_difference", "identical"} <= set(last)
    assert last["identical"] is True
    assert last["max_position_error_m"] == last["max_image_difference"] == 0.0


def test_an_existing_folder_needs_resume(simgen_command: Command, coin: Path, dataset: Path, tmp_path: Path) -> None:
    before = contents(dataset)
    code, last, stderr = simgen_command("generate", "pick_cube", "--out", dataset, "--random", 3, *PICTURES, "--json")
    assert code == 2
    assert "already holds a dataset" in last["error"]
    assert "--resume" in stderr
    (tmp_path / "notes.txt").write_text("mine")
    code, last, _ = simgen_command("generate", coin, "--out", tmp_path, "--random", 1, "--json")
    assert code == 2
    assert "is not empty and holds no simgen dataset (notes.txt" in last["error"]
    assert contents(dataset) == before
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("--set", "episode.max_steps=50"), "episode.max_steps: 100 in the dataset, 50 now"),
        (("--seed", "1"), "generation.seed: 0 in the dataset, 1 now"),
        (("--noise", "dart:0.1"), "generation.noise: 0.0 in the dataset, 0.1 now"),
        (("--codec", "gzip"), "begun with codec blosc2; it cannot go on with gzip"),
    ],
)
def test_resume_refuses_what_has_changed(
    simgen_command: Command, dataset: Path, change: tuple[str, str], named: str
) -> None:
    before = contents(dataset)
    code, last, _ = simgen_command(
        "generate", "pick_cube", "--out", dataset, "--random", 2, "--resume", *PICTURES, *change, "--json"
    )
    assert code == 2
    assert named in last["error"]
    assert contents(dataset) == before


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--random", "1", "--noise", "dart:much"), "allowed are none and dart:STD"),
        (("--random", "1", "--noise", "pink:0.1"), "allowed are none and dart:STD"),
        (("--random", "1", "--noise", "dart:7"), "out of range"),
        (("--random", "1", "--noise", "dart:nan"), "out of range"),
        ((), "nothing to generate"),
        (("--random", "1", "--num-envs", "0"), "num_envs must be at least 1"),
        (("--random", "1", "--processes", "0"), "at least 1"),
        (("--random", "x"), "invalid"),
        (("--random", "1", "--engine", "unity"), "engine"),
        (("--random", "1", "--random-policy", "pinkish"), "pink"),
        (("--random", "1", "--device", "cuda:7"), "cuda:7"),
        (("--random", "1", "--device", "tpu"), "tpu"),
        (("--random", "1", "--set", "episode.max_stepz=3"), "max_steps"),
        (("--randmo", "1"), "--random"),
    ],
)
def test_wrong_flags_exit_with_2(
    simgen_command: Command, coin: Path, tmp_path: Path, argv: tuple[str, ...], message: str
) -> None:
    code, _, stderr = simgen_command("generate", coin, "--out", tmp_path / "out", *argv)
    assert code == 2
    assert message in stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_task_names_the_nearest(simgen_command: Command, tmp_path: Path) -> None:
    code, _, stderr = simgen_command("generate", "pick_cub", "--out", tmp_path / "out", "--random", 1)
    assert code == 2
    assert "did you mean 'pick_cube'" in stderr


@pytest.mark.parametrize("command", ["info", "check", "replay"])
def test_commands_refuse_what_is_no_dataset(simgen_command: Command, tmp_path: Path, command: str) -> None:
    code, last, _ = simgen_command(command, tmp_path, "--json")
    assert code == 2
    assert "is not a simgen dataset" in last["error"]


def test_replay_refuses_an_episode_that_is_not_there(simgen_command: Command, dataset: Path) -> None:
    code, last, _ = simgen_command("replay", dataset, "--episode", 4, "--json")
    assert code == 2
    assert "there is no episode 4; allowed: 0 to 3" in last["error"]
