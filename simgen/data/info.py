"""A dataset in numbers, from its records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simgen.data.manifest import read_manifest, sorted_records
from simgen.data.mirror import readable
from simgen.data.recorded import UNLABELLED, source_of, title_of
from simgen.data.staging import staged_items


def dataset_info(path: str | Path) -> dict[str, Any]:
    """Counts what is committed.

    Args:
        path: Directory or URL of the dataset; of a URL only the records are read.

    Returns:
        episodes; frames (steps, the sum of the episodes' lengths; each camera has one image more per episode);
        tasks {name: episodes}; phases {name: {episodes, attempts, discarded, success_rate, frames}}, where the rate is
        successes per attempt; success_rate of the stored episodes, None without any; cameras
        {name: {output: shape}}; bytes (of the HDF5 files); format_version; engine; imported_from (what recorded data
        come from, None for simulated data); instructions (distinct); created; unfinished (episodes that wait for
        `--resume` after a crash).
    """
    with readable(path) as dataset:
        return _count(dataset.root)


@dataclass
class _Phase:
    """What is counted of a phase while its records pass by."""

    episodes: int = 0
    discarded: int = 0
    frames: int = 0
    successes: int = 0
    unlabelled: int = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Counts a record."""
        self.discarded += len(record["shard"]["discarded"])
        for entry in record["episodes"]:
            self.episodes += 1
            self.frames += entry["length"]
            self.successes += entry["success"]
            self.unlabelled += UNLABELLED in entry["flags"]

    def rate(self, attempts: int) -> float | None:
        """Successes per attempt; episodes that nobody labelled do not count, and without any other there is no rate."""
        if attempts == 0 or (self.unlabelled and self.unlabelled == self.episodes):
            return None
        return self.successes / (attempts - self.unlabelled)

    def as_dict(self) -> dict[str, Any]:
        """Returns what `dataset_info` says of a phase."""
        attempts = self.episodes + self.discarded
        shown = {"episodes": self.episodes, "attempts": attempts, "discarded": self.discarded}
        return shown | {"success_rate": self.rate(attempts), "frames": self.frames}


def _count(root: Path) -> dict[str, Any]:
    manifest = read_manifest(root)
    phases = {name: _Phase() for name in manifest["phases"]}
    tasks, instructions, size, total = Counter(), set(), 0, _Phase()
    cameras: dict[str, dict[str, Any]] = {}
    for _path, record in sorted_records(root):
        shard = record["shard"]
        size += shard["bytes"]
        phases.setdefault(shard["phase"], _Phase()).add(record)
        total.add(record)
        tasks.update(entry["task"] for entry in record["episodes"])
        instructions.update(entry["instruction"] for entry in record["episodes"])
        for name, feature in shard["features"].items():
            parts = name.split("/")
            if parts[:2] == ["obs", "sensor_data"] and len(parts) == 4:
                cameras.setdefault(parts[2], {})[parts[3]] = feature["shape"]
    return {
        "episodes": total.episodes,
        "frames": total.frames,
        "tasks": dict(tasks),
        "phases": {name: phase.as_dict() for name, phase in phases.items()},
        "success_rate": total.rate(total.episodes),
        "cameras": cameras,
        "bytes": size,
        "format_version": manifest["format_version"],
        "engine": manifest["engine"],
        "imported_from": title_of(source) if (source := source_of(manifest["spec"])) else None,
        "instructions": len(instructions),
        "created": manifest["created"],
        "unfinished": len(staged_items(root)),
    }
