"""Probes run in children: whatever happens there comes back as a reason, and nothing stays behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from simgen.world.engine.probe.child import ask
from simgen.world.engine.probe.devices import Device, devices, vulkan_devices
from simgen.world.engine.probe.engines import drawing_problem, drawing_remedy

OLD_MESA = Device("vulkan", "llvmpipe", "CPU, llvmpipe Mesa 22.3.6 (LLVM 15.0.6)")
NEW_MESA = Device("vulkan", "llvmpipe", "CPU, llvmpipe Mesa 25.0.7 (LLVM 15.0.6)")
GPU = Device("cuda", "cuda:0", "NVIDIA H200; seen by torch and Warp")


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `little_probe` that children find."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "little_probe.py"


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", "/dev/null")
    monkeypatch.setenv("VK_ICD_FILENAMES", "/dev/null")


def test_the_last_object_counts_and_noise_does_not(probe: Path) -> None:
    probe.write_text("print('loading'); print('{\"a\": 1}'); print('{\"a\": 2}'); print('[svulkan2] bye')")
    answer = ask("little_probe", timeout=30)
    assert answer.facts == {"a": 2}
    assert answer.failure == ""


def test_a_crash_is_a_reason_and_what_was_said_before_it_is_kept(probe: Path) -> None:
    probe.write_text("import os\nprint('{\"a\": 1}', flush=True)\nos.abort()")
    answer = ask("little_probe", timeout=30)
    assert answer.facts == {"a": 1}
    assert "SIGABRT" in answer.failure


def test_an_error_is_its_last_line(probe: Path) -> None:
    probe.write_text("raise RuntimeError('no such device')")
    assert ask("little_probe", timeout=30).failure == "RuntimeError: no such device"


def test_what_hangs_is_ended_with_its_children(probe: Path) -> None:
    probe.write_text("import subprocess\nsubprocess.run(['sleep', '60'])")
    began = time.monotonic()
    assert ask("little_probe", timeout=1).failure == "it did not end within 1 s"
    assert time.monotonic() - began < 10


def test_the_processor_is_a_device() -> None:
    (cpu,) = [device for device in devices() if device.kind == "cpu"]
    assert cpu.name
    assert "cores" in cpu.detail


@pytest.mark.usefixtures("no_driver")
def test_without_a_driver_there_is_no_device_to_draw_on() -> None:
    found, reason = vulkan_devices()
    assert found == ()
    assert reason
    assert drawing_problem()


@pytest.mark.vulkan
def test_a_device_to_draw_on_names_its_driver() -> None:
    found, _ = vulkan_devices()
    assert found
    assert all(device.name and len(device.detail.split(", ")) >= 2 for device in found)
    assert drawing_problem() == ""


@pytest.mark.slow
@pytest.mark.vulkan
def test_sapien_draws_a_box() -> None:
    answer = ask("simgen.world.engine.probe.draw", timeout=120)
    assert answer.failure == ""
    assert answer.facts["physics"] == ""
    assert "" in answer.facts["pictures"].values()


def test_the_remedy_fits_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.delenv(name, raising=False)
    assert "make vulkan" in drawing_remedy(())
    assert "Mesa is too old" in drawing_remedy((OLD_MESA,))
    assert "too old" not in drawing_remedy((NEW_MESA,))
    assert "NVIDIA_DRIVER_CAPABILITIES" in drawing_remedy((GPU,))
    monkeypatch.setenv("VK_ICD_FILENAMES", "/none.json")
    assert "VK_ICD_FILENAMES=/none.json" in drawing_remedy((GPU,))
