"""dataset.json, which says what a dataset is, and episodes.jsonl, its index; the commit records are the truth.

`rebuild_index` derives the index, the features and the statistics from the records.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
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
    write_whole,
)
from simgen.data.shard import read_record, record_paths
from simgen.errors import BadInput, SimgenError
from simgen.machine import commit, versions

FORMAT = "simgen"
FORMAT_VERSION = 1
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
    old, new = dict(_leaves(manifest["spec"])), dict(_leaves(spec))
    missing = object()
    lines = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, missing), new.get(key, missing)
        if before != after or type(before) is not type(after):
            shown = ["absent" if value is missing else json.dumps(value) for value in (before, after)]
            reason = next((f"; {text}" for field, text in _REASONS.items() if key.startswith(field)), "")
            lines.append(f"  {key}: {shown[0]} in the dataset, {shown[1]} now{reason}")
    more = [f"  and {len(lines) - 12} more"] if len(lines) > 12 else []
    raise BadInput("\n".join([f"{root}: the spec has changed since this dataset was begun:", *lines[:12], *more]))


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
    registered = spec.get("generation", {}) if "env_id" in spec else {}
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
            "source_desc": f"recorded by simgen, engine {manifest['engine'] or 'unknown'}",
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


def sorted_records(root: Path) -> list[tuple[Path, dict[str, Any]]]:
    """All commit records with their paths, in the order of the shards' names."""
    return [(path, read_record(path)) for path in record_paths(root)]


def rebuild_index(path: str | Path) -> dict[str, Any]:
    """Derives episodes.jsonl and, in dataset.json, features and statistics from the commit records.

    Returns:
        the manifest as written.

    Raises:
        SimgenError: if a record cannot be read or the disk is full.
    """
    root = Path(path)
    manifest = read_manifest(root)
    features: dict[str, Any] = {}
    statistics: dict[str, Any] = {}
    lines: list[bytes] = []
    for record_path, record in sorted_records(root):
        shard = record["shard"]
        features = merge_features(features, shard["features"], record_path.name)
        statistics = merge_statistics(statistics, shard["statistics"])
        lines += [_index_line(len(lines) + offset, entry, shard) for offset, entry in enumerate(record["episodes"])]
    notes = manifest["feature_notes"]
    manifest["features"] = {name: {**value, **notes.get(name, {})} for name, value in sorted(features.items())}
    manifest["statistics"] = summarise_statistics(statistics)
    with clear_write_errors(root / INDEX):
        write_whole(root / INDEX, b"".join(lines))
    write_manifest(root, manifest)
    return manifest


def _index_line(number: int, entry: Mapping[str, Any], shard: Mapping[str, Any]) -> bytes:
    same = ("index", "phase", "task", "instruction", "length", "success", "reward", "randomisation", "flags", "sha256")
    line = {"id": number, "seed": entry["episode_seed"], "shard": shard["file"], **{key: entry[key] for key in same}}
    return canonical_json(line) + b"\n"
