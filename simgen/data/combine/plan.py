"""What goes where when datasets are made of datasets: which episode of which source gets which index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from simgen.data.files import canonical_json
from simgen.data.manifest import read_manifest
from simgen.data.shard import ShardRange, read_record, record_paths, shard_range

# Keys of dataset.json that hold for one dataset and not for those that are made of it.
OWN_KEYS = frozenset({"plan", "sources"})
STANDARD_KEYS = OWN_KEYS | frozenset(
    {"format", "format_version", "created", "command", "engine", "versions", "git_commit", "spec_hash", "spec"}
    | {"codec", "episodes_per_shard", "phases", "runs", "feature_notes", "features", "statistics"}
)
ORIGIN = "origin"  # in the entry of an episode that got another index: which it had, and in which source


class Move(NamedTuple):
    """An episode, or an attempt that gave none, on its way into a shard.

    Args:
        source: Number of the dataset that it comes from.
        shard: Name of its shard there.
        index: Its index there.
        to: Its index in the new dataset.
        is_episode: False: an attempt without episode.
    """

    source: int
    shard: str
    index: int
    to: int
    is_episode: bool


@dataclass(frozen=True)
class Source:
    """A dataset that episodes are taken from."""

    root: Path
    manifest: Mapping[str, Any]

    @classmethod
    def at(cls, root: Path) -> Source:
        """Opens the dataset of a directory; errors are those of `read_manifest`."""
        return cls(root, read_manifest(root))

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.root.resolve().name

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The commit records with their shards' names, one at a time."""
        for path in record_paths(self.root):
            yield path.stem, read_record(path)


@dataclass
class Counts:
    """What comes from a source, or goes into a dataset."""

    episodes: int = 0
    frames: int = 0
    discarded: int = 0


@dataclass
class Plan:
    """Which episodes go into which shards of a new dataset.

    Args:
        phases: In the order that the shards' names follow.
    """

    sources: list[Source]
    phases: list[str]
    episodes_per_shard: int
    shards: dict[ShardRange, list[Move]] = field(default_factory=dict)
    counts: dict[int, Counts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256(canonical_json([self.phases, self.episodes_per_shard]))

    def add_episode(self, source: int, shard: str, entry: Mapping[str, Any], to: int) -> None:
        """Takes an episode in, given its entry in the source's record or index."""
        self._add(entry["phase"], Move(source, shard, entry["index"], to, True), entry["sha256"])
        counts = self._counts(source)
        counts.episodes += 1
        counts.frames += entry["length"]

    def add_discarded(self, source: int, shard: str, discard: Mapping[str, Any], to: int) -> None:
        """Takes in an attempt that gave no episode."""
        self._add(discard["phase"], Move(source, shard, discard["index"], to, False), "")
        self._counts(source).discarded += 1

    def _add(self, phase: str, move: Move, sha256: str) -> None:
        target = shard_range(self.phases, self.episodes_per_shard, phase, move.to)
        self.shards.setdefault(target, []).append(move)
        self._digest.update(canonical_json([phase, *move, sha256]))

    def _counts(self, source: int) -> Counts:
        return self.counts.setdefault(source, Counts())

    @property
    def total(self) -> Counts:
        """What all sources give."""
        counts = self.counts.values()
        return Counts(
            sum(each.episodes for each in counts),
            sum(each.frames for each in counts),
            sum(each.discarded for each in counts),
        )

    def digest(self, manifest: Mapping[str, Any]) -> str:
        """Tells this plan from others: by content and place of all episodes, and what the new manifest says."""
        digest = self._digest.copy()
        said = {key: manifest[key] for key in manifest if key not in ("created", "versions", "git_commit", "command")}
        digest.update(canonical_json(said))
        return digest.hexdigest()

    def provenance(self) -> list[dict[str, Any]]:
        """What dataset.json says of each source."""
        return [
            describe_source(source.name, source.manifest, self._counts(number))
            for number, source in enumerate(self.sources)
        ]


def describe_source(name: str, manifest: Mapping[str, Any], counts: Counts) -> dict[str, Any]:
    """A source in dataset.json: what was taken from it, how it was made, and what else its dataset.json says."""
    kept = {"spec_hash", "created", "command", "engine", "versions", "git_commit", "runs", "sources"}
    return {
        "name": name,
        "episodes": counts.episodes,
        "frames": counts.frames,
        "discarded": counts.discarded,
        "generation": manifest["spec"].get("generation"),
        **{key: value for key, value in manifest.items() if value and (key in kept or key not in STANDARD_KEYS)},
    }


def brief(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What tells the sources in dataset.json apart, and how much came from each."""
    return [
        {key: each.get(key) for key in ("name", "spec_hash", "episodes", "frames", "discarded")} for each in sources
    ]


def in_order(shards: Iterable[ShardRange]) -> list[ShardRange]:
    """Shards in the order of their names."""
    return sorted(shards, key=lambda shard: shard.number)
