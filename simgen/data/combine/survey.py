"""Finds out which episodes of several datasets are the same, and which index each gets in a common one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from simgen.data.combine.plan import Plan, Source
from simgen.data.reader import NEEDS_DIRECTORY
from simgen.data.recorded import has_recorded
from simgen.data.resume import require_no_append
from simgen.data.staging import staged_items
from simgen.data.target import require_path
from simgen.errors import BadInput


class Item(NamedTuple):
    """An episode of a source, or (without hash) an attempt that gave none."""

    phase: str
    shard: str
    index: int
    seed: int
    task: str
    length: int
    sha256: str

    @property
    def is_episode(self) -> bool:
        return bool(self.sha256)

    @property
    def entry(self) -> dict[str, Any]:
        """What `Plan` wants to know."""
        return {"phase": self.phase, "index": self.index, "length": self.length, "sha256": self.sha256}


def items_of(source: Source) -> Iterator[Item]:
    """Everything that a source holds."""
    for shard, record in source.records():
        for entry in record["episodes"]:
            yield Item(
                entry["phase"], shard, entry["index"], entry["episode_seed"], entry["task"], entry["length"],
                entry["sha256"],
            )  # fmt: skip
        for attempt in record["shard"]["discarded"]:
            yield Item(attempt["phase"], shard, attempt["index"], attempt["seed"], "", 0, "")


def require_whole(place: str | Path) -> Source:
    """Opens a source.

    Raises:
        BadInput: If it is a URL, if there is no dataset, or if something in it waits to be finished.
    """
    root = require_path(place, NEEDS_DIRECTORY)
    source = Source.at(root)
    require_no_append(root)
    waiting = len(staged_items(root))
    if waiting:
        raise BadInput(
            f"{root}: {waiting} finished episodes are in no shard yet, so it is being written or was interrupted; "
            "wait, or finish it with `simgen generate ... --resume`."
        )
    return source


class Survey:
    """Goes through sources one after the other and gives their episodes a place beside those before.

    An index stays what it is unless, in its phase, an index of the same source is taken; then all of that phase of
    that source move behind what is there, to where a shard begins.

    Args:
        skip_duplicates: Leave out what is there already, instead of refusing it.
    """

    def __init__(self, plan: Plan, skip_duplicates: bool) -> None:
        self._plan, self._skip = plan, skip_duplicates
        self._hashes: dict[bytes, int] = {}  # which source has it
        self._seeds: dict[tuple[str, str, int], int] = {}  # by task, phase and seed
        self._taken: dict[str, dict[int, int]] = {}  # seeds of all attempts, by phase and index
        self.episodes: Counter[str] = Counter()  # by task
        self.duplicates = 0

    def take(self, number: int, source: Source, moves: bool = True) -> None:
        """Takes a source in.

        Args:
            number: Its place in the plan's sources.
            moves: Whether its episodes go into the plan; else they stay where they are.

        Raises:
            BadInput: If episodes of it are there already, or others with their seeds.
        """
        for phase in source.manifest["phases"]:
            if phase not in self._plan.phases:
                self._plan.phases.append(phase)
        items = self._without_duplicates(source, items_of(source), refuse=moves)
        offsets = self._offsets(items) if moves else {}
        simulated = not has_recorded(source.manifest["spec"])
        for item in items:
            index = item.index + offsets.get(item.phase, 0)
            self._taken.setdefault(item.phase, {})[index] = item.seed
            if item.is_episode:
                self._hashes[bytes.fromhex(item.sha256)] = number
                self.episodes[item.task] += 1
                if simulated:
                    self._seeds[item.task, item.phase, item.seed] = number
            if moves and item.is_episode:
                self._plan.add_episode(number, item.shard, item.entry, index)
            elif moves:
                self._plan.add_discarded(number, item.shard, item.entry, index)

    def _without_duplicates(self, source: Source, items: Iterable[Item], refuse: bool) -> list[Item]:
        kept: list[Item] = []
        same: list[Item] = []
        alike: list[Item] = []
        simulated = not has_recorded(source.manifest["spec"])
        for item in items:
            if not item.is_episode:
                if self._taken.get(item.phase, {}).get(item.index) != item.seed:
                    kept.append(item)
            elif bytes.fromhex(item.sha256) in self._hashes:
                same.append(item)
            elif simulated and (item.task, item.phase, item.seed) in self._seeds:
                alike.append(item)
            else:
                kept.append(item)
        if refuse and not self._skip:
            self._refuse(source, same, alike)
        self.duplicates += len(same) + len(alike)
        return kept

    def _refuse(self, source: Source, same: list[Item], alike: list[Item]) -> None:
        if same:
            first = same[0]
            there = self._plan.sources[self._hashes[bytes.fromhex(first.sha256)]].root
            text = f"{len(same)} of its episodes are in {there} already, such as {first.phase} {first.index}"
        elif alike:
            first = alike[0]
            there = self._plan.sources[self._seeds[first.task, first.phase, first.seed]].root
            text = (
                f"{len(alike)} of its episodes have seeds of episodes in {there} and other content, such as "
                f"{first.phase} {first.index} (seed {first.seed}): the same scenes, recorded elsewhere"
            )
        else:
            return
        raise BadInput(f"{source.root}: {text}; --skip-duplicates leaves them out.")

    def _offsets(self, items: Iterable[Item]) -> dict[str, int]:
        """How far the indices of each phase are moved."""
        indices: dict[str, list[int]] = {}
        for item in items:
            indices.setdefault(item.phase, []).append(item.index)
        size = self._plan.episodes_per_shard
        offsets: dict[str, int] = {}
        for phase, own in indices.items():
            taken = self._taken.get(phase, {})
            if any(index in taken for index in own):
                offsets[phase] = (max(taken) // size + 1 - min(own) // size) * size
        return offsets
