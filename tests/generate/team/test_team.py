"""Real workers: the same dataset as from one process, whoever is killed or interrupted, and nobody is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from ctrl_c import heed_ctrl_c
from small_tasks import COIN, contents

from simgen.data import check_dataset, dataset_info
from simgen.data.files import write_json
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.generate.phase import PhaseCounts
from simgen.generate.team.local import share_of_cores
from simgen.spec import load_task, load_task_or_mixture

pytestmark = pytest.mark.slow
OPTIONS = GenerateOptions(random=70, teacher=12, num_envs=8, seed=3)
COINS = {"name": "coins", "mixture": [{"task": dict(COIN), "weight": 2.0}, {"task": {**COIN, "name": "other"}}]}


def workers_of(owner: int) -> list[psutil.Process]:
    """Returns the workers of a process, without what they have started."""
    return [child for child in psutil.Process(owner).children() if "generate.team.local" in " ".join(child.cmdline())]


def discarded(path: Path) -> dict[str, object]:
    """Returns what each shard's record says of the attempts that gave no episode."""
    records = (path / "shards").glob("*.json")
    return {record.name: json.loads(record.read_text())["shard"]["discarded"] for record in records}


def same(path: Path, other: Path) -> None:
    """Asserts that two datasets are the same, but for when and how they were made."""
    assert contents(path) == contents(other)
    assert (path / "episodes.jsonl").read_bytes() == (other / "episodes.jsonl").read_bytes()
    ours, theirs = dataset_info(path), dataset_info(other)
    assert ours | {"created": 0, "bytes": 0} == theirs | {"created": 0, "bytes": 0}
    assert discarded(path) == discarded(other)
    assert check_dataset(path).problems == []
    assert sorted(file.name for file in path.iterdir()) == ["dataset.json", "episodes.jsonl", "shards"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of one process."""
    path = tmp_path_factory.mktemp("team") / "whole"
    generate(load_task(COIN), path, OPTIONS)
    return path


def test_a_mixture_by_two_workers_of_whom_one_is_killed_and_one_loses_its_encoder(tmp_path: Path) -> None:
    coins = load_task_or_mixture(COINS)
    generate(coins, tmp_path / "alone", replace(OPTIONS, random=20))
    killed: list[int] = []

    def kill_one(phase: str, counts: PhaseCounts) -> None:
        if not killed and counts.attempts >= 3 and counts.workers == 2:
            victim, other = workers_of(os.getpid())
            killed.append(victim.pid)
            victim.kill()
            other.children()[0].kill()  # its encoder

    summary = generate(coins, tmp_path / "team", replace(OPTIONS, random=20, workers=2), kill_one)
    assert killed, "a worker must have been killed"
    assert workers_of(os.getpid()) == []
    same(tmp_path / "team", tmp_path / "alone")
    assert summary.as_dict()["workers"] == 2
    assert summary.phases["teacher"].episodes == 12
    assert summary.phases["teacher"].discarded["failure"] > 0, "there must be failures"


def test_a_worker_that_is_stopped_is_noticed_and_replaced(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simgen.generate.team.local.STILL", 12.0)
    stopped: list[psutil.Process] = []
    silences: list[float] = []

    def stop_one(phase: str, counts: PhaseCounts) -> None:
        silences.append(counts.silence)
        if not stopped and counts.attempts >= 3 and counts.workers == 2:
            stopped.append(workers_of(os.getpid())[0])
            stopped[0].suspend()

    generate(load_task(COIN), tmp_path / "out", replace(OPTIONS, workers=2), stop_one)
    assert stopped, "a worker must have been stopped"
    assert not stopped[0].is_running()
    assert max(silences) > 8, "the progress tells of it"
    assert workers_of(os.getpid()) == []
    same(tmp_path / "out", whole)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Waits until a condition holds or the process has ended."""
    deadline = time.monotonic() + 300
    while process.poll() is None and not condition():
        assert time.monotonic() < deadline, "the run makes no progress"
        time.sleep(0.02)


def finished(path: Path) -> int:
    """Counts the attempts that are staged or in shards."""
    records = [json.loads(record.read_text()) for record in (path / "shards").glob("shard-*.json")]
    sealed = sum(len(record["episodes"]) + len(record["shard"]["discarded"]) for record in records)
    return sealed + len(list((path / ".staging").glob("[a-z]*.json")))


def test_terminated_then_killed_then_finished_by_one_process(tmp_path: Path, whole: Path) -> None:
    write_json(tmp_path / "coin.yaml", COIN)
    path = tmp_path / "out"
    command = [sys.executable, "-m", "simgen.cli", "generate", str(tmp_path / "coin.yaml"), "--out", str(path)]
    command += ["--random", "70", "--teacher", "12", "--num-envs", "8", "--seed", "3", "--resume", "--json"]
    before = 0
    for workers, number in (("1", signal.SIGTERM), ("2", signal.SIGKILL)):
        process = subprocess.Popen(
            [*command, "--workers", workers], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=heed_ctrl_c,
        )  # fmt: skip
        wait_for(lambda enough=before + 4: finished(path) >= enough, process)
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        for each in family if number == signal.SIGTERM else []:  # batch systems tell every process of a job
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(number)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=120)
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive, "processes are left behind"
        assert process.returncode == (143 if number == signal.SIGTERM else -signal.SIGKILL), stderr
        assert "Traceback" not in stderr
        if number == signal.SIGTERM:
            assert check_dataset(path).problems == []
            assert contents(path).items() <= contents(whole).items()
        before = finished(path)
        assert before >= 4
    generate(load_task(COIN), path, replace(OPTIONS, resume=True))
    same(path, whole)


def test_too_few_successes_are_told_as_by_one_process(tmp_path: Path) -> None:
    impossible = {**COIN, "success": {"near": {"body": "cube", "at": [0.0, 0.0, 0.5], "within": 0.01}}}
    with pytest.raises(SimgenError, match=r"only 0 of 2 episodes succeeded in 5 attempts.*: failure \(5 times\)"):
        generate(
            load_task(impossible), tmp_path / "none",
            GenerateOptions(random=1, teacher=2, max_attempts=5, num_envs=2, workers=1),
        )  # fmt: skip
    assert list(contents(tmp_path / "none")) == [("random", 0)], "what was finished is kept"
    assert workers_of(os.getpid()) == []


@pytest.mark.parametrize(
    ("workers", "out", "message"),
    [
        (0, "out", "workers must be at least 1, not 0"),
        (None, "s3://bucket/name", r"s3://bucket/name: only workers write to a URL; add --workers N or --ray"),
        (1, "memory://name", "memory://name: is the memory of one process, and workers are others"),
        (1, "sl3://bucket/name", r"unknown protocol 'sl3'"),
        (1, "s3://bucket/name", r"s3fs"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int | None, out: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=message):
        generate(load_task(COIN), out, replace(OPTIONS, workers=workers))
    assert list(tmp_path.iterdir()) == []


def test_workers_share_the_cores() -> None:
    cores = sorted(os.sched_getaffinity(0))
    assert share_of_cores(0, 1) == cores
    assert sorted(core for slot in range(len(cores)) for core in share_of_cores(slot, len(cores))) == cores
    assert len(share_of_cores(5, 4 * len(cores))) == 1
