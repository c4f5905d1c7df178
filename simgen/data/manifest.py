"""dataset.json, which says what a dataset is, and episodes.jsonl, its index; the commit records are the truth.

`rebuild_index` derives the index, the features and the statistics from the records.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.data.features import merge_features, merge_statistics, summarise_statistics
from simgen.data.files import (
    INDEX,
    MANIFEST,
    canonical_json,
    clear_write_errors,
    plain,
    read_json,
    write_json,
    write_parts,
)
from simgen.data.recorded import source_of, title_of
from simgen.data.shard import read_record, record_paths
from simgen.errors import BadInput, SimgenError
from simgen.machine import commit, versions

FORMAT = "simgen"
FORMAT_VERSION = 1
# Beside the task's own fields, a dataset's spec says here how the episodes were generated.
GENERATION = "generation"
TASKS = "tasks"  # below it, in a dataset of several tasks: what holds for each, by its name
MIXED = "mixed"  # stands for the engine, or another value, where not all tasks or episodes have the same
# Our names of images and ManiSkill's, in its order.
_OBS_MODES = {"rgb": "rgb", "depth": "depth", "segmentation": "segmentation", "normals": "normal", "albedo": "albedo"}
# What a difference in these fields of a spec means; the values alone would not tell.
_REASONS = {
    "generation.mesh_files": "the mesh files of this object have changed",
    "generation.device": "another device rounds differently, so episodes would not be the same",
}
# From version v to v + 1: a function of the manifest, for formats that stay readable.
_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def spec_hash(spec: Mapping[str, Any]) -> str:
    """sha256 of the resolved spec in canonical JSON."""
    return hashlib.sha256(canonical_json(spec)).hexdigest()


def new_manifest(
    spec: Mapping[str, Any],
    codec: str,
    episodes_per_shard: int,
    phases: list[str],
    engine: str | None,
    command: str | None,
    notes: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a dataset that has no episodes yet.

    Args:
        spec: the resolved spec, JSON-able.
        notes: per path of an array what its data do not say: unit, low, high, names.
    """
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": command,
        "engine": engine,
        "versions": versions(),
        "git_commit": commit(),
        "spec_hash": spec_hash(spec),
        "spec": dict(spec),
        "codec": codec,
        "episodes_per_shard": episodes_per_shard,
        "phases": phases,
        "runs": [],
        "feature_notes": plain(dict(notes), "features"),
        "features": {},
        "statistics": {},
    }


def read_manifest(root: Path) -> dict[str, Any]:
    """Reads dataset.json, upgrading an older version.

    Raises:
        BadInput: if there is no dataset, or one of another program.
        SimgenError: if it is damaged or comes from a newer version of simgen.
    """
    path = root / MANIFEST
    if not path.is_file():
        raise BadInput(f"{root}: is not a simgen dataset (there is no {MANIFEST} in it).")
    manifest = read_json(path)
    version = manifest.get("format_version")
    if manifest.get("format") != FORMAT or not isinstance(version, int):
        raise BadInput(f"{path}: is not the manifest of a simgen dataset.")
    if version > FORMAT_VERSION:
        raise SimgenError(
            f"{path}: has format version {version}; this simgen reads versions up to {FORMAT_VERSION}. Update simgen."
        )
    while version < FORMAT_VERSION:
        if version not in _UPGRADES:
            raise SimgenError(f"{path}: has format version {version}, which this simgen cannot upgrade.")
        manifest = _UPGRADES[version](manifest)
        version += 1
        manifest["format_version"] = version
    return manifest


def write_manifest(root: Path, manifest: Mapping[str, Any]) -> None:
    """Writes dataset.json whole."""
    with clear_write_errors(root / MANIFEST):
        write_json(root / MANIFEST, manifest)


def add_run(path: str | Path, run: Mapping[str, Any]) -> None:
    """Notes in dataset.json that a run added episodes: when, on what, how fast. Not part of what is hashed."""
    root = Path(path)
    manifest = read_manifest(root)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    manifest["runs"] = [*manifest.get("runs", []), plain({"ended": now, **run}, "run")]
    write_manifest(root, manifest)


def require_same_spec(manifest: Mapping[str, Any], spec: Mapping[str, Any], root: Path) -> None:
    """Refuses a spec that is not the dataset's.

    Raises:
        BadInput: names the fields that differ, with both values.
    """
    if manifest["spec_hash"] == spec_hash(spec):
        return
    lines = spec_differences(manifest["spec"], spec, "in the dataset", "now")
    raise BadInput("\n".join([f"{root}: the spec has changed since this dataset was begun:", *lines]))


