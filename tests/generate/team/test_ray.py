"""A real Ray cluster on this machine: the same dataset as from one process, also when an actor is killed."""

from __future__ import annotations

import builtins
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
from small_tasks import COIN, contents

from simgen.commands.generate import with_address
from simgen.data import check_dataset, open_dataset
from simgen.errors import BadInput
from simgen.generate import GenerateOptions, generate
from simgen.generate.phase import PhaseCounts
from simgen.generate.team.cluster import claim_cores, reachable
from simgen.spec import load_task

pytestmark = pytest.mark.slow
OPTIONS = GenerateOptions(random=70, teacher=8, num_envs=8, seed=3, ray="auto")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    processes = psutil.Process().children(recursive=True)
    ray.shutdown()
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert not [process for process in alive if "ray" in " ".join(process.cmdline())]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of one process."""
    path = tmp_path_factory.mktemp("ray") / "whole"
    generate(load_task(COIN), path, replace(OPTIONS, ray=None))
    return path


def actors() -> list[psutil.Process]:
    """Returns the processes of the workers."""
    return [child for child in psutil.Process().children(recursive=True) if "ray::Actor" in " ".join(child.cmdline())]


def test_three_actors_of_whom_one_is_killed(cluster: None, tmp_path: Path, whole: Path) -> None:
    killed: list[int] = []

    def kill_one(phase: str, counts: PhaseCounts) -> None:
        if not killed and counts.attempts >= 3:
            victim = actors()[0]
            killed.append(victim.pid)
            victim.kill()

    summary = generate(load_task(COIN), tmp_path / "out", replace(OPTIONS, workers=3), kill_one)
    assert killed, "an actor must have been killed"
    assert contents(tmp_path / "out") == contents(whole)
    assert (tmp_path / "out" / "episodes.jsonl").read_bytes() == (whole / "episodes.jsonl").read_bytes()
    assert check_dataset(tmp_path / "out").problems == []
    assert summary.workers == 3
    assert not (tmp_path / "out" / ".staging").exists()


def test_each_actor_brings_its_shards_to_a_url(cluster: None, tmp_path: Path, whole: Path) -> None:
    generate(load_task(COIN), f"file://{tmp_path}/out", replace(OPTIONS, random=30, workers=1))
    before = len(open_dataset(tmp_path / "out"))
    generate(load_task(COIN), f"file://{tmp_path}/out", replace(OPTIONS, workers=2, resume=True))
    assert before == 38
    assert contents(tmp_path / "out") == contents(whole)
    assert (tmp_path / "out" / "episodes.jsonl").read_bytes() == (whole / "episodes.jsonl").read_bytes()
    assert check_dataset(tmp_path / "out").problems == []


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_ray(name: str, *rest: Any, **more: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(BadInput, match=r"--ray needs Ray: pip install 'simgen-toolkit\[ray\]'"):
        generate(load_task(COIN), tmp_path / "out", OPTIONS)
    assert not (tmp_path / "out").exists()


def test_an_address_where_nothing_answers_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(BadInput, match="nothing answers there"):
        reachable(address)
    for wrong in ("nonsense", "host:port", "ray://host"):
        with pytest.raises(BadInput, match="is no address; allowed are HOST:PORT"):
            reachable(wrong)


def test_the_address_may_be_left_out() -> None:
    assert with_address(["task", "--ray", "--out", "x"]) == ["task", "--ray", "auto", "--out", "x"]
    assert with_address(["--ray", "pick_cube"]) == ["--ray", "auto", "pick_cube"]
    assert with_address(["--ray", "10.0.0.1:6379"]) == ["--ray", "10.0.0.1:6379"]
    assert with_address(["--ray", "ray://head:10001", "t"]) == ["--ray", "ray://head:10001", "t"]
    assert with_address(["t", "--ray"]) == ["t", "--ray", "auto"]


def test_actors_claim_different_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # Whatever actors of other tests still hold.
    cores = os.sched_getaffinity(0)
    claims = []
    try:
        for _ in cores:
            claims.append((claim_cores(1), os.sched_getaffinity(0)))
            os.sched_setaffinity(0, cores)
        assert sorted(core for _, mine in claims for core in mine) == sorted(cores)
        assert claim_cores(1) is None, "all are taken"
    finally:
        os.sched_setaffinity(0, cores)
        for descriptor, _ in claims:
            if descriptor is not None:
                os.close(descriptor)
