"""Which device simulates."""

from __future__ import annotations

import warp as wp

ANY_GPU = "cuda"


def device_of(device: str, slot: int = 0) -> str:
    """Returns the device of the slot-th worker: what was asked for, or for "cuda" the GPUs that there are in turns."""
    gpus = gpu_count() if device == ANY_GPU else 0
    return f"{ANY_GPU}:{slot % gpus}" if gpus else device


def gpu_count() -> int:
    """Returns how many GPUs this process sees; CUDA_VISIBLE_DEVICES hides others."""
    return wp.get_cuda_device_count()
