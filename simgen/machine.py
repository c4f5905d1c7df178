"""This machine: processor, versions and commit that a figure was measured on, and how much memory there still is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

PACKAGES = (
    "simgen-toolkit", "numpy", "h5py", "hdf5plugin", "torch", "newton", "warp-lang", "mujoco", "mujoco-warp",
    "mani_skill", "sapien",
)  # fmt: skip
_MEMINFO, _GROUPS, _CGROUP = Path("/proc/meminfo"), Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60  # what the first version of control groups says where there is none is about 2^63 [bytes]


class _GroupFiles(NamedTuple):
    """Where a version of control groups says what memory a group may use and does, and what of it is cache."""

    limit: str
    used: str
    cache: str
    shared: str


_V1 = _GroupFiles("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache", "total_shmem")
_V2 = _GroupFiles("memory.max", "memory.current", "file", "shmem")


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


def usable_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int | None:
    """Returns how much memory a process can still take [bytes]: the machine's, or less in a container; or None."""
    found = [value for value in (_machine_bytes(), _container_bytes()) if value is not None]
    return min(found, default=None)


def _machine_bytes() -> int | None:
    try:
        values = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines() if ":" in line)
        return int(values["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _container_bytes() -> int | None:
    """What the control groups that this process is in still allow [bytes]: the least of all; None without any limit."""
    try:
        lines = [line.split(":", 2) for line in _GROUPS.read_text().splitlines()]
    except OSError:
        return None
    found = []
    for _, controllers, path in lines:
        names, root = (_V1, _CGROUP / "memory") if controllers else (_V2, _CGROUP)
        if controllers and "memory" not in controllers.split(","):
            continue
        inner = root / path.strip("/")
        found += [_group_bytes(group, names) for group in (inner, *inner.parents) if group.is_relative_to(root)]
    return min((left for left in found if left is not None), default=None)


def _group_bytes(group: Path, names: _GroupFiles) -> int | None:
    """What one control group still allows [bytes]; its file cache can be given up, but for what only memory holds."""
    try:
        limit, used = (int((group / name).read_text()) for name in (names.limit, names.used))
        parts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        cache = int(parts[names.cache]) - int(parts[names.shared])
    except (OSError, KeyError, ValueError):  # no such group here, or "max": no limit
        return None
    return None if limit >= _NO_LIMIT else max(0, limit - used + cache)
