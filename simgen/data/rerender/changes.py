"""What a user wants to see otherwise, entered into a task; whatever the states depend on must stay as it was."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from simgen.errors import BadInput, unknown
from simgen.spec.base import Name, Spec
from simgen.spec.camera import CameraSpec
from simgen.spec.distribution import Distribution
from simgen.spec.document import read_yaml
from simgen.spec.load import checked, load_task, read_text
from simgen.spec.look import is_look
from simgen.spec.randomize import RandomizeSpec
from simgen.spec.task import TaskSpec

_LOOK = ("color", "texture")
_FREE = ("cameras", "render", "sensors", "description", "instruction")  # nothing that moves depends on these
_ALLOWED = (
    "Allowed: cameras, render, instruction, sensors, color and texture of scene.objects.NAME, scene.table and "
    "scene.ground, and looks in randomize (NAME.color, NAME.texture, camera.NAME.*, light.*, background.color)."
)


class _CamerasFile(Spec):
    cameras: Annotated[dict[Name, CameraSpec], Field(min_length=1, max_length=32)]


class _RandomizeFile(Spec):
    randomize: RandomizeSpec


@dataclass(frozen=True)
class LookChanges:
    """How pictures shall differ from the recorded ones; without any they are drawn as they were.

    Args:
        cameras: Cameras by name, as under `cameras:` in a task, instead of the recorded ones.
        camera: Further cameras or changes to one: "side={eye: [1, 0, 1], look_at: cube}", "base.fov_deg=60".
        only: Names of the cameras that are drawn; empty: all.
        size: Width and height of all images [px].
        outputs: What all cameras make: rgb, depth, ...; empty: as each says.
        randomize: What is drawn for each episode, as under `randomize:` in a task; looks only.
        overrides: Other changes to the task, such as "render.shadows=false".
    """

    cameras: Mapping[str, Any] | None = None
    camera: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    outputs: tuple[str, ...] = ()
    randomize: Mapping[str, Any] | None = None
    overrides: tuple[str, ...] = ()


def read_cameras(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the `cameras:` section of a YAML file.

    Raises:
        BadInput: All that is wrong, with file and line.
    """
    return _section(path, _CamerasFile, "cameras")


def read_randomize(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads the `randomize:` section of a YAML file.

    Raises:
        BadInput: All that is wrong, with file and line.
    """
    return _section(path, _RandomizeFile, "randomize")


def _section(path: str | os.PathLike[str], kind: type[Spec], name: str) -> dict[str, Any]:
    document = read_yaml(read_text(Path(path)), Path(path).name)
    if not isinstance(document.data, Mapping):
        raise BadInput(f"{document.name}: must hold a mapping. Allowed: `{name}:` with what belongs below it in a task")
    return checked(document, kind).model_dump(mode="json", by_alias=True, exclude_none=True)[name]


def changed_task(task: TaskSpec, changes: LookChanges) -> TaskSpec:
    """Returns a task that looks otherwise and whose worlds move as before.

    Raises:
        BadInput: Something that does not exist or is not valid; something that the states depend on, by its name; no
            camera is left.
    """
    for text in changes.camera:
        if "=" not in text:
            raise BadInput(
                f"--camera {text}: has no value. Allowed: NAME='{{eye: [1, 0, 1], look_at: [0, 0, 0]}}' or "
                "NAME.FIELD=VALUE, e.g. base.fov_deg=60"
            )
    data = copy.deepcopy(task.resolved())
    added = {text.partition("=")[0].partition(".")[0].strip(): text for text in changes.camera}
    whole = {name for name, text in added.items() if "." not in text.partition("=")[0]}
    recorded = data.setdefault("cameras", {})
    if changes.cameras is not None:
        data["cameras"] = copy.deepcopy(dict(changes.cameras))
        whole |= set(recorded)
    names = _drawn(data["cameras"], added, changes.only)
    data["cameras"] = {name: view for name, view in data["cameras"].items() if name in names}
    _forget_cameras(data, set(recorded) - names, whole)
    data.setdefault("randomize", {}).update(copy.deepcopy(dict(changes.randomize or {})))
    overrides = [f"cameras.{text}" for name, text in added.items() if name in names]
    overrides += _of_each("size", list(changes.size or ()), names) + _of_each("outputs", list(changes.outputs), names)
    changed = load_task(data, [*overrides, *changes.overrides])
    if not changed.cameras:
        raise BadInput(f"{task.name}: has no camera to draw with. Allowed: --cameras FILE, --camera NAME={{eye: ...}}")
    _require_same_physics(task, changed)
    return changed


def _drawn(cameras: Mapping[str, Any], added: Mapping[str, str], only: tuple[str, ...]) -> set[str]:
    names = {*cameras, *added}
    for name in only:
        if name not in names:
            raise unknown("camera", name, names, where="--only")
    return set(only) or names


def _forget_cameras(data: dict[str, Any], gone: set[str], new: set[str]) -> None:
    """Drops what the task says of cameras that are no more, or are others of the same name."""
    sensors, drawn = data.get("sensors"), data.get("randomize")
    if isinstance(sensors, dict):
        data["sensors"] = {name: sensor for name, sensor in sensors.items() if name not in gone}
    if isinstance(drawn, dict):
        starts = tuple(f"camera.{name}." for name in gone | new)
        data["randomize"] = {path: value for path, value in drawn.items() if not path.startswith(starts or ("\0",))}


def _of_each(field: str, value: list[Any], names: set[str]) -> list[str]:
    return [f"cameras.{name}.{field}={json.dumps(value)}" for name in sorted(names)] if value else []


def _require_same_physics(old: TaskSpec, new: TaskSpec) -> None:
    changed = list(_differences(_physics(old), _physics(new)))
    if changed:
        raise BadInput(
            f"{old.name}: cannot change {', '.join(changed[:6])}{' ...' * (len(changed) > 6)}: the recorded states "
            f"were simulated with what it was. {_ALLOWED}"
        )


def _physics(task: TaskSpec) -> dict[str, Any]:
    """Everything in a task that its worlds' motion could depend on."""
    data = {name: value for name, value in task.resolved().items() if name not in _FREE}
    data["stages"] = [_without(stage, ("instruction",)) for stage in data.get("stages", ())]
    scene = dict(data["scene"])
    scene["objects"] = {name: _without(body, _LOOK) for name, body in scene.get("objects", {}).items()}
    scene |= {name: _without(scene[name], _LOOK) for name in ("table", "ground") if scene.get(name)}
    drawn = {path: value for path, value in data.get("randomize", {}).items() if not is_look(path)}
    return data | {"scene": scene, "randomize": drawn}


def _without(mapping: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


def _differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of what differs; a path of `randomize` is one name, and an empty mapping is as good as none."""
    old, new = (None if value == {} else value for value in (old, new))
    if old == new:
        return
    if not all(isinstance(value, Mapping | None) for value in (old, new)) or path[:1] == ("randomize",) and path[1:]:
        yield ".".join(path)
        return
    before, after = dict(old or {}), dict(new or {})
    for key in sorted({*before, *after}):
        yield from _differences(before.get(key), after.get(key), (*path, key))


def draws_looks(task: TaskSpec) -> bool:
    """Says whether anything that is only seen is drawn for each episode."""
    scene = task.scene
    seen = [*scene.objects.values(), scene.table, scene.ground]
    drawn = [getattr(body, name) for body in seen if body is not None for name in _LOOK]
    return any(map(is_look, task.randomize)) or any(isinstance(value, Distribution) for value in drawn)
