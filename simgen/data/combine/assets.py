"""Which objects the episodes of a dataset have: which of its shapes or meshes each was in an episode."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simgen.data.reader import Dataset
from simgen.data.replay import task_of
from simgen.data.shard import cached_record
from simgen.errors import BadInput, unknown
from simgen.spec import TaskSpec
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

logger = logging.getLogger(__name__)

Assets = dict[str, str]
"""By object what it is in an episode: {"cube": "cylinder 1f3a09c2"}."""

_SURROUNDINGS = ("robot", "ground", "table", "background")


def assets_of(dataset: Dataset, only: Iterable[str] = ()) -> list[Assets]:
    """Returns of each episode which asset its objects are, without objects that are the same in all episodes.

    A task that simgen can build is asked, with the episode's seed: this tells apart what its shapes are, to the file
    and the size. Of other episodes the classes in their segmentation map are taken.

    Args:
        only: Objects to look at; none: all.

    Raises:
        BadInput: There is no such object, or none that differs between episodes.
    """
    wanted = set(only)
    tellers: dict[str, Callable[[int], Assets] | None] = {name: _teller(dataset, name) for name in dataset.tasks}
    found: list[Assets] = []
    for episode in dataset:
        teller = tellers[episode.task]
        if teller is not None:
            found.append(teller(episode.seed))
        else:
            found.append(_labelled(cached_record(episode.file.with_suffix(".json")), episode.index))
    names = {name for assets in found for name in assets}
    for name in sorted(wanted - names):
        raise unknown("object", name, names, where=str(dataset.path))
    kinds = {name: {assets.get(name) for assets in found} for name in wanted or names}
    varied = {name for name, values in kinds.items() if len(values) > 1}
    if not varied:
        what = ", ".join(f"{name}: {next(iter(values))}" for name, values in sorted(kinds.items())[:5]) or "no objects"
        raise BadInput(f"{dataset.path}: all episodes have the same assets ({what}); split it by seed or by task.")
    return [{name: asset for name, asset in assets.items() if name in varied} for assets in found]


def _teller(dataset: Dataset, task: str) -> Callable[[int], Assets] | None:
    """Tells the assets of an episode of a task from its seed; None where the task does not say."""
    try:
        spec = task_of(dataset.spec_of(task), task)
        sampler = SceneSampler(spec, layout_of(spec)) if isinstance(spec, TaskSpec) else None
    except BadInput as error:
        logger.warning("assets of %s are told by their classes in the segmentation: %s", task, error)
        return None
    if sampler is None:
        return None
    return functools.partial(_drawn, sampler)


def _drawn(sampler: SceneSampler, seed: int) -> Assets:
    return {name: f"{model.kind} {model.key[:8]}" for name, model in sampler.models(seed).items()}


def _labelled(record: Mapping[str, Any], index: int) -> Assets:
    """What a segmentation map says: the class of each body, of which none is the robot's or the room's."""
    entry = next(entry for entry in record["episodes"] if entry["index"] == index)
    labels = entry["segmentation_ids"].values()
    return {
        str(label.get("body") or label["name"]): str(label["class"])
        for label in labels
        if label["class"] not in _SURROUNDINGS
    }
