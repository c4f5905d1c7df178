"""Tasks as batches of worlds: `make("pick_cube", num_envs=64)` gives a gymnasium.vector.VectorEnv on torch tensors.

Names are imported when they are first used: worker processes of registered environments must not load Newton.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simgen.env.base import BaseEnv, Outcome
    from simgen.env.factory import engine_of, make, make_env
    from simgen.env.mixed import MixedEnv
    from simgen.env.numpy_view import NumpyView
    from simgen.env.sensors import SensorView
    from simgen.env.task_env import TaskEnv

__all__ = ["BaseEnv", "MixedEnv", "NumpyView", "Outcome", "SensorView", "TaskEnv", "engine_of", "make", "make_env"]

_HOMES = {
    "BaseEnv": "base",
    "Outcome": "base",
    "MixedEnv": "mixed",
    "NumpyView": "numpy_view",
    "SensorView": "sensors",
    "TaskEnv": "task_env",
    "engine_of": "factory",
    "make_env": "factory",
    "make": "factory",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
