"""Peak memory of processes and of a device."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def family(root: int | None = None) -> list[int]:
    """Returns the ids of a process (default: this one) and of everything that it has started and that still runs."""
    parents: dict[int, int] = {}
    for entry in PROC.glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    found = [os.getpid() if root is None else root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def peak_host_bytes() -> int:
    """Returns the largest resident memory of this process so far, and of its children that still run, added up."""
    return sum(map(_peak, family()))


def _peak(pid: int) -> int:
    """The kernel's high-water mark of a process's own memory; unlike getrusage's, not that of who started it."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def peak_device_bytes(device: str) -> int:
    """Returns the largest memory that Warp and torch held on a device, added up; 0 on the CPU: that is the host's."""
    if device == "cpu":
        return 0
    import torch
    import warp as wp

    return int(wp.get_mempool_used_mem_high(device)) + int(torch.cuda.max_memory_allocated(device))
