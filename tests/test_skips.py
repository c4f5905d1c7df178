"""The rule on skips: in CI only those on the list; and no test file leaves a process behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SKIPPING = """
import pytest

def test_listed():
    pytest.skip("needs a CUDA device")

def test_unlisted():
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_expected_failure():
    assert False
"""

DRAWING = """
import pytest

@pytest.mark.vulkan
def test_drawn():
    pass

def test_not_drawn():
    pass
"""

LEAVING = """
import subprocess, sys

def test_leaves_a_process():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A little test suite under the same conftest and list of skips."""
    here = Path(__file__).parent
    shutil.copy(here / "conftest.py", tmp_path)
    shutil.copy(here / "skips.txt", tmp_path)
    shutil.copy(here / "shape_checks.py", tmp_path)
    return tmp_path


def run_pytest(suite: Path, ci: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "pythonpath=.",
        "--rootdir",
        ".",
        str(suite),
    ]
    environment = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, timeout=120)


def test_an_unlisted_skip_fails_in_ci_only(suite: Path) -> None:
    (suite / "test_skipping.py").write_text(SKIPPING)
    assert "2 skipped, 1 xfailed" in run_pytest(suite, ci="").stdout
    done = run_pytest(suite, ci="true")
    assert done.returncode == 1
    assert "1 failed, 1 skipped, 1 xfailed" in done.stdout
    assert "test_unlisted: skipped in CI, but not on the list skips.txt: not today" in done.stdout


def test_without_a_vulkan_device_its_tests_are_skipped_but_not_in_ci(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (suite / "test_drawing.py").write_text(DRAWING)
    (suite / "pytest.ini").write_text("[pytest]\nmarkers = vulkan: draws\n")
    monkeypatch.setenv("VK_DRIVER_FILES", os.devnull)
    monkeypatch.setenv("VK_ICD_FILENAMES", os.devnull)
    assert "1 passed, 1 skipped" in run_pytest(suite, ci="").stdout
    done = run_pytest(suite, ci="true")
    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout
    assert "test_drawn: skipped in CI, but not on the list skips.txt: SAPIEN finds no Vulkan device" in done.stdout
    assert "make vulkan" in done.stdout


def test_a_skipped_file_fails_in_ci(suite: Path) -> None:
    (suite / "test_file.py").write_text("import pytest\npytest.importorskip('no_such_module_at_all')\n")
    done = run_pytest(suite, ci="true")
    assert done.returncode == 2
    assert "not on the list" in done.stdout


def test_a_process_left_behind_fails_the_file(suite: Path) -> None:
    (suite / "test_leaving.py").write_text(LEAVING)
    done = run_pytest(suite, ci="")
    assert done.returncode == 1
    assert "child processes still run" in done.stdout
