"""Checks a dataset: records against files, content against hashes, values against what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from simgen.data.episode import Episode, has_hash
from simgen.data.features import features_of
from simgen.data.files import INDEX, RESUME_HINT, SHARDS, STAGING
from simgen.data.manifest import read_manifest
from simgen.data.mirror import Readable, readable
from simgen.data.recorded import has_recorded
from simgen.data.resume import UNFINISHED_APPEND, append_is_unfinished, shard_damage
from simgen.data.shard import read_record, record_paths
from simgen.data.staging import episode_from_entry, staged_items, trajectory
from simgen.data.target import Unreachable
from simgen.errors import SimgenError

_QUATERNION_TOLERANCE = 1e-3
_ACTION_TOLERANCE = 1e-5


@dataclass
class Report:
    """What a check found: how many episodes were looked at, and one line per problem."""

    episodes: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def check_dataset(path: str | Path, deep: bool = True) -> Report:
    """Checks a dataset and reports every problem instead of stopping at the first.

    Args:
        path: directory or URL of the dataset; of a URL one shard at a time is brought here, without `deep` none.
        deep: also hash the files, decode every episode, compare its hash, shapes and ranges.

    Raises:
        BadInput: if there is no dataset at `path`.
        SimgenError: if dataset.json cannot be read.
    """
    with readable(path) as dataset:
        return _check(dataset, deep)


def _check(dataset: Readable, deep: bool) -> Report:
    root = dataset.root
    manifest = read_manifest(root)
    report = Report()
    seen: dict[tuple[str, int], str] = {}
    drawn = not has_recorded(manifest["spec"])
    hashes: list[str] = []
    for record_path in record_paths(root):
        name = record_path.name
        try:
            record = read_record(record_path)
            report.problems += [f"{name}: {problem}" for problem in _record_problems(record, seen, drawn)]
            report.episodes += len(record["episodes"])
            hashes += [entry["sha256"] for entry in record["episodes"]]
            with dataset.fetched(record["shard"]["file"] if deep else None):
                report.problems += _shard_problems(root, record, manifest["features"], deep)
        except Unreachable:  # which says nothing about the dataset
            raise
        except (SimgenError, KeyError, TypeError) as error:
            report.problems.append(f"{name}: {error}")
    report.problems += _directory_problems(root, hashes)
    return report


def _shard_problems(root: Path, record: Mapping[str, Any], features: Mapping[str, Any], deep: bool) -> Iterator[str]:
    file = record["shard"]["file"]
    damage = shard_damage(root, record, verify=deep)
    if damage:
        yield f"{SHARDS}/{file}: {damage}; {RESUME_HINT}"
    if deep and file and (root / SHARDS / file).is_file():
        yield from _content_problems(root, record, features)


def _record_problems(record: Mapping[str, Any], seen: dict[tuple[str, int], str], drawn: bool) -> Iterator[str]:
    """Indices must be unique in their phase and lie in the shard's range; seeds in phase and task, if scenes are drawn
    from them."""
    shard = record["shard"]
    for entry in record["episodes"]:
        phase, task = entry["phase"], entry["task"]
        name = f"{phase} episode {entry['index']}"
        if phase != shard["phase"] or not shard["first"] <= entry["index"] < shard["stop"]:
            yield f"{name}: does not belong to this shard"
        of_seed = f"{phase} seed {task}{_version(entry)}"
        keys = {"index": (f"{phase} index", entry["index"]), "seed": (of_seed, entry["episode_seed"])}
        for what, key in keys.items() if drawn else [("index", keys["index"])]:
            if key in seen:
                yield f"{name}: the same {what} ({key[1]}) as {seen[key]}"
            seen[key] = name


def _version(entry: Mapping[str, Any]) -> str:
    """Tells versions of an episode apart that look different and have their seed in common."""
    variant = entry.get("origin", {}).get("variant")
    return "" if variant is None else f" variant {variant}"


def _directory_problems(root: Path, hashes: list[str]) -> Iterator[str]:
    for path in sorted((root / SHARDS).glob("*.h5")):
        if not path.with_suffix(".json").exists():
            yield f"{SHARDS}/{path.name}: has no commit record, so it does not count; {RESUME_HINT}"
    if append_is_unfinished(root):
        yield UNFINISHED_APPEND.format(root=root)
    waiting = len(staged_items(root))
    if waiting:
        yield f"{STAGING}: {waiting} finished episodes are in no shard yet; {RESUME_HINT}"
    try:
        with open(root / INDEX, encoding="utf-8") as lines:
            listed = [json.loads(line)["sha256"] for line in lines]
    except (OSError, ValueError, KeyError, TypeError):
        listed = None
    if listed != hashes:
        yield f"{INDEX}: does not match the commit records; simgen.data.rebuild_index writes it again"


def _content_problems(root: Path, record: Mapping[str, Any], features: Mapping[str, Any]) -> Iterator[str]:
    path = root / SHARDS / record["shard"]["file"]
    try:
        with h5py.File(path, "r", locking=False) as file:
            wanted = {f"traj_{entry['index']}" for entry in record["episodes"]}
            for extra in sorted(set(file) - wanted):
                yield f"{SHARDS}/{path.name}: {extra} is not in the record"
            for entry in record["episodes"]:
                for problem in _entry_problems(file, entry, features):
                    yield f"{SHARDS}/{path.name}: {entry['phase']} episode {entry['index']}: {problem}"
    except OSError as error:
        yield f"{SHARDS}/{path.name}: cannot be read ({error}); {RESUME_HINT}"


def _entry_problems(file: h5py.File, entry: Mapping[str, Any], features: Mapping[str, Any]) -> Iterator[str]:
    try:
        episode = episode_from_entry(entry, trajectory(file, entry["index"]))
    except (OSError, RuntimeError, KeyError) as error:
        yield f"cannot be decoded ({error}); {RESUME_HINT}"
        return
    if not has_hash(episode, entry["sha256"]):
        yield f"the content is not what was recorded (sha256 differs); {RESUME_HINT}"
        return
    try:
        episode.validate()
    except SimgenError as error:
        yield str(error)
        return
    yield from episode_problems(episode, features)


def episode_problems(episode: Episode, features: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values of an episode, one line each.

    Args:
        features: of the dataset; "low" and "high" of "actions" and "executed_actions" bound these.
    """
    found = features_of(episode.arrays, episode.length)
    for path, array in episode.arrays.items():
        yield from _shape_problems(path, found[path], features)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            yield f"{path}: has values that are not finite"
        elif "/sensor_data/" in path:
            yield from _image_problems(path, array, episode)
        elif _has_pose(path, array, features.get(path, {})):
            norms = np.linalg.norm(array[..., 3:7].astype(np.float64), axis=-1)
            if np.abs(norms - 1).max(initial=0.0) > _QUATERNION_TOLERANCE:
                yield f"{path}: has quaternions that are not of unit length"
    for path in ("actions", "executed_actions"):
        if path in episode.arrays:
            yield from _action_problems(path, episode.arrays[path], features.get(path, {}))


