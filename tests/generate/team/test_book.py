"""The coordinator's book against workers that are played here: any order of reports and deaths, the same dataset."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from small_tasks import COIN

from simgen.data.resume import Found
from simgen.data.shard import ShardRange, shard_range
from simgen.errors import SimgenError
from simgen.generate import GenerateOptions
from simgen.generate.part import PHASES, TaskPart
from simgen.generate.share import Share, Turns
from simgen.generate.team.book import Book
from simgen.generate.team.members import Member
from simgen.generate.team.messages import Ended, Order, Report
from simgen.spec import load_task

LENGTH = 8  # episodes per shard
OPTIONS = GenerateOptions(random=30, teacher=30, num_envs=4)
Key = tuple[str, int]


def success(phase: str, number: int) -> bool:
    return random.Random(f"{phase} {number}").random() < 0.6


def parts_of_two(found: Found) -> list[TaskPart]:
    turns = Turns([2.0, 1.0])
    counts = turns.counts(30)
    parts = []
    for number, count in enumerate(counts):
        task = load_task({**COIN, "name": f"coin_{number}"})
        parts.append(TaskPart(task, Share(turns, number), dict.fromkeys(PHASES, count), OPTIONS))
        parts[-1].look_up(found)
    return parts


def book_of(found: Found, workers: int) -> Book:
    return Book(parts_of_two(found), found, list(PHASES), LENGTH, workers, [OPTIONS.num_envs] * 2)


@dataclass
class Disk:
    """What is staged and sealed at a site."""

    staged: dict[Key, Ended] = field(default_factory=dict)
    shards: dict[ShardRange, dict[Key, Ended]] = field(default_factory=dict)

    def reopen(self, shard: ShardRange) -> None:
        self.staged |= self.shards.pop(shard, {})  # a worker that died may have done it

    def seal(self, shard: ShardRange) -> None:
        mine = {key: ended for key, ended in self.staged.items() if self._in(shard, key)}
        if shard in self.shards:
            assert not mine, "a shard that is there must be reopened before anything is added"
            return  # a worker that died has done it
        self.shards[shard] = mine
        self.staged = {key: ended for key, ended in self.staged.items() if key not in mine}

    @staticmethod
    def _in(shard: ShardRange, key: Key) -> bool:
        return shard.phase == key[0] and shard.first <= key[1] < shard.stop

    def found(self) -> Found:
        found = Found(staged=set(self.staged), sealed=set(self.shards))
        for entries in [self.staged, *self.shards.values()]:
            for key, ended in entries.items():
                if ended.reason is None:
                    found.add_episode(key, ended.success)
                else:
                    found.discarded[key] = {"reason": ended.reason}
        return found


class Play:
    """Workers that carry orders out at random speed, and die now and then."""

    def __init__(self, book: Book, disk: Disk, seed: int, workers: int, shared: bool, deaths: int) -> None:
        self.book, self.disk, self.rng, self.shared, self.deaths = book, disk, random.Random(seed), shared, deaths
        self.sites: dict[str, Disk] = {}
        self.held: dict[str, list[Key]] = {}
        self.members: list[Member] = []
        self._started = 0
        for slot in range(workers):
            self.start(slot)

    def start(self, slot: int) -> None:
        name = str(self._started)
        self._started += 1
        self.members.append(Member(name, slot, "" if self.shared else name, ready=True, busy=False))
        self.held[name] = []
        self.sites[name] = self.disk if self.shared else Disk()

    def run(self, steps: int = 100_000) -> None:
        for _ in range(steps):
            if self.book.over:
                return
            member = self.rng.choice(self.members)
            order = self.book.order(member)
            if order is not None:
                self._carry_out(member, order)
            self.book.finish(self.members)
        assert steps < 100_000, "the book never ends"

    def _carry_out(self, member: Member, order: Order) -> None:
        site, report = self.sites[member.name], Report(free=0)
        for shard in order.reopen:
            if not self.shared:  # it is fetched
                site.staged |= self.disk.shards[shard]
            else:
                site.reopen(shard)
            report.reopened.append(shard)
        for index in order.indices:
            assert order.part is not None
            number = Share(Turns([2.0, 1.0]), order.part).number(index)
            self.held[member.name].append((order.phase, number))
        self._simulate(member, site, report)
        for shard in order.seal:
            site.seal(shard)
            if not self.shared:
                self.disk.shards[shard] = site.shards.pop(shard)
            report.sealed.append(shard)
        if self.deaths and self.rng.random() < 0.1:
            self.deaths -= 1
            self.members.remove(member)
            self.book.lost(member, "signal SIGKILL", self.shared)
            self.start(member.slot)
            return
        report.simulating = bool(self.held[member.name])
        report.free = OPTIONS.num_envs - len(self.held[member.name])
        self.book.take_in(member, report)

    def _simulate(self, member: Member, site: Disk, report: Report) -> None:
        for phase, number in [key for key in self.held[member.name] if self.rng.random() < 0.5]:
            self.held[member.name].remove((phase, number))
            good = success(phase, number)
            ended = Ended(phase, number, good, None if good or phase == "random" else "failure")
            site.staged[phase, number] = ended
            report.ended.append(ended)


def outcome(disk: Disk, book: Book) -> tuple[dict[ShardRange, list[Key]], list[tuple[int, int, int, dict[str, int]]]]:
    shards = {shard: sorted(entries) for shard, entries in disk.shards.items()}
    counts = [book.counts(phase) for phase in PHASES]
    return shards, [(each.episodes, each.attempts, each.successes, each.discarded) for each in counts]


def played(
    seed: int, workers: int, shared: bool = True, deaths: int = 0, disk: Disk | None = None
) -> tuple[Disk, Book]:
    disk = disk or Disk()
    book = book_of(disk.found(), workers)
    Play(book, disk, seed, workers, shared, deaths).run()
    assert not disk.staged
    return disk, book


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_workers_and_deaths_do_not_matter(seed: int, shared: bool) -> None:
    alone = outcome(*played(0, workers=1))
    assert sum(len(entries) for entries in alone[0].values()) > 70, "there must be failures"
    assert outcome(*played(seed, workers=1 + seed % 4, shared=shared, deaths=seed % 3)) == alone


@pytest.mark.parametrize("seed", range(8))
def test_a_run_that_was_killed_goes_on(seed: int) -> None:
    disk = Disk()
    Play(book_of(Found(), 3), disk, seed, 3, shared=True, deaths=0).run(steps=20 + 10 * seed)
    assert disk.staged or disk.shards
    assert outcome(*played(seed, workers=2, disk=disk)) == outcome(*played(0, workers=1))


@pytest.mark.parametrize("shared", [True, False])
def test_shards_that_were_not_full_are_reopened_before_anything_is_added(shared: bool) -> None:
    disk = Disk()
    Play(book_of(Found(), 2), disk, 1, 2, shared=True, deaths=0).run(steps=40)
    for shard in {shard_range(list(PHASES), LENGTH, *key) for key in disk.staged}:
        disk.seal(shard)
    assert any(len(entries) < LENGTH for entries in disk.shards.values())
    assert outcome(*played(2, workers=3, shared=shared, disk=disk)) == outcome(*played(0, workers=1))


def test_few_episodes_are_shared_out_among_all() -> None:
    play = Play(book_of(Found(), 4), Disk(), 3, 4, shared=True, deaths=0)
    first = [play.book.order(member) for member in play.members]
    assert [order and order.indices for order in first] == [()] * 4, "they build their worlds first"
    shares: Sequence[int] = [len(order.indices) for order in map(play.book.order, play.members) if order]
    assert shares == [4, 4, 4, 4]


def test_episodes_that_kill_their_workers_end_the_run() -> None:
    book = book_of(Found(), 1)

    def die(name: str) -> None:
        member = Member(name, 0, "", ready=True, busy=False)
        book.order(member)
        book.order(member)
        book.lost(member, "out of memory", shared=True)

    die("0")
    die("1")
    with pytest.raises(SimgenError, match=r"coin_0, random episodes 0 to 3: 3 workers died.*out of memory"):
        die("2")
