"""What this machine computes and draws on: processor, CUDA devices, Vulkan devices with their drivers."""

from __future__ import annotations

import os
from dataclasses import dataclass

from simgen.machine import processor, usable_cores
from simgen.world.engine.probe.child import ask


@dataclass(frozen=True)
class Device:
    """A device.

    Args:
        kind: "cpu", "cuda" or "vulkan".
        name: Such as "NVIDIA H200".
        detail: Its size, and what sees it or drives it.
    """

    kind: str
    name: str
    detail: str


def devices() -> tuple[Device, ...]:
    """Returns the devices of this machine."""
    return (_cpu(), *cuda_devices(), *vulkan_devices()[0])


def cuda_devices() -> tuple[Device, ...]:
    """Returns the CUDA devices that torch or Warp see."""
    found = ask("simgen.world.engine.probe.cuda", timeout=120.0).facts.get("devices", [])
    return tuple(Device("cuda", entry["name"], entry["detail"]) for entry in found)


def vulkan_devices() -> tuple[tuple[Device, ...], str]:
    """Returns the devices that the Vulkan loader lists, and if there are none, why."""
    answer = ask("simgen.world.engine.probe.vulkan", timeout=60.0)
    found = answer.facts.get("devices", [])
    listed = tuple(Device("vulkan", entry["name"], f"{entry['kind']}, {entry['driver']}") for entry in found)
    return listed, answer.facts.get("error", "") or answer.failure


def _cpu() -> Device:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Device("cpu", processor(), f"{usable_cores()} cores, {memory / 1e9:.3g} GB")
