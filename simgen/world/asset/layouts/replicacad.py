"""ReplicaCAD: configs/objects, configs/stages and configs/scenes with GLB files, and URDFs of furniture that opens.

A scene becomes its assets (the rooms as one fixed asset, each object as another) and a YAML file with their places.
Reference: A. Szot et al., "Habitat 2.0: Training Home Assistants to Rearrange their Habitat", 2021.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from simgen.errors import BadInput
from simgen.world.asset.add import AddOptions, asset_name
from simgen.world.asset.flatten import Y_TO_Z, part_names
from simgen.world.asset.layouts.item import Item, pieces_as_given, with_defaults
from simgen.world.asset.raw import pose_matrix
from simgen.world.asset.read_mesh import read_mesh_asset
from simgen.world.asset.read_urdf import read_urdf_asset
from simgen.world.asset.write import write_text

SOURCE = "ReplicaCAD, https://aihabitat.org/datasets/replica_cad"
LICENCE = "CC BY 4.0"
_LARGEST_ROOM = 60.0  # [m]
_PIECES_OF_A_ROOM = 64
_OBJECT, _STAGE, _SCENE = ".object_config.json", ".stage_config.json", ".scene_instance.json"


def matches(folder: Path) -> bool:
    """Says whether a folder is the data set's."""
    return bool(_files(folder, "objects", _OBJECT) or _files(folder, "scenes", _SCENE))


def items(folder: Path, options: AddOptions) -> Iterator[Item]:
    """Yields stages, objects and furniture by name."""
    for config in _files(folder, "stages", _STAGE):
        told = _told(options, config.name.removesuffix(_STAGE), fixed=True)
        told = replace(told, largest=_LARGEST_ROOM, build=replace(told.build, pieces=_PIECES_OF_A_ROOM))
        yield Item(_named(config, _json(config), "render_asset"), told, read_mesh_asset)
    for config in _files(folder, "objects", _OBJECT):
        entry = _json(config)
        told = _told(options, config.name.removesuffix(_OBJECT))
        collision = _named(config, entry, "collision_asset") if entry.get("collision_asset") else None
        if entry.get("use_bounding_box_for_collision"):
            told = replace(told, build=replace(told.build, decompose="hull"))
        elif collision is not None:
            told = pieces_as_given(told)
        mass = entry.get("mass")
        if mass and told.build.mass is None and told.build.density is None:
            told = replace(told, build=replace(told.build, mass=float(mass)))
        yield Item(_named(config, entry, "render_asset"), told, partial(read_mesh_asset, collision=collision))
    for urdf in sorted((folder / "urdf").glob("*/*.urdf")):
        if urdf.stem == urdf.parent.name:
            yield Item(urdf, replace(_told(options, urdf.stem, fixed=True), up=options.up or "y"), read_urdf_asset)


def write_scenes(folder: Path, out: Path) -> list[Path]:
    """Writes one YAML file per scene, to be taken into tasks, below `scenes` of the folder of assets."""
    written = []
    for config in _files(folder, "scenes", _SCENE):
        name = config.name.removesuffix(_SCENE)
        content = {"scene": {"table": None, "objects": _objects(_json(config))}}
        text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=200)
        head = f"# {name} of {SOURCE}, {LICENCE}: the scene of a task.\n"
        written.append(write_text(out / "scenes" / f"{name}.yaml", head + text))
    return written


def _objects(scene: dict[str, Any]) -> dict[str, Any]:
    """Returns the objects of a scene as a task writes them, by name."""
    stage = scene.get("stage_instance")
    rows = [(stage, True)] if stage else []
    rows += [(each, each.get("motion_type") != "DYNAMIC") for each in scene.get("object_instances", ())]
    rows += [(each, True) for each in scene.get("articulated_object_instances", ())]
    templates = [str(each["template_name"]).rpartition("/")[2] for each, _ in rows]
    names = part_names([f"{template}#{index}" for index, template in enumerate(templates)])
    return {
        name: {"asset": asset_name(None, Path(template))} | ({"fixed": True} if fixed else {}) | {"pose": _pose(row)}
        for (row, fixed), template, name in zip(rows, templates, names.values(), strict=True)
    }


def _pose(instance: dict[str, Any]) -> dict[str, Any]:
    """Returns where an instance stands: the data set has y up and quaternions wxyz."""
    T = pose_matrix(instance.get("translation") or np.zeros(3), instance.get("rotation") or (1.0, 0.0, 0.0, 0.0))
    T = Y_TO_Z @ T @ Y_TO_Z.T
    roll, pitch, yaw = (round(float(angle), 5) for angle in Rotation.from_matrix(T[:3, :3]).as_euler("xyz"))
    x, y, z = (round(float(value), 4) for value in T[:3, 3])
    pose: dict[str, Any] = {"above": "ground", "z": max(z, 0.0), "xy": [x, y], "exact": True}
    turned = {"rpy": [roll, pitch, yaw]} if roll or pitch else {"yaw": yaw} if yaw else {}
    return pose | turned


def _told(options: AddOptions, name: str, fixed: bool = False) -> AddOptions:
    name = asset_name(None, Path(name))
    word = name.removeprefix("frl_apartment_").rstrip("0123456789_") or name
    told = with_defaults(options, name, word, SOURCE, LICENCE)
    return replace(told, keep_origin=True, fixed=fixed or options.fixed)


def _files(folder: Path, kind: str, suffix: str) -> list[Path]:
    """Returns configuration files: below configs/, as the data set has them, or beside what they describe."""
    places = (folder / "configs" / kind, folder / kind)
    return next((found for place in places if (found := sorted(place.glob(f"*{suffix}")))), [])


def _named(config: Path, entry: dict[str, Any], field: str) -> Path:
    name = entry.get(field)
    if not name:
        raise BadInput(f"{config}: has no {field!r}.")
    return (config.parent / str(name)).resolve()


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: is no JSON ({error}).") from error
