"""Killed and interrupted runs of the real command: nothing finished is lost, and --resume ends where one run ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from ctrl_c import heed_ctrl_c
from small_tasks import contents

from simgen.cli import main
from simgen.data import check_dataset, dataset_info, open_dataset

pytestmark = pytest.mark.slow
ARGUMENTS = [
    "pick_cube", "--random", "4", "--teacher", "4", "--num-envs", "2", "--seed", "7", "--processes", "2",
    "--set", "cameras.base.size=[32, 32]", "--set", "render.triangles_per_link=200", "--set", "episode.max_steps=70",
]  # fmt: skip


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simgen.cli", "generate", *ARGUMENTS, "--out", str(path), "--resume", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c)


def finished(path: Path) -> int:
    """Counts the episodes that are in shards or wait for theirs."""
    staged = len(list((path / ".staging").glob("*.json")))
    return staged + sum(len(json.loads(record.read_text())["episodes"]) for record in (path / "shards").glob("*.json"))


def wait_for_episodes(process: subprocess.Popen[str], path: Path, count: int) -> None:
    """Waits until so many episodes are finished, or the run has ended."""
    deadline = time.monotonic() + 120
    while process.poll() is None and finished(path) < count:
        assert time.monotonic() < deadline, "the run makes no progress"
        time.sleep(0.02)


def end_of(process: subprocess.Popen[str], encoders: list[psutil.Process]) -> tuple[str, str]:
    stdout, stderr = process.communicate(timeout=60)
    _, alive = psutil.wait_procs(encoders, timeout=20)
    assert not alive, "the encoders outlive the run"
    return stdout, stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("interrupted") / "whole"
    assert main(["generate", *ARGUMENTS, "--out", str(path)]) == 0
    return path


def test_kills_at_random_moments_and_resume_give_the_dataset_of_one_run(tmp_path: Path, whole: Path) -> None:
    path, rng, kills = tmp_path / "killed", random.Random(5), 0
    for count in (1, 3, 6):
        process = start(path)
        wait_for_episodes(process, path, count)
        time.sleep(rng.uniform(0.0, 0.2))
        running = process.poll() is None
        encoders = psutil.Process(process.pid).children(recursive=True) if running else []
        if running:
            os.kill(process.pid, signal.SIGKILL)
        end_of(process, encoders)
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 2, "most runs must have been killed before their end"
    kept = finished(path)
    assert kept > 0
    assert main(["generate", *ARGUMENTS, "--out", str(path), "--resume"]) == 0
    assert contents(path) == contents(whole)
    assert (path / "episodes.jsonl").read_bytes() == (whole / "episodes.jsonl").read_bytes()
    assert dataset_info(path)["phases"] == dataset_info(whole)["phases"]
    assert check_dataset(path).problems == []
    assert not (path / ".staging").exists()


def test_ctrl_c_keeps_what_is_finished_and_ends_cleanly(tmp_path: Path, whole: Path) -> None:
    path = tmp_path / "interrupted"
    process = start(path)
    wait_for_episodes(process, path, 2)
    before = finished(path)
    encoders = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, stderr = end_of(process, encoders)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.rstrip().endswith("interrupted")
    kept = contents(path)
    assert 2 <= before <= len(kept) < 8
    assert kept.items() <= contents(whole).items()
    assert check_dataset(path).problems == [], "what is there is whole"
    assert open_dataset(path)[0].rgb("base").shape[1:] == (32, 32, 3)
