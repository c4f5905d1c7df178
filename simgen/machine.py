"""What a figure was measured on: processor, memory, devices, versions, commit."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

PACKAGES = (
    "simgen-toolkit", "numpy", "h5py", "hdf5plugin", "torch", "newton", "warp-lang", "mujoco", "mujoco-warp",
    "mani_skill", "sapien",
)  # fmt: skip


def processor() -> str:
    """Returns the name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Returns the versions of what the figures depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """Returns the commit of the checkout that simgen runs from, with "+" if files of it were changed; None outside."""
    package = Path(__file__).resolve().parent
    git = ["git", "-C", str(package.parent)]
    try:
        asked = _output([*git, "rev-parse", "--show-toplevel", "HEAD"])
        top, name = asked.split()[:2]
        changes = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    except (OSError, subprocess.SubprocessError):
        return None
    if Path(top) != package.parent:  # installed into an environment that lies in somebody's repository
        return None
    return name + ("+" if changes.strip() else "")


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout


def machine() -> dict[str, Any]:
    """Returns everything that a recorded figure should be read with."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions(),
        "commit": commit(),
    }