def spec_differences(
    old: Mapping[str, Any], new: Mapping[str, Any], first: str, second: str, besides: Collection[str] = ()
) -> list[str]:
    """Where two specs differ, a line each with both values; at most 12, and how many more.

    Args:
        first, second: What the lines call the two, e.g. "in the dataset" and "now".
        besides: Fields that may differ, such as "generation.seed".
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    missing = object()
    lines = []
    for key in sorted((before.keys() | after.keys()) - {*besides}):
        pair = (before.get(key, missing), after.get(key, missing))
        if pair[0] != pair[1] or type(pair[0]) is not type(pair[1]):
            shown = ["absent" if value is missing else json.dumps(value) for value in pair]
            reason = next((f"; {text}" for field, text in _REASONS.items() if key.startswith(field)), "")
            lines.append(f"  {key}: {shown[0]} {first}, {shown[1]} {second}{reason}")
    return [*lines[:12], *([f"  and {len(lines) - 12} more"] if len(lines) > 12 else [])]


def require_same_storage(
    manifest: Mapping[str, Any], codec: str | None, episodes_per_shard: int | None, root: Path
) -> None:
    """Refuses another codec or shard length than the dataset was begun with (BadInput); None means the dataset's."""
    for name, value in (("codec", codec), ("episodes_per_shard", episodes_per_shard)):
        if value is not None and value != manifest[name]:
            raise BadInput(f"{root}: was begun with {name} {manifest[name]}; it cannot go on with {value}.")


def record_header(manifest: Mapping[str, Any]) -> tuple[str | None, dict[str, Any], dict[str, Any]]:
    """The control mode, the options of ManiSkill's reset, and ManiSkill's keys of a commit record."""
    spec = manifest["spec"]
    source = source_of(spec)
    registered = source or (spec.get(GENERATION, {}) if "env_id" in spec else {})
    robot = spec.get("robot")
    episode = spec.get("episode")
    control = robot.get("control") if isinstance(robot, dict) else None
    steps = episode.get("max_steps") if isinstance(episode, dict) else None
    revision = manifest["git_commit"]
    return (
        control,
        registered.get("reset_options") or {},
        {
            "env_info": {
                "env_id": str(spec.get("env_id") or spec.get("name", "simgen")),
                "env_kwargs": registered.get("env_kwargs") or {"control_mode": control, "obs_mode": obs_mode(spec)},
                "max_episode_steps": steps,
            },
            "commit_info": {"commit_id": revision} if revision else None,
            "source_type": "simgen",
            "source_desc": f"imported by simgen from {title_of(source)}"
            if source
            else f"recorded by simgen, engine {manifest['engine'] or 'unknown'}",
        },
    )


def obs_mode(spec: Mapping[str, Any]) -> str:
    """ManiSkill's name for what the cameras of a resolved spec record: such as "rgb+depth"; "state" without any."""
    cameras = spec.get("cameras")
    found = [camera.get("outputs", ()) for camera in cameras.values()] if isinstance(cameras, Mapping) else []
    outputs = {output for outputs in found for output in outputs}
    return "+".join(name for output, name in _OBS_MODES.items() if output in outputs) or "state"


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in nested mappings and lists that holds no further values."""
    children: Any = ()
    if isinstance(value, Mapping):
        children = [(f"{prefix}.{key}" if prefix else str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        children = [(f"{prefix}[{number}]", item) for number, item in enumerate(value)]
    if not children:
        yield prefix, value
    for path, item in children:
        yield from _leaves(item, path)


def sorted_records(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All commit records with their paths, one at a time, in the order of the shards' names."""
    for path in record_paths(root):
        yield path, read_record(path)


@dataclass
class _Totals:
    """What the records say together."""

    features: dict[str, Any] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)


def rebuild_index(path: str | Path) -> dict[str, Any]:
    """Derives episodes.jsonl and, in dataset.json, features and statistics from the commit records.

    Memory does not grow with the number of episodes: one record at a time is read, and its lines are written.

    Returns:
        the manifest as written.

    Raises:
        SimgenError: if a record cannot be read or the disk is full.
    """
    root = Path(path)
    manifest = read_manifest(root)
    totals = _Totals()
    with clear_write_errors(root / INDEX):
        write_parts(root / INDEX, _index_lines(root, totals))
    notes = manifest["feature_notes"]
    manifest["features"] = {name: {**value, **notes.get(name, {})} for name, value in sorted(totals.features.items())}
    manifest["statistics"] = summarise_statistics(totals.statistics)
    write_manifest(root, manifest)
    return manifest


def _index_lines(root: Path, totals: _Totals) -> Iterator[bytes]:
    """The lines of the index; adds up what the records say on the way."""
    number = 0
    for path, record in sorted_records(root):
        shard = record["shard"]
        totals.features = merge_features(totals.features, shard["features"], path.name)
        totals.statistics = merge_statistics(totals.statistics, shard["statistics"])
        for entry in record["episodes"]:
            yield _index_line(number, entry, shard)
            number += 1


def _index_line(number: int, entry: Mapping[str, Any], shard: Mapping[str, Any]) -> bytes:
    same = ("index", "phase", "task", "instruction", "length", "success", "reward", "randomisation", "flags", "sha256")
    line = {"id": number, "seed": entry["episode_seed"], "shard": shard["file"], **{key: entry[key] for key in same}}
    return canonical_json(line) + b"\n"
