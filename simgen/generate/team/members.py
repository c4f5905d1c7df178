"""What the coordinator's book is about: the phases of the parts, and the workers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from simgen.data.shard import ShardRange
from simgen.generate.phase import PhaseCounts
from simgen.generate.schedule import Schedule
from simgen.generate.team.messages import Ended


@dataclass(eq=False)
class Job:
    """A phase of a part."""

    part: int
    name: str
    schedule: Schedule
    counts: PhaseCounts

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it."""
        schedule = self.schedule
        return not schedule.running and (len(schedule.kept) >= schedule.wanted or schedule.exhausted)

    def count(self, ended: Ended, index: int, keeps: bool, sign: int = 1) -> None:
        """Takes an outcome into the schedule and the counts, or (sign -1) out of them."""
        if sign < 0:
            self.schedule.forget(index)
        elif keeps:
            self.schedule.keep(index)
        else:
            self.schedule.running.discard(index)
            self.schedule.reject(index)
        self.counts.attempts += sign
        self.counts.successes += sign * ended.success
        self.counts.episodes += sign * keeps
        if ended.reason is not None:
            self.counts.discarded[ended.reason] = self.counts.discarded.get(ended.reason, 0) + sign


@dataclass(eq=False)
class Member:
    """What a worker has to do.

    Args:
        name: Unique.
        slot: Its place among the workers; the one that follows it after its death gets the same.
        site: Where it stages; workers with the same site share the directory.
        ready: Whether it can take orders.
        busy: Whether it has one and has not reported since.
        heard: When it was told or did report last, by the monotonic clock [s].
        simulating: Whether episodes are under way in its worlds.
        job: What it has turned to.
        free: Worlds without an episode.
        running: Episodes that it was given and that are not safe.
        reopening, sealing: Shards of which it has not reported yet.
    """

    name: str
    slot: int
    site: str
    ready: bool = False
    busy: bool = True
    heard: float = field(default_factory=time.monotonic)
    simulating: bool = False
    job: Job | None = None
    free: int = 0
    running: set[tuple[Job, int]] = field(default_factory=set)
    reopening: set[ShardRange] = field(default_factory=set)
    sealing: set[ShardRange] = field(default_factory=set)

    @property
    def owes(self) -> bool:
        """Whether it has something that is not safe yet."""
        return self.simulating or bool(self.running or self.reopening or self.sealing)
