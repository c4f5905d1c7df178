"""Datasets on disk: episodes in shards of ManiSkill's layout, written while the simulation runs, read lazily.

Names are imported when first used, so that `import simgen.data` costs nothing and the encoders load no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.data.check import Report, check_dataset
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
    "check_dataset",
    "content_hash",
    "dataset_info",
    "open_dataset",
    "rebuild_index",
]

_HOMES = {
    "Dataset": "reader",
    "DatasetWriter": "writer",
    "Episode": "episode",
    "EpisodeView": "episode_view",
    "Report": "check",
    "Windows": "windows",
    "check_dataset": "check",
    "content_hash": "episode",
    "dataset_info": "info",
    "open_dataset": "reader",
    "rebuild_index": "manifest",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
