"""Small tasks for tests: mappings as `load_task` takes them, without cameras unless a test adds some."""

from __future__ import annotations

from typing import Any

from simgen.spec import TaskSpec, load_task


def task_of(objects: dict[str, Any], name: str = "small", **fields: Any) -> TaskSpec:
    """Returns a task with a Panda at a table and the given objects; `fields` replace or add whole parts of it."""
    mapping: dict[str, Any] = {
        "name": name,
        "robot": {"use": "panda"},
        "scene": {"table": {"use": "table"}, "objects": objects},
    }
    return load_task(mapping | fields)


def standing(shape: dict[str, Any], x: float = 0.0, y: float = 0.0, **fields: Any) -> dict[str, Any]:
    """Returns an object that stands on the table at a fixed place [m]."""
    return {**shape, "pose": {"on": "table", "xy": [x, y]}, **fields}
