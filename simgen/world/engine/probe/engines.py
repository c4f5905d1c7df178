"""Which engines work on this machine, tried for real in child processes, and what to do about those that do not."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from simgen.world.engine.make import ENGINES
from simgen.world.engine.probe.child import ask
from simgen.world.engine.probe.devices import Device

ENGINE_SECONDS = 600.0  # Newton compiles its kernels at the first run on a machine
DRAW_SECONDS = 180.0
MESA = (24, 3)  # the first whose CPU device SAPIEN accepts

_DRIVER_CHOICE = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")
_INSTALL = "run `make vulkan`, or install a Vulkan driver (Mesa 24.3 or newer draws on the CPU)"

_NVIDIA = "the NVIDIA driver's Vulkan part is missing (in a container: NVIDIA_DRIVER_CAPABILITIES=all)"


@dataclass(frozen=True)
class EngineStatus:
    """Whether an engine works.

    Args:
        ok: Whether it simulates and draws on at least one device.
        reason: Why not, "" if it does.
        remedy: What to do about it, "" if there is nothing to do.
        tried: What was tried, with "" or the reason why it failed.
    """

    ok: bool
    reason: str
    remedy: str
    tried: Mapping[str, str]


def probe_engines(found: tuple[Device, ...]) -> dict[str, EngineStatus]:
    """Runs each engine on the CPU, and on the first CUDA device if there is one.

    Args:
        found: The machine's devices.
    """
    probes = {"newton": _newton, "maniskill": _maniskill}
    with ThreadPoolExecutor(len(ENGINES)) as threads:
        running = {name: threads.submit(probes[name], found) for name in ENGINES}
        return {name: status.result() for name, status in running.items()}


def drawing_problem() -> str:
    """Returns "" if SAPIEN finds a device to draw on, else why it does not; takes about a second."""
    answer = ask("simgen.world.engine.probe.draw", "--quick", timeout=DRAW_SECONDS)
    tried = _drawn(answer.facts, answer.failure)
    return "" if "" in tried.values() else "; ".join(dict.fromkeys(tried.values()))


def _newton(found: tuple[Device, ...]) -> EngineStatus:
    tried = {device: _run("newton", device) for device in ("cpu", *_cuda(found))}
    failed = [f"{device}: {reason}" for device, reason in tried.items() if reason]
    remedy = "reinstall with the versions of constraints.txt (`make install`)" if failed else ""
    return EngineStatus("" in tried.values(), "; ".join(failed), remedy, tried)


def _maniskill(found: tuple[Device, ...]) -> EngineStatus:
    answer = ask("simgen.world.engine.probe.draw", timeout=DRAW_SECONDS)
    physics = answer.facts.get("physics", answer.failure)
    tried = {"physics": physics}
    if physics:
        return EngineStatus(False, f"SAPIEN does not run: {physics}", _physics_remedy(physics), tried)
    pictures = _drawn(answer.facts, answer.failure)
    if not _cuda(found):
        pictures.pop("cuda", None)
    tried |= {f"pictures on {device}": reason for device, reason in pictures.items()}
    if "" not in pictures.values():
        reason = "; ".join(dict.fromkeys(pictures.values()))
        return EngineStatus(False, f"physics works, but SAPIEN cannot draw: {reason}", drawing_remedy(found), tried)
    tried["cpu"] = _run("maniskill", "cpu")
    remedy = ""
    for device in _cuda(found):
        if answer.facts["physx_gpu"]:
            tried[device] = _run("maniskill", device)
        else:
            tried[device] = "PhysX has no CUDA library (libPhysXGpu) on this machine"
            remedy = "SAPIEN fetches libPhysXGpu from the internet at the first use of physx_cuda; --device cpu works"
    works = any(not reason for device, reason in tried.items() if device in ("cpu", *_cuda(found)))
    return EngineStatus(works, "" if works else tried["cpu"], remedy, tried)


def _run(name: str, device: str) -> str:
    return ask("simgen.world.engine.probe.run_engine", name, device, timeout=ENGINE_SECONDS).failure


def _drawn(facts: Mapping[str, object], failure: str) -> dict[str, str]:
    """Returns "" or the reason by device, also where the process ended in the middle."""
    if facts.get("physics"):
        return {"cpu": str(facts["physics"])}
    pictures = facts.get("pictures")
    drawn = {str(device): str(reason) for device, reason in pictures.items()} if isinstance(pictures, dict) else {}
    if "trying" in facts or not drawn:
        drawn[str(facts.get("trying", "cpu"))] = failure
    return drawn


def _cuda(found: tuple[Device, ...]) -> tuple[str, ...]:
    return tuple(device.name for device in found if device.kind == "cuda")[:1]


def _physics_remedy(reason: str) -> str:
    if "No module named" in reason:
        return "`pip install mani_skill` (it brings SAPIEN)"
    if "cannot open shared object file" in reason:
        return "run `make vulkan`, or install the library that is named (libX11 is in Debian's libx11-6)"
    return "SAPIEN runs on x86-64 Linux; reinstall with the versions of constraints.txt (`make install`)"


def drawing_remedy(found: tuple[Device, ...]) -> str:
    """Returns what to do where SAPIEN cannot draw on any of these devices."""
    chosen = [name for name in _DRIVER_CHOICE if os.environ.get(name)]
    if chosen:
        values = ", ".join(f"{name}={os.environ[name]}" for name in chosen)
        return f"{values} restricts which Vulkan drivers are looked for; unset it, or name a driver that exists"
    vulkan = [device for device in found if device.kind == "vulkan"]
    old = [device for device in vulkan if _mesa(device.detail) < MESA]
    if old:
        return f"Mesa is too old ({old[0].detail}); run `make vulkan`, or install Mesa 24.3 or newer"
    if _cuda(found) and not vulkan:
        return f"{_NVIDIA}; or {_INSTALL}"
    return _INSTALL


def _mesa(driver: str) -> tuple[int, int]:
    """Returns the version of Mesa that a driver names; one that is new enough if it is not Mesa's."""
    version = re.search(r"Mesa (\d+)\.(\d+)", driver)
    return (int(version[1]), int(version[2])) if version else MESA
