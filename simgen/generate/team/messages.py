"""What coordinator and workers tell each other; everything here can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data.shard import ShardRange
from simgen.errors import SimgenError
from simgen.generate.options import GenerateOptions
from simgen.spec import AnyTask


@dataclass(frozen=True)
class Setup:
    """What every worker of a run has to know.

    Args:
        tasks, weights: Parts of the dataset.
        wanted: Each worker's share of the episodes of each phase, by part; it needs no more worlds.
        options: Of the run.
        manifest: Of the dataset.
        site: Directory where its episodes are staged, which all workers share; None: each has its own.
        witness: Name of a process that is present at the site; a worker that does not find it is on another disk.
        target: URL that shards are published to; None: the site is the dataset.
        neighbours: Processes on one machine whose memory nobody has looked at together.
    """

    tasks: tuple[AnyTask, ...]
    weights: tuple[float, ...]
    wanted: tuple[dict[str, int], ...]
    options: GenerateOptions
    manifest: dict[str, Any]
    site: Path | None
    witness: str
    target: str | None
    neighbours: int


@dataclass(frozen=True)
class Order:
    """What a worker is to do until it reports again; an empty one: go on, or finish what is not safe yet.

    Args:
        part, phase: To turn to, if nothing is under way; None: go on as before.
        indices: Episodes of it to try, besides those under way.
        reopen: Shards to take apart, because their ranges will get more episodes.
        seal: Shards to make of what is staged, and to publish.
        after: Workers that died, and whose encoders must be gone before.
        end: Whether this is the last order.
    """

    part: int | None = None
    phase: str = ""
    indices: tuple[int, ...] = ()
    reopen: tuple[ShardRange, ...] = ()
    seal: tuple[ShardRange, ...] = ()
    after: tuple[str, ...] = ()
    end: bool = False


@dataclass(frozen=True)
class Ended:
    """An attempt whose outcome is safe: it is staged.

    Args:
        phase, number: Of the attempt, in the dataset.
        success: Whether it reached the task's goal.
        reason: Why it gave no episode; None if it did.
    """

    phase: str
    number: int
    success: bool
    reason: str | None = None


@dataclass
class Report:
    """What a worker has done since the last one.

    Args:
        ended: Attempts that are safe now.
        reopened, sealed: Orders that are carried out; what is sealed is published too.
        frames: Control steps that it simulated, summed over worlds.
        free: Worlds that could begin an episode of the same part and phase.
        simulating: Whether any episode is under way.
        notes: On the arrays of the part that it began, if it did.
        error: Why it cannot go on.
    """

    ended: list[Ended] = field(default_factory=list)
    reopened: list[ShardRange] = field(default_factory=list)
    sealed: list[ShardRange] = field(default_factory=list)
    frames: int = 0
    free: int = 0
    simulating: bool = False
    notes: dict[str, dict[str, Any]] | None = None
    error: SimgenError | None = None


@dataclass(frozen=True)
class Death:
    """A worker is gone; `how` says how it ended."""

    how: str
