"""Do the paths of `randomize` exist, and do their distributions give what stands there?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simgen.errors import nearest
from simgen.spec.base import Bounds, shown
from simgen.spec.check.bodies import Bodies
from simgen.spec.distribution import Distribution, Draws
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Randomizable, Registry
from simgen.spec.task import TaskSpec
from simgen.spec.vocabulary import COLORS

_FROM_ZERO = "uniform, log_uniform, normal, choose, jitter"
_OF_ALL = ("*.color", "*.texture", "*.scale")
_OF_ARTICULATED = ("*.joint_friction", "*.joint_damping")
_OF_MOVABLE = ("*.com", "*.push", "*.push_interval")


def check_randomize(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks every path and its distribution."""
    paths = _paths(task, registry, bodies)
    for name, drawn in task.randomize.items():
        # The file may hold the path with dots or as nested mappings; both lead to the same line.
        if name in paths:
            yield from _check_drawn(("randomize", name), drawn, paths[name], registry)
            yield from _check_interval(name, task)
            continue
        head = name.partition(".")[0]
        same = [path for path in paths if path.startswith(head + ".")]
        allowed = ", ".join(same or sorted({path.partition(".")[0] + ".*" for path in paths}))
        yield Problem(("randomize", name), f"nothing is called {shown(name)}. Allowed: {allowed}{nearest(name, paths)}")


def _check_interval(name: str, task: TaskSpec) -> Iterator[Problem]:
    pushed = name.removesuffix("_interval")
    if name.endswith(".push_interval") and pushed not in task.randomize:
        yield Problem(("randomize", name), f"does nothing, since there are no pushes; add {pushed}, their force in N")


def _paths(task: TaskSpec, registry: Registry, bodies: Bodies) -> dict[str, Randomizable]:
    found: dict[str, Randomizable] = {}
    for entry in registry.randomizable:
        found |= {entry.path.replace("*", name): entry for name in _names(entry, task, bodies)}
    return found


def _names(entry: Randomizable, task: TaskSpec, bodies: Bodies) -> tuple[str, ...]:
    """Returns what may stand for the * of a path."""
    if not entry.path.startswith("*."):
        return tuple(task.cameras) if "*" in entry.path else ("",)
    if entry.path in _OF_MOVABLE:
        return bodies.whole_of(bodies.movable)
    if entry.path in _OF_ARTICULATED:
        return tuple(dict.fromkeys(part.partition(".")[0] for part in bodies.parts))
    return bodies.whole if entry.path in _OF_ALL else bodies.whole_of(bodies.solid)


def _check_drawn(path: Path, drawn: Distribution, entry: Randomizable, registry: Registry) -> Iterator[Problem]:
    if entry.factor and drawn.jitter is not None:
        yield Problem(path, "is a factor on what is there. Allowed: scale, uniform, log_uniform, normal, choose")
        return
    if entry.factor and drawn.scale is not None:
        drawn = Distribution(uniform=drawn.scale)
    if entry.base is not None and drawn.relative:
        if entry.base == 0.0 and drawn.scale is not None:
            yield Problem(path, "'scale' changes nothing, since what is there is 0. Allowed: " + _FROM_ZERO)
            return
        drawn = _absolute(drawn, entry)
    if drawn.relative and entry.words == "texture":
        yield Problem(path, f"{drawn.kind!r} cannot change a texture. Allowed: choose")
        return
    lengths = {0: "single numbers", 2: "[x, y]", 3: "vectors of 3"}
    form = " or ".join(
        [*(lengths[n] for n in entry.dimensions), *([f"names of a {entry.words}"] if entry.words else [])]
    )
    bounds = Bounds(entry.low, entry.high, entry.unit, entry.above)
    try:
        Draws(bounds, entry.dimensions, relative=True, words=bool(entry.words), form=form).check(drawn)
    except ValueError as error:
        yield Problem(path, str(error))
    known = {"color": COLORS, "texture": registry.textures}.get(entry.words, ())
    for word in drawn.words if entry.words else ():
        if word not in known:
            yield Problem(
                path, f"unknown {entry.words} {shown(word)}. Allowed: {', '.join(known)}{nearest(word, known)}"
            )


def _absolute(drawn: Distribution, entry: Randomizable) -> Distribution:
    """Returns the range that a change of what is there gives."""
    assert entry.base is not None
    ends = drawn.bounds(entry.base if 0 in entry.dimensions else np.full(entry.dimensions[0], entry.base))
    assert ends is not None, "what changes a number is no name"
    return Distribution.model_validate({"uniform": [np.asarray(end).tolist() for end in ends]})
