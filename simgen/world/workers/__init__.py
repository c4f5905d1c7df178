"""A pool of processes that each hold some worlds; what the worlds show are rows of arrays in shared memory.

For engines that can have one world per process only, or that leak: a process that dies costs the running episodes of
its worlds, and one that has grown old is replaced.
"""

from __future__ import annotations

from simgen.world.workers.arrays import ArraySpec
from simgen.world.workers.pool import WorkerPool
from simgen.world.workers.worker import World

__all__ = ["ArraySpec", "WorkerPool", "World"]
