"""The coordinator's book: who has which episodes, what is safe, which shards are to be made; it talks to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from simgen.data.resume import Found
from simgen.data.shard import ShardRange, shard_range
from simgen.errors import SimgenError
from simgen.generate.part import PHASES, TaskPart
from simgen.generate.phase import PhaseCounts, too_few
from simgen.generate.team.members import Job, Member
from simgen.generate.team.messages import Ended, Order, Report

MOST_DEATHS = 3  # of workers that were trying the same episode


class Book:
    """Shares out what is to be done.

    Args:
        parts: Of the dataset; what was done before is looked up.
        found: What was done before.
        phases, episodes_per_shard: Of the dataset.
        workers: Among how many.
        num_envs: Worlds of a worker, by part.
    """

    def __init__(
        self,
        parts: Sequence[TaskPart],
        found: Found,
        phases: list[str],
        episodes_per_shard: int,
        workers: int,
        num_envs: Sequence[int],
    ) -> None:
        self._parts, self._phases, self._per_shard = parts, phases, episodes_per_shard
        self._workers, self._num_envs = workers, num_envs
        self.jobs = [
            Job(number, name, part.schedules[name], part.counts[name])
            for number, part in enumerate(parts)
            for name in PHASES
        ]
        self._by_name = {(job.part, job.name): job for job in self.jobs}
        self._deaths: Counter[tuple[Job, int]] = Counter()
        self._dead: list[str] = []
        self._done: dict[ShardRange, dict[int, Ended | None]] = {}  # None: an earlier run did it
        self._sealed = set(found.sealed)
        self._home: dict[ShardRange, str] = {}
        self._to_seal: list[ShardRange] = []
        self._to_reopen: list[ShardRange] = []
        self._closed: set[ShardRange] = set()  # until they are reopened, nothing may be added
        self._under_seal = 0
        self._ending = False
        for key in [*found.finished, *found.discarded]:
            self._done.setdefault(self._range(*key), {})[key[1]] = None
        for shard in self._done:
            self._seal_if_full(shard)

    def _range(self, phase: str, number: int) -> ShardRange:
        return shard_range(self._phases, self._per_shard, phase, number)

    @property
    def over(self) -> bool:
        """Whether all episodes are there and in shards."""
        return self._ending and not self._to_seal and not self._under_seal

    @property
    def complete(self) -> bool:
        """Whether no episode is missing."""
        return all(job.over for job in self.jobs)

    def counts(self, phase: str) -> PhaseCounts:
        """Returns the counts of a phase over all parts."""
        return PhaseCounts.total(job.counts for job in self.jobs if job.name == phase)

    @property
    def failures(self) -> list[str]:
        """Why there are too few episodes, if there are."""
        return [
            too_few(self._parts[job.part].task.name, job.name, job.schedule, job.counts)
            for job in self.jobs
            if job.schedule.exhausted
        ]

    def order(self, member: Member) -> Order | None:
        """Returns what a worker is to do next; None if there is nothing for it now."""
        job, indices = self._grant(member)
        reopen = self._take(self._to_reopen, member)
        seal = self._take(self._to_seal, member)
        self._under_seal += len(seal)
        member.reopening.update(reopen)
        member.sealing.update(seal)
        if not (job or reopen or seal or member.owes):
            return None
        if job is not None:
            member.job = job
        return Order(
            part=job.part if job else None,
            phase=job.name if job else "",
            indices=tuple(indices),
            reopen=tuple(reopen),
            seal=tuple(seal),
            after=tuple(self._dead),
        )

    def last_order(self, member: Member, shared: bool) -> Order:
        """Returns the order to end; what is not at a shared site has to get into shards before."""
        mine = [shard for shard, site in self._home.items() if site == member.site and self._done.get(shard)]
        rest = [shard for shard in mine if not (shared or shard in self._sealed or shard in self._closed)]
        return Order(seal=tuple(rest), end=True)

    def _take(self, waiting: list[ShardRange], member: Member) -> list[ShardRange]:
        """Takes those of waiting shards that are at a worker's site."""
        mine = [shard for shard in waiting if self._home.get(shard, member.site) == member.site]
        waiting[:] = [shard for shard in waiting if shard not in mine]
        return mine

    def _grant(self, member: Member) -> tuple[Job | None, list[int]]:
        """Gives a worker episodes, first of what it does already; for those of another part it makes worlds before."""
        jobs = [member.job] if member.simulating and member.job else self.jobs
        for job in jobs:
            if (
                not self._fair(member, job)
                or job.schedule.peek(lambda i, job=job: self._may_have(member, job, i)) is None
            ):
                continue
            if member.job is None or member.job.part != job.part:
                return job, []
            free = member.free if member.simulating else self._num_envs[job.part]
            return job, list(self._indices(member, job, free))
        return None, []

    def _fair(self, member: Member, job: Job) -> int:
        """How many more episodes a worker may have, so that the others have as much to do."""
        schedule = job.schedule
        mine = sum(1 for other, _ in member.running if other is job)
        return max(0, -(-(len(schedule.running) + schedule.missing) // self._workers) - mine)

    def _indices(self, member: Member, job: Job, free: int) -> Iterator[int]:
        for _ in range(min(free, self._fair(member, job))):
            index = job.schedule.take(lambda index: self._may_have(member, job, index))
            if index is None:
                return
            member.running.add((job, index))
            yield index

    def _shard_of(self, job: Job, index: int) -> ShardRange:
        return self._range(job.name, self._parts[job.part].share.number(index))

    def _may_have(self, member: Member, job: Job, index: int) -> bool:
        """Whether a worker may have an episode: it is at the site of its shard, and the shard is open."""
        shard = self._shard_of(job, index)
        if self._home.setdefault(shard, member.site) != member.site:
            return False
        if shard in self._sealed:
            self._sealed.remove(shard)
            self._closed.add(shard)
            self._to_reopen.append(shard)
        return shard not in self._closed

    def take_in(self, member: Member, report: Report) -> None:
        """Notes what a worker has reported."""
        member.ready, member.busy = True, False
        member.simulating, member.free = report.simulating, report.free
        if member.job is not None:
            member.job.counts.frames += report.frames
        member.reopening.difference_update(report.reopened)
        self._closed.difference_update(report.reopened)
        touched = set(report.reopened)
        for shard in report.sealed:
            member.sealing.discard(shard)
            self._under_seal -= 1
            self._sealed.add(shard)
        for ended in report.ended:
            touched.add(self._note(member, ended))
        for shard in touched:
            self._seal_if_full(shard)

    def _note(self, member: Member, ended: Ended) -> ShardRange:
        job, index, keeps = self._outcome(ended)
        member.running.discard((job, index))
        job.count(ended, index, keeps)
        shard = self._range(ended.phase, ended.number)
        self._done.setdefault(shard, {})[ended.number] = ended
        return shard

    def _outcome(self, ended: Ended) -> tuple[Job, int, bool]:
        """Whose attempt that was, and whether it counts."""
        part, index = self._parts[0].share.turns.place(ended.number)
        keeps = ended.reason is None and (ended.success or ended.phase != "teacher")
        return self._by_name[part, ended.phase], index, keeps

    def _seal_if_full(self, shard: ShardRange) -> None:
        full = len(self._done.get(shard, ())) == shard.stop - shard.first
        if full and shard not in self._sealed and shard not in self._to_seal and not self._ending:
            self._to_seal.append(shard)

    def finish(self, members: Sequence[Member]) -> None:
        """Once all episodes are there: has the shards made whose ranges will stay incomplete."""
        if self._ending or not self.complete or any(member.reopening for member in members):
            return
        if self._to_reopen or self._to_seal or self._under_seal:
            return
        self._to_seal = [shard for shard in self._done if shard not in self._sealed]
        self._ending = True

    def lost(self, member: Member, how: str, shared: bool) -> None:
        """Notes that a worker is gone: what it had is given to others.

        Args:
            member: Which.
            how: It ended.
            shared: Whether what it has staged is still there.

        Raises:
            SimgenError: If too many workers have died of the same episodes.
        """
        self._dead.append(member.name)
        for job, index in member.running:
            job.schedule.put_back(index)
            self._deaths[job, index] += 1
        self._under_seal -= len(member.sealing)
        self._to_seal += member.sealing
        self._to_reopen += member.reopening
        if not shared:
            self._forget(member)
        self._refuse_more_deaths(member, how)

    def _forget(self, member: Member) -> None:
        """Takes back what was staged at a site that is gone, as far as it had not been published."""
        for shard in [shard for shard, site in self._home.items() if site == member.site]:
            del self._home[shard]
            self._closed.discard(shard)
            if shard in self._sealed:
                continue
            done = self._done.pop(shard, {})
            for ended in [ended for ended in done.values() if ended is not None]:
                job, index, keeps = self._outcome(ended)
                job.count(ended, index, keeps, sign=-1)
            before: dict[int, Ended | None] = {number: None for number, ended in done.items() if ended is None}
            if before:
                self._done[shard] = before
                self._sealed.add(shard)
        self._to_seal = [shard for shard in self._to_seal if shard in self._home]
        self._to_reopen = [shard for shard in self._to_reopen if shard in self._home]
        self._ending = False

    def _refuse_more_deaths(self, member: Member, how: str) -> None:
        worst = sorted((job.part, job.name, i) for job, i in member.running if self._deaths[job, i] >= MOST_DEATHS)
        if worst:
            part, name, first = worst[0]
            last = max(index for number, phase, index in worst if (number, phase) == (part, name))
            raise SimgenError(
                f"{self._parts[part].task.name}, {name} episodes {first} to {last}: {MOST_DEATHS} workers died while "
                f"they simulated them, the last so: {how}. Everything that was finished is kept; --resume goes on."
            )
