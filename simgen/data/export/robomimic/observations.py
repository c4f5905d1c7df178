"""Our observations under the names and in the units that robosuite has and robomimic's users expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from simgen.data.export.layout import OBS, ArrayFacts, Layout
from simgen.data.export.robots import QPOS, QVEL, TOOL, joints_of
from simgen.data.export.selection import ExportEpisode

_OUTPUTS = {"rgb": "image", "segmentation": "segmentation_instance"}
_MILLIMETRES = np.float32(1000.0)


@dataclass(frozen=True)
class Observation:
    """One array below obs/ of a demonstration.

    Attributes:
        key: its name there.
        dtype, shape: of one row.
        meaning: in words, with units.
        read: gives its T+1 rows.
        paths: of our arrays that it is made of.
        is_image: whether it comes from a camera.
    """

    key: str
    dtype: str
    shape: tuple[int, ...]
    meaning: str
    read: Callable[[ExportEpisode], np.ndarray]
    paths: tuple[str, ...]
    is_image: bool = False


def observations_of(layout: Layout) -> list[Observation]:
    """Returns the observations of an episode, in the order of our arrays; each array is in at least one of them."""
    found = [_image(facts) for facts in layout.images]
    for facts in layout.states:
        if facts.path in (QPOS, QVEL):
            found += _joints(layout, facts)
        elif facts.path == TOOL and facts.shape == (7,):
            found += _tool(facts)
        elif not _is_object(facts):
            found.append(_plain(facts))
    found += _objects([facts for facts in layout.states if _is_object(facts)])
    return _distinct(found)


def _image(facts: ArrayFacts) -> Observation:
    key = f"{facts.camera}_{_OUTPUTS.get(facts.name, facts.name)}"
    if facts.name == "depth":
        meaning = f"planar depth of camera {facts.camera} [m], 0 = none; rows from the top"
        return Observation(key, "float32", facts.shape, meaning, partial(_metres, facts.path), (facts.path,), True)
    meaning = f"{facts.name} of camera {facts.camera} [{facts.unit}]; rows from the top"
    return Observation(key, facts.dtype, facts.shape, meaning, partial(_array, facts.path), (facts.path,), True)


def _joints(layout: Layout, facts: ArrayFacts) -> list[Observation]:
    joints = joints_of(layout)
    whole = range(facts.shape[0]) if len(facts.shape) == 1 else ()
    kind = "pos" if facts.path == QPOS else "vel"
    if joints is None or len(whole) != len(joints.arm + joints.hand + joints.others):
        return [_plain(facts)]
    names = {f"robot0_joint_{kind}": joints.arm, f"robot0_gripper_q{kind}": joints.hand}
    found = [_columns(key, facts, columns) for key, columns in names.items() if columns]
    return [*found, _plain(facts)] if joints.others else found


def _columns(key: str, facts: ArrayFacts, columns: tuple[int, ...]) -> Observation:
    names = ", ".join((facts.names or ())[i] for i in columns) if facts.names else f"columns {list(columns)}"
    read = partial(_picked, facts.path, columns)
    return Observation(key, facts.dtype, (len(columns),), f"{names} [{facts.unit}]", read, (facts.path,))


def _tool(facts: ArrayFacts) -> list[Observation]:
    place, turn = (0, 1, 2), (4, 5, 6, 3)
    where = "of the tool centre point in the world"
    return [
        Observation("robot0_eef_pos", facts.dtype, (3,), f"position {where} [m]", partial(_picked, facts.path, place),
                    (facts.path,)),
        Observation("robot0_eef_quat", facts.dtype, (4,), f"quaternion {where}, **x, y, z, w** as robosuite has it",
                    partial(_picked, facts.path, turn), (facts.path,)),
    ]  # fmt: skip


def _is_object(facts: ArrayFacts) -> bool:
    return facts.is_privileged and len(facts.shape) == 1


def _objects(states: list[ArrayFacts]) -> list[Observation]:
    """What only a simulator knows, in the one vector that robomimic's configurations for low dimensions name."""
    if not states:
        return []
    starts = np.cumsum([0, *(facts.shape[0] for facts in states)])
    parts = [
        f"{start}:{start + facts.shape[0]} {facts.name} [{facts.unit or 'no unit'}]"
        for start, facts in zip(starts[:-1], states, strict=True)
    ]
    paths = tuple(facts.path for facts in states)
    meaning = f"privileged: {'; '.join(parts)}; quaternions in it are w, x, y, z"
    return [Observation("object", "float32", (int(starts[-1]),), meaning, partial(_joined, paths), paths)]


def _plain(facts: ArrayFacts) -> Observation:
    short = facts.path.removeprefix(OBS).removeprefix("extra/").replace("/", "_")
    meaning = "; ".join(str(part) for part in (f"[{facts.unit}]" if facts.unit else "", facts.note) if part)
    return Observation(short, facts.dtype, facts.shape, meaning, partial(_array, facts.path), (facts.path,))


def _distinct(observations: list[Observation]) -> list[Observation]:
    """Gives a name that is taken an underscore more."""
    taken: set[str] = set()
    found = []
    for observation in observations:
        key = observation.key
        while key in taken:
            key += "_"
        taken.add(key)
        found.append(observation if key == observation.key else Observation(**{**vars(observation), "key": key}))
    return found


def _array(path: str, episode: ExportEpisode) -> np.ndarray:
    return episode.array(path)


def _picked(path: str, columns: tuple[int, ...], episode: ExportEpisode) -> np.ndarray:
    return np.ascontiguousarray(episode.array(path)[:, list(columns)])


def _metres(path: str, episode: ExportEpisode) -> np.ndarray:
    return episode.array(path).astype(np.float32) / _MILLIMETRES


def _joined(paths: tuple[str, ...], episode: ExportEpisode) -> np.ndarray:
    return np.concatenate([episode.array(path).astype(np.float32) for path in paths], axis=1)
