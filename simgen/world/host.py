"""What the host does about tensors of a device that it should not wait for.

A CPU computes while the host calls. A GPU is told what to compute and does it later: whoever looks at a value, or hands
over one that is not on the GPU yet, waits until all that was told before is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch


def waits_for(device: torch.device) -> bool:
    """Says whether looking at a value on a device makes the host wait."""
    return device.type != "cpu"


def constant(values: Sequence[float], like: torch.Tensor) -> torch.Tensor:
    """Returns numbers that are the same in every step, of a tensor's type and on its device; not to be written to.

    They are handed over once. Shape: (len(values),).
    """
    return _made(tuple(map(float, values)), like.dtype, like.device)


def indices(values: Sequence[int], device: torch.device) -> torch.Tensor:
    """Returns the numbers of rows or columns that are the same in every step, as `constant` does. (len(values),)."""
    return _made(tuple(map(int, values)), torch.int64, device)


@lru_cache(maxsize=4096)
@torch.inference_mode(False)  # they outlive the block that asks first
def _made(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype, device=device)


def may_be_any(mask: torch.Tensor) -> bool:
    """Says whether a mask selects something, or may do so where that cannot be seen without waiting."""
    return waits_for(mask.device) or bool(mask.any())
