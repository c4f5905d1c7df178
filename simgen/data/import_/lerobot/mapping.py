"""Where the features of a LeRobot dataset go in an episode of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simgen.data.import_.base import Camera
from simgen.data.import_.lerobot.info import Feature, Info
from simgen.data.import_.lerobot.paths import OBSERVATION, OUR_UNITS, Kind, columns_by_name, kind_of, path_of

BOOKKEEPING = ("timestamp", "frame_index", "episode_index", "index", "task_index")
UNIT = "as in the source"
FLAGS = ("terminated", "truncated", "success", "fail")


@dataclass(frozen=True)
class Placed:
    """A feature, or some columns of it, and the path that it gets."""

    key: str
    path: str
    kind: Kind
    feature: Feature
    columns: slice | None = None
    names: list[str] | None = None

    @property
    def camera(self) -> str | None:
        return self.path.split("/")[2] if self.path.startswith("obs/sensor_data/") else None

    @property
    def output(self) -> str:
        return self.path.rsplit("/", 1)[1]


@dataclass
class Mapped:
    """What is imported, and what is left out and why."""

    placed: list[Placed] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def place_features(info: Info) -> Mapped:
    """Gives every feature that can be stored a path."""
    mapped = Mapped()
    taken: set[str] = set()
    for key, feature in info.features.items():
        if key in BOOKKEEPING:
            continue
        kind = kind_of(key, feature)
        if kind is None:
            mapped.left_out[key] = f"holds {feature.dtype}"
            continue
        for placed in _parts(key, kind, feature, info):
            if placed.path in taken:
                mapped.left_out[key] = f"another feature goes to {placed.path}"
                continue
            taken.add(placed.path)
            mapped.placed.append(placed)
    return mapped


def _parts(key: str, kind: Kind, feature: Feature, info: Info) -> list[Placed]:
    """One part for most features; a state with joint positions and more in one vector is taken apart."""
    names = feature.column_names
    if key == f"{OBSERVATION}state" and names is not None:
        parts = columns_by_name(names)
        if parts:
            return [Placed(key, part.path, kind, feature, part.columns, part.names) for part in parts]
    return [Placed(key, path_of(key, kind, feature, info), kind, feature, names=names)]


def cameras_of(mapped: Mapped) -> dict[str, Camera]:
    """The cameras of the features."""
    outputs: dict[str, dict[str, tuple[int, int]]] = {}
    for placed in mapped.placed:
        if placed.camera is not None:
            outputs.setdefault(placed.camera, {})[placed.output] = placed.feature.size or (0, 0)
    return {name: Camera(sizes) for name, sizes in outputs.items()}


def notes_of(mapped: Mapped) -> dict[str, dict[str, Any]]:
    """Names of the columns, and that the units are the source's."""
    notes: dict[str, dict[str, Any]] = {}
    for placed in mapped.placed:
        if placed.kind != "numbers" or placed.path in FLAGS:
            continue
        notes[placed.path] = {"feature": placed.key}
        if placed.columns is None and not placed.path.startswith(OUR_UNITS):
            notes[placed.path]["unit"] = UNIT
        if placed.names is not None:
            notes[placed.path]["names"] = placed.names
    return notes


def features_in_short(info: Info, mapped: Mapped) -> dict[str, Mapping[str, Any]]:
    """For the spec: each feature's type and shape, and its path here, or why it has none."""
    paths: dict[str, dict[str, Any]] = {}
    for placed in mapped.placed:
        known = paths.setdefault(placed.key, {"path": placed.path})
        if known["path"] != placed.path:
            known["path"] = f"{known['path']}, {placed.path}"
    paths |= {key: {"left_out": reason} for key, reason in mapped.left_out.items()}
    return {
        key: {"dtype": feature.dtype, "shape": feature.shape, **paths[key]}
        for key, feature in info.features.items()
        if key in paths
    }
