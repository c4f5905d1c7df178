"""Worlds in processes: rows arrive, errors keep their type, a death costs the worlds of one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from world.workers.fake_world import Config

from simgen.errors import BadInput, SimgenError
from simgen.world.workers import ArraySpec, WorkerPool
from simgen.world.workers.nursery import Nursery

FACTORY = "world.workers.fake_world:make"
SPECS = {"steps": ArraySpec((), "int64"), "image": ArraySpec((2, 3), "uint8")}


def make_pool(num_worlds: int, processes: int | None = None, config: Config | None = None, **limits: int) -> WorkerPool:
    config = config or Config()
    return WorkerPool(FACTORY, config, num_worlds, process_bytes=1, world_bytes=1, processes=processes, **limits)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with make_pool(4, 2) as pool:
        yield pool


def test_rows_arrive_from_all_worlds(pool: WorkerPool) -> None:
    assert pool.describe() == Config()
    arrays = pool.allocate(SPECS)
    assert {name: tuple(array.shape) for name, array in arrays.items()} == {"steps": (4,), "image": (4, 2, 3)}
    assert not arrays["image"].any()
    pool.run("reset", payloads={1: 10, 3: 30})
    assert pool.run("step") == {0: None, 1: None, 2: None, 3: None}
    assert arrays["steps"].tolist() == [1, 11, 1, 31]
    pool.run("step", [2])
    assert arrays["steps"].tolist() == [1, 11, 2, 31]
    assert arrays["image"][2].unique().tolist() == [2]


def test_arrays_can_be_added_and_outlive_the_pool(pool: WorkerPool) -> None:
    steps = pool.allocate({"steps": SPECS["steps"]})["steps"]
    image = pool.allocate({"image": SPECS["image"]})["image"]
    pool.run("step")
    pool.close()
    assert steps.tolist() == [1] * 4
    assert torch.equal(image, torch.ones_like(image))


def test_processes_share_the_cores_and_nobodys_standard_input(pool: WorkerPool) -> None:
    facts = pool.run("facts")
    assert len({pid for pid, *_ in facts.values()}) == 2
    assert os.getpid() not in {pid for pid, *_ in facts.values()}
    threads = str(max(1, len(os.sched_getaffinity(0)) // 2))
    assert {rest for _, *rest in map(tuple, facts.values()) for rest in [tuple(rest)]} == {("/dev/null", threads, "1")}


def test_errors_keep_their_type_and_the_others_go_on(pool: WorkerPool) -> None:
    arrays = pool.allocate(SPECS)
    with pytest.raises(BadInput, match="cannot be placed"):
        pool.run("refuse")
    with pytest.raises(SimgenError, match="ZeroDivisionError: a defect"):
        pool.run("break", [1])
    with pytest.raises(SimgenError, match="SystemExit: 3"):
        pool.run("leave", [1])
    with pytest.raises(SimgenError, match="pickle"):
        pool.run("unsendable", [1])
    found = pool.attempt("refuse", [0, 3])
    assert {world: type(error) for world, error in found.items()} == {0: BadInput, 3: BadInput}
    pool.run("step")
    assert arrays["steps"].tolist() == [1] * 4
    assert pool.lost == frozenset()


def test_a_factorys_error_comes_back_and_leaves_nothing() -> None:
    with pytest.raises(BadInput, match="fake: no such environment"):
        make_pool(2, config=Config(refuse=True))
    with pytest.raises(SimgenError, match="cannot import"):
        WorkerPool("world.workers.absent:make", None, 1, process_bytes=1, world_bytes=1)
    assert not psutil.Process().children(recursive=True)


def test_a_killed_process_costs_its_worlds_only(pool: WorkerPool) -> None:
    arrays = pool.allocate(SPECS)
    pool.run("step")
    assert set(pool.attempt("die", [1])) == set()
    assert pool.lost == {1, 3}  # every second world is in the second process
    assert "SIGKILL" in pool.deaths[1]
    assert "the engine's last message" in pool.deaths[1]
    assert set(pool.run("step")) == {0, 2}
    assert arrays["steps"].tolist() == [2, 1, 2, 1]
    pool.renew([0, 1])
    assert pool.lost == {3}
    pool.run("reset", [1], {1: 50})
    assert set(pool.run("step")) == {0, 1, 2}
    assert arrays["steps"].tolist() == [3, 51, 3, 1]
    pool.renew([3])
    assert pool.lost == frozenset()
    assert pool.pids[1] == pool.pids[3]


def test_a_process_that_was_killed_between_commands_is_noticed(pool: WorkerPool) -> None:
    pool.allocate(SPECS)
    os.kill(pool.pids[0], signal.SIGKILL)
    assert set(pool.run("step")) == {1, 3}
    pool.renew([0, 2])
    os.kill(pool.pids[1], signal.SIGKILL)
    _wait_for_end([pool.pids[1]])
    pool.renew([1])
    assert set(pool.run("step")) == {0, 1, 2}
    assert pool.lost == {3}


def test_workers_can_be_made_after_all_processes_were_killed(pool: WorkerPool) -> None:
    arrays = pool.allocate(SPECS)
    for process in psutil.Process().children(recursive=True):
        process.kill()
    assert pool.run("step") == {}
    assert pool.lost == {0, 1, 2, 3}
    pool.renew(range(4))
    pool.run("step")
    assert arrays["steps"].tolist() == [1] * 4


def test_a_nursery_that_dies_after_it_was_looked_at_is_replaced(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Nursery, "alive", property(lambda nursery: nursery._process.returncode is None))  # looks late
        for process in psutil.Process().children(recursive=True):
            process.kill()
        assert pool.run("step") == {}
        pool.renew(range(4))
    assert pool.lost == frozenset()
    assert set(pool.run("facts")) == {0, 1, 2, 3}


def test_a_process_is_replaced_after_many_resets() -> None:
    with make_pool(4, 2, recycle_resets=6) as pool:
        pool.allocate(SPECS)
        seen = set()
        for _ in range(12):
            pool.renew(range(4))
            pool.run("reset")
            seen |= set(pool.pids.values())
            assert len(set(pool.pids.values())) == 2
        assert len(seen) == 8  # 12 rounds of 2 resets each in processes that live for 6


def test_an_old_process_stays_until_its_last_world_leaves() -> None:
    with make_pool(2, 1, recycle_resets=2) as pool:
        arrays = pool.allocate(SPECS)
        pool.renew([0, 1])
        old = pool.pids[0]
        pool.run("step")
        pool.renew([0])
        assert pool.pids[1] == old != pool.pids[0]
        pool.run("step")
        assert arrays["steps"].tolist() == [1, 2]  # world 1 went on, world 0 began anew
        pool.renew([1])
        assert pool.pids[1] == pool.pids[0]
        assert not psutil.pid_exists(old)


def test_a_process_that_grew_is_replaced() -> None:
    with make_pool(1, recycle_bytes=50_000_000) as pool:
        for size in (0, 0, 100_000_000):
            pool.renew([0])
            pool.run("hoard_memory", payloads={0: size})
        old = pool.pids[0]
        pool.renew([0])
        assert pool.pids[0] != old
        assert not psutil.pid_exists(old)


def test_too_many_worlds_for_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simgen.world.workers.memory.available_bytes", lambda: 10_000_000_000)
    sizes = {"process_bytes": 1_000_000_000, "world_bytes": 500_000_000}
    with pytest.raises(BadInput, match="16 worlds in 4 processes need 12 GB.*80%.*10 GB.*--num-envs 8 or fewer"):
        WorkerPool(FACTORY, Config(), 16, processes=4, **sizes)
    with pytest.raises(BadInput, match="--num-envs 5 or fewer"):
        WorkerPool(FACTORY, Config(), 16, processes=16, **sizes)
    with pytest.raises(BadInput, match="not even one fits"):
        WorkerPool(FACTORY, Config(), 1, process_bytes=9_000_000_000, world_bytes=1)


def test_too_large_arrays_for_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = make_pool(4, 1)
    monkeypatch.setattr("simgen.world.workers.memory.available_bytes", lambda: 10_000_000_000)
    with pytest.raises(BadInput, match="images and states of 4 worlds need 16 GB.*80%.*--num-envs 2 or fewer"):
        pool.allocate({"image": ArraySpec((1000, 1000, 1000), "float32")})
    pool.close()


def test_no_process_is_left_after_close() -> None:
    pool = make_pool(3, 3)
    processes = psutil.Process().children(recursive=True)
    assert len(processes) == 4
    pool.close()
    pool.close()
    assert not any(process.is_running() for process in processes)


@pytest.mark.parametrize("call", ["", "pool.run('sleep', payloads={0: 60.0, 1: 60.0})"])
def test_no_process_is_left_when_the_owner_was_killed(tmp_path: Path, call: str) -> None:
    script = f"""
import pathlib, time
from simgen.world.workers import WorkerPool
from world.workers.fake_world import Config
pool = WorkerPool("{FACTORY}", Config(), 2, process_bytes=1, world_bytes=1, processes=2)
pathlib.Path({str(tmp_path / "ready")!r}).write_text("yes")
{call}
time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as owner:
        deadline = time.monotonic() + 30
        while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        pids = [process.pid for process in psutil.Process(owner.pid).children(recursive=True)]
        assert len(pids) == 3
        owner.kill()
    _wait_for_end(pids)


def test_ctrl_c_during_a_command_does_not_mix_up_answers(pool: WorkerPool) -> None:
    arrays = pool.allocate(SPECS)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with pytest.raises(KeyboardInterrupt):
        pool.run("sleep", payloads={0: 10.0})
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert {0, 2} <= pool.lost
    pool.renew(range(4))
    assert set(pool.run("facts")) == {0, 1, 2, 3}
    pool.run("step")
    assert arrays["steps"].tolist() == [1] * 4


def _wait_for_end(pids: list[int]) -> None:
    deadline = time.monotonic() + 5
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
