"""From a sensor with distributions to that of one episode, all of whose numbers are fixed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float

from simgen.spec.base import Spec
from simgen.spec.distribution import Distribution
from simgen.spec.sensors import SensorSpec
from simgen.world.scene.seed import stream

S = TypeVar("S", bound=Spec)


@functools.lru_cache(maxsize=4096)
def drawn_sensor(sensor: str, camera: str, seed: int) -> SensorSpec:
    """Returns the sensor of an episode; each number has a stream of its own.

    Args:
        sensor: A SensorSpec as JSON, which can be a key of the cache.
        camera: Its name.
        seed: Of the episode.
    """
    spec = SensorSpec.model_validate_json(sensor)
    spec = _fixed(spec, seed, camera)
    parts = {name: getattr(spec, name) for name in ("depth", "rgb")}
    parts = {name: _fixed(part, seed, camera, name) for name, part in parts.items() if part is not None}
    return spec.model_copy(update=parts)


def column(specs: Sequence[Spec], field: str, device: torch.device) -> Float[torch.Tensor, "N 1 1"]:
    """Returns a number of each spec."""
    values = np.asarray([getattr(spec, field) for spec in specs], np.float32)
    return torch.from_numpy(values).to(device)[:, None, None]


def _fixed(spec: S, seed: int, *path: str) -> S:
    """Returns a spec with its own distributions drawn."""
    values: dict[str, object] = {}
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if isinstance(value, Distribution):
            drawn = value.sample(stream(seed, "sensors", *path, name))
            values[name] = tuple(drawn.tolist()) if isinstance(drawn, np.ndarray) else drawn
    return spec.model_copy(update=values)
