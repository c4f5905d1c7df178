"""What a dataset of new pictures says of itself: its spec, where the states come from, what its arrays hold."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from simgen.data.combine.plan import Counts, Source, describe_source
from simgen.data.files import canonical_json
from simgen.data.manifest import GENERATION
from simgen.data.reader import Dataset
from simgen.data.states import image_notes
from simgen.spec.load import MIXTURE
from simgen.spec.task import TaskSpec
from simgen.world.scene.layout import layout_of

RENDERING = "rendering"  # below `generation`: what else the pictures depend on


def content_digest(dataset: Dataset) -> str:
    """sha256 of what the episodes are: phase, index and content hash of each, in their order."""
    digest = hashlib.sha256()
    for episode in dataset:
        digest.update(canonical_json([episode.phase, episode.index, episode.sha256]))
    return digest.hexdigest()


def rendered_spec(manifest: Mapping[str, Any], tasks: Mapping[str, TaskSpec], rendering: Mapping[str, Any]) -> Any:
    """Returns the spec of the source with the tasks as they look now, and what else the pictures depend on."""
    spec = copy.deepcopy(dict(manifest["spec"]))
    generation = dict(spec.pop(GENERATION, {}))
    if MIXTURE in spec:
        for part in spec[MIXTURE]:
            task = tasks.get(part["task"]["name"])
            part["task"] = part["task"] if task is None else task.resolved()
    else:
        (task,) = tasks.values()
        spec = task.resolved()
    return spec | {GENERATION: generation | {RENDERING: dict(rendering)}}


def source_note(source: Source, dataset: Dataset, digest: str) -> dict[str, Any]:
    """Returns an entry for `sources` in dataset.json: name, hashes, how it was made, how much was taken from it."""
    counts = Counts(len(dataset), sum(episode.length for episode in dataset))
    return describe_source(source.name, source.manifest, counts) | {"sha256": digest}


def feature_notes(manifest: Mapping[str, Any], tasks: Mapping[str, TaskSpec]) -> dict[str, dict[str, Any]]:
    """Returns what the source says of its arrays beside images, and what is to be said of the new images."""
    notes = {
        path: dict(note)
        for path, note in manifest.get("feature_notes", {}).items()
        if not path.startswith("obs/sensor_data/")
    }
    for task in tasks.values():
        notes |= image_notes(layout_of(task).cameras)
    return notes
