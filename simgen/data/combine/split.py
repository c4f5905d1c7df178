"""Splits a dataset into parts for training, validation and test, each a dataset of its own."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from simgen.data.combine.build import Progress, partial_path, put_directory_in_place, replaced_path, require_apart
from simgen.data.combine.copy import copy_episodes
from simgen.data.combine.groups import by_combination, by_shared_assets, distribute, part_of_seed
from simgen.data.combine.plan import Source
from simgen.data.combine.shards import AGAIN
from simgen.data.combine.survey import require_whole
from simgen.data.files import MANIFEST, clear_write_errors, is_temporary
from simgen.data.reader import Dataset, open_dataset
from simgen.data.target import require_path
from simgen.errors import BadInput, nearest

By = Literal["seed", "task", "asset"]
WAYS: tuple[By, ...] = ("seed", "task", "asset")
PARTS = ("train", "val", "test")
_TOLERANCE = 1e-6
_GROUPS = {"seed": "episodes", "task": "tasks", "asset": "groups of assets"}


@dataclass(frozen=True)
class Part:
    """What one part got.

    Args:
        groups: How many seeds, tasks or groups of assets it has.
    """

    episodes: int = 0
    groups: int = 0


@dataclass(frozen=True)
class Split:
    """A dataset in parts.

    Args:
        by: What told which episode goes where.
        grouped_by: What a group is; of assets "shared assets" or, where these link all episodes, "combination".
        objects: Those whose assets were looked at; none: all.
        parts: By their name; those with a fraction of 0 are not there.
        unassigned_discarded: Attempts without episode of which it is not known where they belong; none has them.
        notes: What did not turn out as one might expect.
    """

    out: Path
    by: By
    grouped_by: str
    objects: tuple[str, ...]
    parts: dict[str, Part]
    unassigned_discarded: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Assignment:
    """The group and the part of each episode."""

    grouped_by: str
    groups: list[str]
    parts: list[str]
    notes: tuple[str, ...] = ()


def split_dataset(
    path: str | Path,
    out: str | Path,
    *,
    by: By,
    fractions: Mapping[str, float],
    objects: Collection[str] = (),
    overwrite: bool = False,
    progress: Progress | None = None,
    command: str | None = None,
) -> Split:
    """Writes the datasets OUT/train, OUT/val and OUT/test; each episode goes into one, with its chunks as they are.

    "seed": the part is drawn from the episode's seed and nothing else, so an episode stays in its part when the dataset
    grows. "task": all episodes of a task stay together. "asset": so do all with an asset (a shape, a mesh file) in
    common; where this links all episodes, all with the same combination of assets.

    A killed run leaves `OUT.partial`, with which the same call goes on.

    Args:
        fractions: Of "train", "val" and "test"; they add up to 1.
        objects: By asset: look at these objects only; others may then have the same asset in several parts.
        overwrite: Replace the parts that are at `out`, once the new ones are whole.
        progress: Is told a part's name, and how many of its episodes are copied.
        command: What made it, for dataset.json.

    Raises:
        BadInput: Fractions that do not add up, no dataset, nothing to split by, a place that is taken.
        SimgenError: The dataset is damaged, or the disk is full.
    """
    _require_fractions(fractions)
    if by not in WAYS:
        raise BadInput(f"--by {by!r}{nearest(by, WAYS)} Available: {', '.join(WAYS)}.")
    if objects and by != "asset":
        raise BadInput("--object is for --by asset.")
    root = require_whole(path).root
    out = require_path(out, "a dataset is split into directories, not at a URL.")
    with open_dataset(root) as dataset:
        _require_place(out, root, overwrite)
        if not len(dataset):
            raise BadInput(f"{root}: has no finished episode that could be split.")
        assignment = _assign(dataset, by, fractions, objects)
        result = replace(_count(out, by, assignment, fractions), objects=tuple(objects))
        left = _write(dataset, assignment, result, fractions, progress, command)
        return replace(result, unassigned_discarded=left)


def _require_fractions(fractions: Mapping[str, float]) -> None:
    for name, fraction in fractions.items():
        if name not in PARTS:
            raise BadInput(f"unknown part {name!r}{nearest(name, PARTS)} Available: {', '.join(PARTS)}.")
        if not (math.isfinite(fraction) and 0 <= fraction <= 1):
            raise BadInput(f"--{name} {fraction:g} is out of range; allowed: 0 to 1.")
    total = sum(fractions.values())
    if abs(total - 1) > _TOLERANCE:
        shown = " ".join(f"--{name} {fraction:g}" for name, fraction in fractions.items())
        raise BadInput(
            f"{shown} add up to {total:g}; allowed: fractions that add up to 1, 0 for a part that is not wanted."
        )


def _require_place(out: Path, root: Path, overwrite: bool) -> None:
    """Refuses a place that holds anything but the parts of an earlier split that may be replaced."""
    require_apart(out, root)
    folder = partial_path(out)
    ours = {*PARTS, *(place(out / name).name for name in PARTS for place in (partial_path, replaced_path))}
    others = sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []
    if others:
        raise BadInput(f"{folder}: is needed to build the parts in, and holds other things ({', '.join(others[:3])}).")
    if not out.exists():
        return
    if not out.is_dir():
        raise BadInput(f"{out}: is a file, not a directory for the parts.")
    found = sorted(path.name for path in out.iterdir() if not is_temporary(path))
    others = [name for name in found if name not in PARTS or not (out / name / MANIFEST).is_file()]
    if others:
        raise BadInput(f"{out}: is not empty, and {', '.join(others[:3])} in it is no part of a split.")
    if found and not overwrite:
        raise BadInput(f"{out}: already holds {', '.join(found)}; choose another directory or give --overwrite.")


def _assign(dataset: Dataset, by: By, fractions: Mapping[str, float], objects: Collection[str]) -> _Assignment:
    if by == "seed":
        groups = [str(episode.seed) for episode in dataset]
        return _Assignment("seed", groups, [part_of_seed(episode.seed, fractions) for episode in dataset])
    if by == "task":
        return _distributed("task", [episode.task for episode in dataset], fractions)
    from simgen.data.combine.assets import assets_of  # the world's code, which other ways do without

    assets = assets_of(dataset, objects)
    groups = by_shared_assets(assets)
    if len(set(groups)) > 1:
        return _distributed("shared assets", groups, fractions)
    names = ", ".join(sorted({name for each in assets for name in each})[:5])
    linked = (
        f"all episodes are linked by assets that they share ({names}), so none can be kept out of a part: combinations "
        "of assets are kept apart instead; --object NAME looks at the assets of one object only"
    )
    return replace(_distributed("combination", by_combination(assets), fractions), notes=(linked,))


def _distributed(grouped_by: str, groups: list[str], fractions: Mapping[str, float]) -> _Assignment:
    parts = distribute(Counter(groups), fractions)
    return _Assignment(grouped_by, groups, [parts[group] for group in groups])


def _count(out: Path, by: By, assignment: _Assignment, fractions: Mapping[str, float]) -> Split:
    episodes = Counter(assignment.parts)
    groups = Counter(part for _group, part in set(zip(assignment.groups, assignment.parts, strict=True)))
    parts = {name: Part(episodes[name], groups[name]) for name in PARTS if fractions.get(name, 0) > 0}
    empty = [
        f"part {name} is empty: too few {_GROUPS[by]} for its fraction of {fractions[name]:g}"
        for name, part in parts.items()
        if not part.episodes
    ]
    return Split(out, by, assignment.grouped_by, (), parts, notes=(*assignment.notes, *empty))


def _write(
    dataset: Dataset,
    assignment: _Assignment,
    split: Split,
    fractions: Mapping[str, float],
    progress: Progress | None,
    command: str | None,
) -> int:
    """Writes the parts and puts them in place together; returns how many attempts belong to none of them."""
    folder, taken = partial_path(split.out), 0
    with clear_write_errors(folder, AGAIN):
        folder.mkdir(parents=True, exist_ok=True)
    attempts = _Attempts(dataset, split, fractions)
    how = {"by": split.by, "grouped_by": split.grouped_by, "objects": sorted(split.objects)}
    for name in split.parts:
        numbers = [number for number, part in enumerate(assignment.parts) if part == name]
        noted = {"part": name, **how, "fractions": dict(fractions)}
        built = copy_episodes(
            dataset,
            numbers,
            folder / name,
            provenance={"split": noted},
            resume=True,
            overwrite=True,  # what an interrupted run with other fractions has left
            progress=None if progress is None else lambda _what, done, total, name=name: progress(name, done, total),
            discarded=lambda attempt, name=name: attempts.part_of(attempt) == name,
            command=command,
        )
        taken += built.discarded
    with clear_write_errors(split.out, AGAIN):
        for path in folder.iterdir():
            if path.name not in split.parts:  # of an interrupted run with other fractions
                shutil.rmtree(path)
        put_directory_in_place(folder, split.out)
    return attempts.total - taken


class _Attempts:
    """Which part an attempt belongs to that gave no episode: its seed tells, or that there is but one part or task."""

    def __init__(self, dataset: Dataset, split: Split, fractions: Mapping[str, float]) -> None:
        self._by, self._fractions = split.by, fractions
        filled = [name for name, part in split.parts.items() if part.episodes]
        self._only = filled[0] if len(filled) == 1 else None
        self.total = 0
        for _shard, record in Source.at(dataset.path).records():
            self.total += len(record["shard"]["discarded"])

    def part_of(self, attempt: Mapping[str, Any]) -> str | None:
        if self._by == "seed":
            return part_of_seed(attempt["seed"], self._fractions)
        return self._only
