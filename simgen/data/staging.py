"""Finished episodes that wait for their shard: a file with the compressed chunks, and a JSON file that makes it count.

The chunks are written first and the JSON after them, so an item without JSON does not exist. An attempt that gave no
episode is a JSON file alone. Items survive the death of every process that wrote them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from simgen.data.codec import GroupWriter, Layout, encode, read_arrays, scratch_file
from simgen.data.episode import Episode, canonical_array, content_hash, has_hash
from simgen.data.features import features_of, statistics_of
from simgen.data.files import STAGING, clear_write_errors, read_json, write_json, write_parts
from simgen.errors import SimgenError

ARRAYS = ".arrays"  # suffix of the file with the chunks
_NAME = re.compile(r"([a-z][a-z0-9_]*)-(\d{8,})\.json")


def item_path(root: Path, phase: str, index: int) -> Path:
    """The JSON file of an item; its arrays lie beside it with the suffix ARRAYS."""
    return root / STAGING / f"{phase}-{index:08d}.json"


def staged_items(root: Path) -> list[tuple[str, int]]:
    """(phase, index) of everything that is staged, sorted."""
    folder = root / STAGING
    matches = [_NAME.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted((match[1], int(match[2])) for match in matches if match)


def episode_entry(
    episode: Episode, digest: str, control_mode: str | None, reset_options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The episode's line in a record: ManiSkill's keys, then ours."""
    metadata = episode.metadata()
    ours = {"index", "phase", "task", "instruction", "length", "randomisation", "segmentation_ids", "flags"}
    ours |= {key for key in ("subtasks", "origin") if metadata[key]}
    return {
        "episode_id": episode.index,
        "episode_seed": metadata["seed"],
        "control_mode": control_mode,
        "elapsed_steps": metadata["length"],
        "reset_kwargs": {"seed": metadata["seed"], **({"options": dict(reset_options)} if reset_options else {})},
        "success": metadata["success"],
        **{key: value for key, value in metadata.items() if key in ours},
        "reward": metadata["reward_sum"],
        "sha256": digest,
    }


def episode_from_entry(entry: Mapping[str, Any], group: h5py.Group) -> Episode:
    """The inverse of `episode_entry`, with the arrays decoded from the trajectory's group."""
    keys = ("index", "phase", "task", "instruction", "success", "length", "randomisation", "segmentation_ids", "flags")
    metadata = {key: entry[key] for key in keys}
    metadata.update(seed=entry["episode_seed"], reward_sum=entry["reward"], subtasks=entry.get("subtasks", []))
    metadata.update(origin=entry.get("origin", {}))
    return Episode.from_metadata(metadata, read_arrays(group))


def stage_episode(
    root: Path,
    episode: Episode,
    codec: str,
    control_mode: str | None,
    reset_options: Mapping[str, Any] | None = None,
    durable: bool = False,
) -> int:
    """Encodes an episode and writes it as an item; returns the size of its compressed arrays [bytes].

    Args:
        control_mode, reset_options: for ManiSkill, which would replay the episode with them.
        durable: sync to the disk; without it an item survives a dead process but perhaps not a power cut.

    Raises:
        SimgenError: if the disk is full or cannot be written.
    """
    layouts: dict[str, Any] = {}
    parts: list[bytes | memoryview] = []
    for path in sorted(episode.arrays):
        layout, encoded = encode(canonical_array(episode.arrays[path]), codec)
        layouts[path] = layout._asdict()
        parts += encoded
    item = {
        "episode": episode_entry(episode, content_hash(episode), control_mode, reset_options),
        "features": features_of(episode.arrays, episode.length),
        "statistics": statistics_of(episode.arrays),
        "codec": codec,
        "arrays": layouts,
    }
    path = item_path(root, episode.phase, episode.index)
    with clear_write_errors(path):
        write_parts(path.with_suffix(ARRAYS), parts, durable)
        write_json(path, item, durable, indent=None)
    return sum(map(len, parts))


def write_trajectory(root: Path, item: Mapping[str, Any], group: h5py.Group) -> None:
    """Writes the arrays of an item into a group, as they were compressed.

    Raises:
        SimgenError: if they are not whole.
        OSError: if they cannot be read, or the group's file cannot be written.
    """
    path = item_path(root, item["episode"]["phase"], item["episode"]["index"]).with_suffix(ARRAYS)
    content = memoryview(path.read_bytes())
    layouts = {name: _layout(values) for name, values in item["arrays"].items()}
    expected = sum(sum(layout.sizes) for layout in layouts.values())
    if len(content) != expected:
        raise SimgenError(f"{path}: {len(content)} bytes instead of {expected}.")
    writer, place = GroupWriter(group), 0
    for name, layout in layouts.items():
        ends = list(itertools.accumulate(layout.sizes, initial=place))
        writer.write(name, layout, [content[start:end] for start, end in itertools.pairwise(ends)], item["codec"])
        place = ends[-1]


def _layout(values: Mapping[str, Any]) -> Layout:
    chunks = tuple(values["chunks"]) if values["chunks"] is not None else None
    return Layout(values["dtype"], tuple(values["shape"]), chunks, tuple(values["sizes"]))


def stage_discard(root: Path, discard: Mapping[str, Any], durable: bool = False) -> None:
    """Writes an attempt without episode: {phase, index, seed, reason}."""
    path = item_path(root, discard["phase"], discard["index"])
    with clear_write_errors(path):
        write_json(path, {"discarded": dict(discard)}, durable)


def read_item(root: Path, phase: str, index: int) -> dict[str, Any]:
    """The item's JSON: either {episode, features, statistics, codec, arrays} or {discarded}."""
    return read_json(item_path(root, phase, index))


def item_is_sound(root: Path, phase: str, index: int) -> bool:
    """Whether an item can be read and has the content that its JSON promises."""
    try:
        item = read_item(root, phase, index)
        if "discarded" in item:
            return True
        with scratch_file() as file:
            group = file.create_group("trajectory")
            write_trajectory(root, item, group)
            episode = episode_from_entry(item["episode"], group)
        return has_hash(episode, item["episode"]["sha256"])
    except (SimgenError, OSError, KeyError, TypeError, ValueError):
        return False


def trajectory(file: h5py.File, index: int) -> h5py.Group:
    """The group of an episode.

    Raises:
        KeyError: if there is none.
    """
    group = file[f"traj_{index}"]
    if not isinstance(group, h5py.Group):
        raise KeyError(f"traj_{index} is not a group")
    return group


def remove_item(root: Path, phase: str, index: int) -> None:
    """Removes an item, its JSON first."""
    path = item_path(root, phase, index)
    path.unlink(missing_ok=True)
    path.with_suffix(ARRAYS).unlink(missing_ok=True)