def _image_problems(path: str, array: np.ndarray, episode: Episode) -> Iterator[str]:
    if path.endswith("/depth") and array.size and array.min() < 0:
        yield f"{path}: has negative depth"
    elif path.endswith(("/optical_flow", "/scene_flow")) and array[:1].any():
        yield f"{path}: is not zero in the first frame"
    elif path.endswith("/segmentation"):
        unknown_ids = set(np.unique(array).tolist()) - set(episode.segmentation_ids) - {0}
        if unknown_ids:
            yield f"{path}: has ids without a name: {sorted(unknown_ids)[:5]}"


def _shape_problems(path: str, found: Mapping[str, Any], features: Mapping[str, Any]) -> Iterator[str]:
    wanted = features.get(path)
    if wanted is None:
        if features:
            yield f"{path}: is not among the dataset's features"
        return
    same = len(wanted["shape"]) == len(found["shape"]) and all(
        a is None or a == b for a, b in zip(wanted["shape"], found["shape"], strict=False)
    )
    if not same or wanted["dtype"] != found["dtype"]:
        wants = f"{wanted['dtype']} {wanted['shape']}"
        yield f"{path}: is {found['dtype']} {found['shape']}, the dataset's features say {wants}"


def _has_pose(path: str, array: np.ndarray, feature: Mapping[str, Any]) -> bool:
    """Whether elements 3..6 of the last axis are a quaternion (wxyz); recorded data may call other things a pose."""
    if "wxyz" not in (feature.get("unit") or "wxyz"):
        return False
    if path.startswith("env_states/"):
        return array.ndim == 2 and array.shape[1] >= 13
    return path.endswith("pose") and array.ndim == 2 and array.shape[1] == 7


def _action_problems(path: str, actions: np.ndarray, feature: Mapping[str, Any]) -> Iterator[str]:
    for bound, sign in (("low", 1), ("high", -1)):
        if feature.get(bound) is not None:
            outside = sign * (np.asarray(feature[bound]) - actions) > _ACTION_TOLERANCE
            if outside.any():
                yield f"{path}: {int(outside.sum())} values beyond {bound} = {feature[bound]}"
