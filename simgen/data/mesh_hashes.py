"""Tells whether the files that a task's objects are read from are those that a dataset was made of."""

from __future__ import annotations

import hashlib

from simgen.spec import TaskSpec
from simgen.world.scene.layout import layout_of


def mesh_hashes(task: TaskSpec) -> dict[str, str]:
    """Returns a hash of the candidate models of each object that is read from mesh files."""
    from_files = [
        name
        for name, spec in task.scene.objects.items()
        if any(shape.kind in ("mesh", "asset") for shape in spec.shapes)
    ]
    if not from_files:
        return {}
    models: dict[str, list[str]] = {}
    for slot in layout_of(task).bodies:  # moving parts are called "<object>.<part>"
        models.setdefault(slot.name.partition(".")[0], []).extend(model.key for model in slot.candidates)
    keys = {name: " ".join(models[name]) for name in from_files}
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in keys.items()}
