"""Whether the machine has memory for so many worlds; asked before anything large is started."""

from __future__ import annotations

from simgen.errors import BadInput
from simgen.machine import available_bytes

LARGEST_SHARE = 0.8  # of the available memory


def require_memory(num_worlds: int, processes: int, process_bytes: int, world_bytes: int) -> None:
    """Refuses more worlds than memory allows.

    Raises:
        BadInput: Says how much they need, how much there is, and how many would fit.
    """
    available = available_bytes()
    needed = processes * process_bytes + num_worlds * world_bytes
    if available is None or needed <= LARGEST_SHARE * available:
        return
    left = LARGEST_SHARE * available
    alone = min(processes, int(left // (process_bytes + world_bytes)))  # as many worlds as processes
    full = alone == processes
    fitting = int((left - processes * process_bytes) // world_bytes) if full and world_bytes else alone
    _refuse(f"{num_worlds} worlds in {processes} processes", needed, available, fitting)


def require_arrays(num_worlds: int, row_bytes: int) -> None:
    """Refuses more worlds than memory allows for what they share with their owner, above all their images.

    Raises:
        BadInput: Says how much they need, how much there is, and how many would fit.
    """
    available = available_bytes()
    if available is not None and num_worlds * row_bytes > LARGEST_SHARE * available:
        fitting = int(LARGEST_SHARE * available // row_bytes)
        _refuse(f"the images and states of {num_worlds} worlds", num_worlds * row_bytes, available, fitting)


def _refuse(what: str, needed: float, available: float, fitting: int) -> None:
    advice = f"use --num-envs {fitting} or fewer" if fitting else "not even one fits"
    raise BadInput(
        f"{what} need {needed / 1e9:.3g} GB of memory, more than {LARGEST_SHARE:.0%} of the "
        f"{available / 1e9:.3g} GB that are available; {advice}."
    )
