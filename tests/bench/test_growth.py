"""The scripts in examples/benchmarks: rows that are measured for real, what is made of them, and what they refuse."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import imageio.v3 as iio
import pytest

from simgen.machine import machine

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "benchmarks"


@pytest.fixture(scope="module")
def growth() -> ModuleType:
    spec = importlib.util.spec_from_file_location("growth", FOLDER / "growth.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["growth"] = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(FOLDER))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def row(axis: str, value: int, seconds: float, peak: float, disk: float) -> dict[str, Any]:
    return {
        "axis": axis, "value": value, "episodes": value, "steps": 10, "side": 32, "num_envs": 64,
        "frames": 10 * value, "seconds": seconds, "peak_bytes": peak, "disk_bytes": disk,
    }  # fmt: skip


@pytest.mark.slow
def test_a_row_is_a_dataset(growth: ModuleType) -> None:
    wanted = growth.Row("objects", 3, episodes=2, steps=3, side=16, num_envs=2)
    assert len(wanted.task()["scene"]["objects"]) == 3
    found = growth.measure(wanted)
    assert growth.is_of(found, wanted)
    assert not growth.is_of(found, growth.Row("objects", 4, episodes=2, steps=3, side=16, num_envs=2))
    assert found["frames"] == 6
    assert 0 < found["seconds"] < found["seconds_with_start"]
    assert found["processor_seconds"] > 0
    assert found["peak_bytes"] > 1e8, "a simulator was loaded"
    assert found["disk_bytes"] > 1000


def test_what_it_extrapolates(growth: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        row("episodes", 100, 9.0, 1e9, 5e6),  # not on the line: a run has to warm up
        row("episodes", 1000, 20.0, 1e9, 10e6),
        row("episodes", 10_000, 110.0, 1e9 + 9e6, 100e6),
    ]
    growth.show(rows)
    text = capsys.readouterr().out
    far = growth.extrapolated(rows)
    assert far["days"] == pytest.approx((0.01 * 1e8 + 10.0) / 86400)
    assert far["disk_terabytes"] == pytest.approx(1.0, rel=1e-3)
    assert far["memory_gigabytes"] == pytest.approx(1.0 + 1e3 * 1e8 / 1e9, rel=1e-3)
    assert "10,000 episodes" in text
    assert all(assumption in text for assumption in far["assumptions"])
    assert growth.extrapolated(rows[:1]) is None


def test_the_picture(growth: ModuleType, tmp_path: Path) -> None:
    rows = [row("episodes", count, 0.01 * count, 1e9, 1e4 * count) for count in (100, 1000)]
    rows += [row("cameras", count, 5.0 * count, 1e9 * count, 1e6) for count in (1, 2, 3)]
    growth.draw(rows, tmp_path / "growth.png", machine())
    picture = iio.imread(tmp_path / "growth.png")[..., :3]
    assert picture.shape == (round(7.6 * 130), round(2 * 3.3 * 130), 3)
    colored = picture.max(-1).astype(int) - picture.min(-1) > 60
    for half in (colored[:, : colored.shape[1] // 2], colored[:, colored.shape[1] // 2 :]):
        assert all(part.any() for part in (half[:300], half[350:600], half[650:900])), "time, memory, disk"


def test_the_script_for_gpus_says_what_it_does() -> None:
    script = str(FOLDER / "gpu.sh")
    told = subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout
    assert "--wheels DIR" in told
    assert "SIMGEN_COMMIT" in told
    refused = subprocess.run([script, "--fast"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "unknown option --fast; see --help" in refused.stderr
    refused = subprocess.run([script, "--stage", "fly"], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "unknown stage fly; there are: install tests check bench write" in refused.stderr


def test_stages_for_gpus_can_be_tried_on_a_cpu() -> None:
    environment = {**os.environ, "DEVICE": "cpu", "PYTHON": sys.executable, "SIMGEN_COMMIT": "0" * 40}
    options = ["--quick", "--stage", "tests", "--stage", "install"]
    done = subprocess.run([str(FOLDER / "gpu.sh"), *options], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("==")] == ["== install", "== tests"]
    assert "test_torch_sees_nobody_wait_on_a_gpu" in done.stdout
