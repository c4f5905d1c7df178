"""What a task draws anew in every episode, as knobs that a person can turn: each fixes one value for the next scene."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simgen.spec import TaskSpec, load_task
from simgen.spec.distribution import Distribution
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout

RANDOMIZE = "randomize"
_FIELDS = frozenset(Distribution.model_fields)
_AXES = "xyzw"
MOST = 120  # knobs


@dataclass(frozen=True)
class Knob:
    """One value that a task draws.

    Args:
        path: Where its distribution stands in the resolved task.
        name: What it is called in what a scene has drawn, and in the page.
        low, high: Of each component; empty for words.
        words: What it chooses from; empty for numbers.
        scalar: Whether it is a number; else a vector.
    """

    path: tuple[str | int, ...]
    name: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    scalar: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """What its components are called."""
        if self.scalar:
            return (self.name,)
        return tuple(f"{self.name}.{_AXES[i] if len(self.low) <= 4 else i}" for i in range(len(self.low)))

    def written(self, value: Any) -> Any:
        """Returns what stands in the task in the place of the distribution, so that it always draws this value."""
        plain = value if isinstance(value, str) else [float(number) for number in np.atleast_1d(value)]
        if not isinstance(plain, str) and self.scalar:
            plain = plain[0]
        return {"choose": [plain]} if self.path[0] == RANDOMIZE else plain


class Ranges:
    """The knobs of a task, and the scenes that they make.

    Args:
        task: The task.
        layout: Its layout; it stays the same whatever is turned.
    """

    def __init__(self, task: TaskSpec, layout: Layout) -> None:
        self._task, self._layout = task, layout
        self._resolved = task.resolved()
        self._sampler = SceneSampler(task, layout)
        self.knobs: tuple[Knob, ...] = ()

    def prepare(self, seed: int) -> None:
        """Finds the knobs; what changes a value that is there needs a scene to know that value."""
        middle = self._middle().sample(seed).values
        knobs = (_knob(path, drawn, middle) for path, drawn in distributions(self._resolved))
        self.knobs = tuple(knob for knob in knobs if knob is not None)[:MOST]

    def _middle(self) -> SceneSampler:
        """Draws scenes in which everything relative is left as it is."""
        changed = copy.deepcopy(self._resolved)
        for path, drawn in distributions(self._resolved):
            if drawn.jitter is not None:
                _put(changed, path, {"jitter": 0.0})
            elif drawn.scale is not None:
                _put(changed, path, {"scale": [1.0, 1.0]})
        return SceneSampler(load_task(changed), self._layout)

    def scene(self, seed: int, turned: Mapping[Knob, Any]) -> Scene:
        """Returns the scene of a seed, with the values of the knobs that were turned.

        Raises:
            BadInput: The objects do not fit, or a value is not allowed.
        """
        if not turned:
            return self._sampler.sample(seed)
        changed = copy.deepcopy(self._resolved)
        for knob, value in turned.items():
            _put(changed, knob.path, knob.written(value))
        return SceneSampler(load_task(changed), self._layout).sample(seed)


def distributions(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Distribution]]:
    """Yields all distributions of a resolved task with their paths."""
    if isinstance(tree, Mapping):
        if tree and set(tree) <= _FIELDS and _is_numbers_or_words(tree):
            yield path, Distribution.model_validate(tree)
            return
        for name, inside in tree.items():
            if path or name in ("scene", "cameras", RANDOMIZE, "robot", "render"):
                yield from distributions(inside, (*path, name))


def _is_numbers_or_words(tree: Mapping[str, Any]) -> bool:
    return not any(isinstance(item, Mapping) for item in tree.get("choose", ()))


def _knob(path: tuple[str | int, ...], drawn: Distribution, middle: Mapping[str, Any]) -> Knob | None:
    name = ".".join(str(step) for step in path[1:]) if path[0] == RANDOMIZE else _name(path)
    if drawn.words:
        return Knob(path, name, words=drawn.words)
    base = middle.get(name)
    if drawn.relative and (base is None or isinstance(base, str)):
        return None
    bounds = drawn.bounds(None if base is None or not drawn.relative else np.asarray(base, float))
    if bounds is None:
        return None
    low, high = (np.atleast_1d(np.asarray(end, float)) for end in bounds)
    low, high = np.broadcast_arrays(low, high)
    if not np.all(np.isfinite([low, high])) or np.all(high <= low):
        return None
    return Knob(path, name, tuple(low.tolist()), tuple(high.tolist()), scalar=np.ndim(bounds[0]) == 0)


def _name(path: tuple[str | int, ...]) -> str:
    """ "cube.color" for scene.objects.cube.color, as scenes call what they have drawn."""
    steps = [str(step) for step in path]
    if steps[:2] == ["scene", "objects"]:
        steps = steps[2:]
    elif steps[0] == "cameras":
        steps = ["camera", *steps[1:]]
    return ".".join(steps)


def _put(tree: Any, path: tuple[str | int, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value
