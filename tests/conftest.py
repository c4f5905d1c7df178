"""What all tests share: the environment, one folder per run, no process left behind, no silent skip."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest
import shape_checks

# Several test processes share few cores. Set before torch and numpy are imported; sub-processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Derived meshes are shared by all test processes and runs of a checkout. Warp's kernels stay in Warp's own cache.
os.environ.setdefault("SIMGEN_CACHE", str(Path(__file__).resolve().parents[1] / "build" / "test-cache"))

shape_checks.install(Path(__file__).resolve().parents[1])

SKIPS = Path(__file__).with_name("skips.txt")
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this run share; what is put there must be put there whole."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(autouse=True, scope="module")
def no_process_left_behind() -> Iterator[None]:
    """Fails a test file that leaves a child process running."""
    before = {process.pid for process in _children()}
    yield
    _, alive = psutil.wait_procs([process for process in _children() if process.pid not in before], timeout=5)
    names = [f"{process.pid} {' '.join(process.cmdline())[:120]}" for process in alive if process.is_running()]
    for process in alive:
        process.kill()
    assert not names, f"child processes still run after the tests of this file: {names}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what this machine has no device for."""
    for item in items:
        if item.get_closest_marker("gpu") and not _has_cuda():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test that draws with SAPIEN where it cannot; asked for when the first such test is about to run."""
    if item.get_closest_marker("vulkan") and (problem := _vulkan_problem()):
        pytest.skip(f"SAPIEN finds no Vulkan device to draw on; run `make vulkan`: {problem}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip of a test that is not on the list into a failure, in CI."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _forbid_unlisted_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turns a skip of a whole file that is not on the list into a failure, in CI."""
    report = yield
    if report.skipped:
        _forbid_unlisted_skip(report)
    return report


def _forbid_unlisted_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    reason = str(text).removeprefix("Skipped: ")
    listed = any(fnmatch.fnmatch(report.nodeid, test) and fnmatch.fnmatch(reason, why) for test, why in _allowed())
    if os.environ.get("CI", "").lower() in ("true", "1") and not listed:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped in CI, but not on the list {SKIPS.name}: {reason}"


@cache
def _allowed() -> list[tuple[str, str]]:
    lines = [line for line in SKIPS.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"]
    fields = [[field.strip() for field in line.split("|")] for line in lines]
    assert all(len(field) == 3 and all(field) for field in fields), f"{SKIPS.name}: each line is test | reason | why"
    return [(test, reason) for test, reason, _ in fields]


@cache
def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


@cache
def _vulkan_problem() -> str:
    from simgen.world.engine.probe.engines import drawing_problem

    return drawing_problem()


def _children() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if not any(helper in " ".join(process.cmdline()) for helper in _HELPERS):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
