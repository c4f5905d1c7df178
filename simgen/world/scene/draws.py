"""Draws the values of a task for one episode, each from a stream of its own, and remembers them."""

from __future__ import annotations

from typing import Any

import numpy as np

from simgen.spec.distribution import Distribution
from simgen.spec.look import is_look
from simgen.spec.task import TaskSpec
from simgen.world.scene.color import parse_color
from simgen.world.scene.seed import stream


class Draws:
    """Draws values by their path in the spec and remembers them; `randomize` wins over what the scene says.

    Args:
        task: The task.
        seed: Of the episode.
        looks_seed: What looks are drawn from instead; None: from the episode's seed, too.
    """

    def __init__(self, task: TaskSpec, seed: int, looks_seed: int | None = None) -> None:
        self._randomize, self.seed = task.randomize, seed
        self._looks_seed = seed if looks_seed is None else looks_seed
        self.values: dict[str, Any] = {}

    def _stream(self, *path: str) -> np.random.Generator:
        return stream(self._looks_seed if is_look(path[-1]) else self.seed, *path)

    def value(self, path: str, written: Any, default: Any = None) -> Any:
        """Returns the number or vector at a path: written, drawn, or changed by `randomize`; recorded if drawn."""
        value = default if written is None else written
        if isinstance(value, Distribution):
            value = self._keep(path, value.sample(self._stream(path)))
        change = self._randomize.get(path)
        if change is not None:
            base = None if value is None else np.asarray(value, float)
            value = self._keep(path, change.sample(self._stream("randomize", path), base=base))
        return value

    def count(self, path: str) -> int:
        """Returns the whole number at a path, the nearest to what is drawn; 0 if nothing is."""
        value = round(float(self.value(path, None, 0.0)))
        if path in self.values:
            self._keep(path, value)
        return value

    def word(self, path: str, written: Any, default: str | None = None) -> str | None:
        """Returns the name at a path."""
        for source in (self._randomize.get(path), written):
            if isinstance(source, Distribution):
                return str(self._keep(path, source.sample(self._stream(path))))
        return default if written is None else str(written)

    def color(self, path: str, written: Any, default: Any) -> Any:
        """Returns the colour at a path, a name or sRGB."""
        change = self._randomize.get(path)
        if change is not None and change.words:
            return self._keep(path, change.sample(self._stream("randomize", path)))
        value = default if written is None else written
        if isinstance(value, Distribution):
            value = self._keep(path, value.sample(self._stream(path)))
        if change is not None:
            drawn = change.sample(self._stream("randomize", path), base=np.asarray(parse_color(value)))
            value = self._keep(path, np.clip(np.asarray(drawn, float), 0.0, 1.0))
        return value

    def _keep(self, path: str, value: Any) -> Any:
        self.values[path] = value if isinstance(value, str) else np.asarray(value, float).tolist()
        return value
