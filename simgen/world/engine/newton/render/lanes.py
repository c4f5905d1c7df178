"""Several launches at a time on the CPU, where Warp runs each on one core and without Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import warp as wp


class Lanes:
    """Shares passes out among threads; a lane runs its passes one after the other and has its own buffers.

    Args:
        threads: How many; None: as many as the process has cores. On a GPU there is one.
        device: Where the launches go.
    """

    def __init__(self, threads: int | None, device: wp.Device) -> None:
        self.count = (threads or len(os.sched_getaffinity(0))) if device.is_cpu else 1
        self._device = device
        self._executor = ThreadPoolExecutor(self.count) if self.count > 1 else None

    def close(self) -> None:
        """Ends the threads; `run` cannot be used any more."""
        if self._executor is not None:
            self._executor.shutdown()

    def run(self, passes: Sequence[int], work: Callable[[int, int], None]) -> None:
        """Calls `work(lane, pass)` for every pass and returns when all are done.

        In a graph capture, which records the launches of one thread, all passes are in lane 0.
        """
        if self._executor is None or len(passes) < 2 or self._device.is_capturing:
            for each in passes:
                work(0, each)
            return
        rest = iter(passes)  # shared: who is done takes the next, so that a busy core holds nobody up

        def work_through(lane: int) -> None:
            for each in rest:
                work(lane, each)

        list(self._executor.map(work_through, range(self.count)))
