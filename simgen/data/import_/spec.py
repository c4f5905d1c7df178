"""The spec of an imported dataset: where it comes from, in place of a task to simulate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from simgen.data.files import plain
from simgen.data.import_.assemble import ALIGNMENT
from simgen.data.import_.base import Camera, ImportOptions, SourceInfo
from simgen.data.recorded import SOURCE, title_of
from simgen.errors import BadInput

_TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def recorded_spec(path: Path, info: SourceInfo, options: ImportOptions) -> dict[str, Any]:
    """Returns the spec: what a task would say where it is known, and under "source" where the data come from.

    Everything in it decides the content of episodes or follows from the source, so that a resumed import must agree.
    Which episodes are wanted is no part of it: more of them may be imported later.
    """
    source = {
        "format": info.format,
        "version": info.version,
        "name": path.resolve().name,
        "episodes": info.episodes,
        "fps": info.fps,
        "robot_type": info.robot_type,
        "cameras": {name: _camera(camera, None) for name, camera in info.cameras.items()},
        "size": list(options.size) if options.size else None,
        "success": "labelled" if info.labelled else ("all successful" if options.all_successful else "unknown"),
        "last_step": ALIGNMENT[options.last_step] if info.one_short else "kept",
        "instruction": options.instruction,
        "clip_seconds": options.clip_seconds,
        **info.details,
    }
    spec: dict[str, Any] = {
        "name": options.task or info.name,
        "description": f"Recorded data, imported from {title_of(source)}.",
        "cameras": {
            name: {**_camera(camera, options.size), "mount": "unknown"} for name, camera in info.cameras.items()
        },
        SOURCE: source,
    }
    if info.robot_type or info.control:
        spec["robot"] = {"use": info.robot_type, "control": info.control}
    if info.fps:
        spec["episode"] = {"control_hz": info.fps}
    return plain(spec, "spec")


def _camera(camera: Camera, size: tuple[int, int] | None) -> dict[str, Any]:
    height, width = next(iter(camera.outputs.values()))
    return {"size": list(size or (width, height)), "outputs": list(camera.outputs)}


def require_task_name(name: str | None) -> None:
    """Refuses a name that files and filters could not carry (BadInput)."""
    if name is not None and not _TASK.fullmatch(name):
        raise BadInput(f"--task {name!r}: allowed are letters, digits, _, - and . (at most 64, e.g. pick_cube).")
