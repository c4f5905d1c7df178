"""Which file a TASK on the command line means: a path, or the name of a task that simgen ships."""

from __future__ import annotations

import os
import re
from pathlib import Path

from simgen.errors import BadInput, nearest, unknown
from simgen.spec.base import shown
from simgen.spec.registered import ENV_ID_PATTERN

_NAME = re.compile(r"^name:[ \t]*[\"']?([A-Za-z][A-Za-z0-9_-]*)", re.MULTILINE)


def find_task(name_or_path: str | os.PathLike[str]) -> Path:
    """Returns the file of a task.

    Args:
        name_or_path: Path of a YAML file, or a name as `task_names` lists it.

    Raises:
        BadInput: No such file or name (with the nearest one), or a name that several files have.
    """
    text = os.fspath(name_or_path)
    if "\0" in text or not text.strip():
        raise BadInput(f"{shown(text)} is neither a file nor the name of a task.")
    path = Path(text)
    looks_like_path = isinstance(name_or_path, os.PathLike) or path.suffix in (".yaml", ".yml") or len(path.parts) > 1
    if _exists(path) and (looks_like_path or path.is_file()):
        if path.is_dir():
            raise BadInput(f"{text}: is a folder. Allowed: a task's file, e.g. {path / 'task.yaml'}")
        return path
    if looks_like_path:
        beside = [other.name for other in path.parent.glob("*.y*ml")] if _exists(path.parent) else []
        raise BadInput(f"{text[:300]}: no such file{nearest(path.name, beside)}")
    known = task_names()
    if text not in known:
        raise unknown("task", text[:200], known)
    if len(known[text]) > 1:
        files = ", ".join(str(file) for file in known[text])
        raise BadInput(f"several files are called {text!r}: {files}. Allowed: give the path of one.")
    return known[text][0]


def is_env_id(text: str | os.PathLike[str]) -> bool:
    """Says whether this can only be the id of a registered environment, e.g. PickCube-v1, and not a path."""
    return isinstance(text, str) and re.match(ENV_ID_PATTERN, text) is not None and not _exists(Path(text))


def task_names(folder: Path | None = None) -> dict[str, list[Path]]:
    """Returns the files of the tasks in a folder (default: those that simgen ships) by their `name:`, sorted."""
    from simgen.paths import tasks_dir

    found: dict[str, list[Path]] = {}
    for path in sorted((folder or tasks_dir()).rglob("*.yaml")):
        match = _NAME.search(path.read_text(encoding="utf-8", errors="replace"))
        found.setdefault(match.group(1) if match else path.stem, []).append(path)
    return dict(sorted(found.items()))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
