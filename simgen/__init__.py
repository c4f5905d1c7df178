"""simgen: a YAML task becomes parallel worlds, labelled robot data and models trained on it.

`simgen.make(task, num_envs=...)` gives an environment and `simgen.open_dataset(directory)` a dataset; both are
looked up at first use, so that `import simgen` loads no engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simgen.data import open_dataset as open_dataset
    from simgen.env import make as make

__version__ = "0.1.0"

_HOMES = {"make": "simgen.env", "open_dataset": "simgen.data"}


def __getattr__(name: str) -> object:
    """Looks up `make` and `open_dataset` where they live when they are first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simgen' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Names the lazy functions too, for completion in shells and notebooks."""
    return sorted([*globals(), *_HOMES])
