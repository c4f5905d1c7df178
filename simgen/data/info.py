"""A dataset in numbers, from its records alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simgen.data.manifest import read_manifest, sorted_records
from simgen.data.mirror import readable
from simgen.data.staging import staged_items


def dataset_info(path: str | Path) -> dict[str, Any]:
    """Counts what is committed.

    Args:
        path: Directory or URL of the dataset; of a URL only the records are read.

    Returns:
        episodes; frames (steps, the sum of the episodes' lengths; each camera has one image more per episode);
        tasks {name: episodes}; phases {name: {episodes, attempts, discarded, success_rate, frames}}, where the rate is
        successes per attempt; success_rate of the stored episodes, None without any; cameras
        {name: {output: shape}}; bytes (of the HDF5 files); format_version; engine; instructions (distinct); created;
        unfinished (episodes that wait for `--resume` after a crash).
    """
    with readable(path) as dataset:
        return _count(dataset.root)


def _count(root: Path) -> dict[str, Any]:
    manifest = read_manifest(root)
    records = [record for _path, record in sorted_records(root)]
    episodes = [entry for record in records for entry in record["episodes"]]
    tasks: dict[str, int] = {}
    phases: dict[str, dict[str, Any]] = {}
    cameras: dict[str, dict[str, Any]] = {}
    for entry in episodes:
        tasks[entry["task"]] = tasks.get(entry["task"], 0) + 1
    for name in manifest["phases"]:
        phases[name] = _phase(name, records)
    for record in records:
        for path_, feature in record["shard"]["features"].items():
            parts = path_.split("/")
            if parts[:2] == ["obs", "sensor_data"] and len(parts) == 4:
                cameras.setdefault(parts[2], {})[parts[3]] = feature["shape"]
    return {
        "episodes": len(episodes),
        "frames": sum(entry["length"] for entry in episodes),
        "tasks": tasks,
        "phases": phases,
        "success_rate": _rate(episodes, len(episodes)),
        "cameras": cameras,
        "bytes": sum(record["shard"]["bytes"] for record in records),
        "format_version": manifest["format_version"],
        "engine": manifest["engine"],
        "instructions": len({entry["instruction"] for entry in episodes}),
        "created": manifest["created"],
        "unfinished": len(staged_items(root)),
    }


def _phase(name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [record for record in records if record["shard"]["phase"] == name]
    episodes = [entry for record in mine for entry in record["episodes"]]
    discarded = sum(len(record["shard"]["discarded"]) for record in mine)
    return {
        "episodes": len(episodes),
        "attempts": len(episodes) + discarded,
        "discarded": discarded,
        "success_rate": _rate(episodes, len(episodes) + discarded),
        "frames": sum(entry["length"] for entry in episodes),
    }


def _rate(episodes: list[dict[str, Any]], attempts: int) -> float | None:
    return sum(entry["success"] for entry in episodes) / attempts if attempts else None
