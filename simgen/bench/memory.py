"""Peak memory of this process and of a device."""

from __future__ import annotations

import resource


def peak_host_bytes() -> int:
    """Returns the largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_device_bytes(device: str) -> int:
    """Returns the largest memory that Warp held on the device; 0 on the CPU, whose memory counts as the host's."""
    if device == "cpu":
        return 0
    import warp as wp

    return int(wp.get_mempool_used_mem_high(device))
