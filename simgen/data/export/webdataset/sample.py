"""One episode as the files of a sample: videos, numbers, and what can be said about it in words and physics."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.export.layout import ArrayFacts, Layout
from simgen.data.export.lerobot.videos import Encoding, encode
from simgen.data.export.selection import ExportEpisode

COLORS = ("rgb", "albedo")
_PHYSICS = ("mass", "density", "friction", "restitution", "scale", "fixed")
_SHAPES = ("box", "sphere", "cylinder", "capsule", "mesh", "asset")


def key_of(number: int) -> str:
    """The name of a sample, without a dot, since WebDataset cuts there."""
    return f"episode_{number:08d}"


def name_of(facts: ArrayFacts) -> str:
    """What a camera's file is called after the sample's name, without its ending."""
    camera = facts.camera.replace(".", "_")
    return camera if facts.name == "rgb" else f"{camera}.{facts.name}"


def videos_of(layout: Layout) -> list[ArrayFacts]:
    return [facts for facts in layout.images if facts.name in COLORS]


def lossless_of(layout: Layout) -> list[ArrayFacts]:
    return [facts for facts in layout.images if facts.name not in COLORS]


def numbers_of(layout: Layout) -> list[ArrayFacts]:
    """What goes into the sample's .npz."""
    images = set(layout.images)
    return [facts for facts in layout.arrays() if facts not in images]


def members(
    episode: ExportEpisode, spec: Mapping[str, Any], encoding: Encoding, draft: Path
) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a sample.

    Args:
        spec: of the episode's task.
        draft: where a video is written before it is read into the shard.
    """
    yield "json", json.dumps(description(episode, spec, encoding), indent=1, allow_nan=False).encode()
    yield "npz", _npz({facts.path: episode.array(facts.path) for facts in numbers_of(episode.layout)})
    for facts in videos_of(episode.layout):
        size = (facts.shape[1], facts.shape[0])
        encode(draft, episode.blocks(facts.path), size, encoding)
        yield f"{name_of(facts)}.mp4", draft.read_bytes()
        draft.unlink()
    for facts in lossless_of(episode.layout):
        yield f"{name_of(facts)}.npz", _npz({facts.name: episode.array(facts.path)})


def tar_blocks(number: int, files: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yields a tar archive's entries, without its end; the same content gives the same bytes."""
    for ending, content in files:
        entry = tarfile.TarInfo(f"{key_of(number)}.{ending}")
        entry.size, entry.mtime, entry.mode = len(content), 0, 0o644
        entry.uname = entry.gname = "simgen"
        yield entry.tobuf(tarfile.USTAR_FORMAT)
        yield content
        yield bytes(-len(content) % tarfile.BLOCKSIZE)


def description(episode: ExportEpisode, spec: Mapping[str, Any], encoding: Encoding) -> dict[str, Any]:
    """What the sample's .json says."""
    view = episode.view
    return {
        "caption": episode.instruction,
        "task": view.task,
        "phase": view.phase,
        "index": view.index,
        "seed": view.seed,
        "success": bool(view.success),
        "reward_sum": None if not np.isfinite(view.reward_sum) else float(view.reward_sum),
        "flags": list(view.flags),
        "fps": encoding.fps,
        "steps": episode.length,
        "frames": episode.length + 1,
        "video_codec": encoding.codec,
        "cameras": cameras(episode),
        "actions": _said(episode.layout.action),
        "subtasks": view.subtasks,
        "physics": physics(episode, spec),
        "randomisation": view.randomisation,
        "segmentation_ids": {str(key): value for key, value in view.segmentation_ids.items()},
        "sha256": view.sha256,
    }


def _said(facts: ArrayFacts) -> dict[str, Any]:
    return {"array": facts.path, "names": facts.names, "unit": facts.unit, "convention": facts.note}


def cameras(episode: ExportEpisode) -> dict[str, Any]:
    """Of each camera: its files, size, and first parameters; all of the parameters are in the .npz."""
    found: dict[str, Any] = {}
    for facts in episode.layout.images:
        camera = found.setdefault(facts.camera, {"size": [facts.shape[1], facts.shape[0]], "files": {}})
        camera["files"][facts.name] = f"{name_of(facts)}.{'mp4' if facts.name in COLORS else 'npz'}"
    for facts in episode.layout.cameras:
        values = episode.array(facts.path)
        camera = found[facts.camera]
        camera[facts.name] = np.asarray(values[0], float).tolist()
        camera["moves"] = bool(camera.get("moves", False) or np.ptp(values, axis=0).max(initial=0.0) > 1e-6)
    return found


def physics(episode: ExportEpisode, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Gravity and what is known of each object: the spec's numbers, with what was drawn for this episode."""
    scene: Any = spec.get("scene")
    objects: Any = scene.get("objects") if isinstance(scene, Mapping) else None
    found: dict[str, Any] = {"gravity": _gravity(spec), "objects": {}}
    for name, said in (objects if isinstance(objects, Mapping) else {}).items():
        if isinstance(said, Mapping):
            kept = {key: said[key] for key in (*_SHAPES, *_PHYSICS, "color") if key in said}
            found["objects"][name] = {key: value for key, value in kept.items() if not _is_drawn(value)}
    for name, value in episode.view.randomisation.items():
        owner, _, what = name.rpartition(".")
        if owner in found["objects"]:
            found["objects"][owner][what] = value
    return found


def _is_drawn(value: Any) -> bool:
    """Whether the spec says from what a value is drawn instead of the value."""
    return isinstance(value, Mapping) and bool({"choose", "uniform", "log_uniform", "normal"} & set(value))


def _gravity(spec: Mapping[str, Any]) -> float | None:
    physics_of = spec.get("physics")
    value = physics_of.get("gravity") if isinstance(physics_of, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name.replace("/", "."): array for name, array in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()
