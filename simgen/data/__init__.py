"""Datasets on disk: episodes in shards of ManiSkill's layout, written while the simulation runs, read lazily.

Names are imported when first used, so that `import simgen.data` costs nothing and the encoders load no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.data.check import Report, check_dataset
    from simgen.data.combine.append import append_dataset
    from simgen.data.combine.copy import copy_episodes
    from simgen.data.combine.merge import merge_datasets
    from simgen.data.combine.split import split_dataset
    from simgen.data.episode import Episode, content_hash
    from simgen.data.episode_view import EpisodeView
    from simgen.data.info import dataset_info
    from simgen.data.manifest import rebuild_index
    from simgen.data.reader import Dataset, open_dataset
    from simgen.data.windows import Windows
    from simgen.data.writer import DatasetWriter

__all__ = [
    "Dataset",
    "DatasetWriter",
    "Episode",
    "EpisodeView",
    "Report",
    "Windows",
    "append_dataset",
    "check_dataset",
    "content_hash",
    "copy_episodes",
    "dataset_info",
    "merge_datasets",
    "open_dataset",
    "rebuild_index",
    "split_dataset",
]

_HOMES = {
    "Dataset": "reader",
    "DatasetWriter": "writer",
    "Episode": "episode",
    "EpisodeView": "episode_view",
    "Report": "check",
    "Windows": "windows",
    "append_dataset": "combine.append",
    "check_dataset": "check",
    "content_hash": "episode",
    "copy_episodes": "combine.copy",
    "dataset_info": "info",
    "merge_datasets": "combine.merge",
    "open_dataset": "reader",
    "rebuild_index": "manifest",
    "split_dataset": "combine.split",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
