"""From a task to the layout of its worlds: slots with their candidate objects, cameras, table and floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from simgen.errors import BadInput
from simgen.paths import assets_dir
from simgen.spec.camera import CameraSpec
from simgen.spec.counted import counted
from simgen.spec.distribution import Distribution
from simgen.spec.object import ObjectSpec
from simgen.spec.parts import shape_parts
from simgen.spec.problems import FieldError
from simgen.spec.shape import ShapeSpec, mesh_files
from simgen.spec.task import TaskSpec
from simgen.world.asset import load_assets
from simgen.world.robot.card import load_card
from simgen.world.robot.control.mode import require_mode
from simgen.world.scene.articulated import make_articulated
from simgen.world.scene.model import ArticulatedModel, ObjectModel
from simgen.world.scene.objects import TABLE_HEIGHT, can_stretch, load_mesh_object, make_fixture, make_object
from simgen.world.scene.place import place_slots
from simgen.world.scene.slots import BodySlot, CameraSlot, Layout, Motion

Model = TypeVar("Model")


def shape_models(shape: ShapeSpec, scale: np.ndarray | float = 1.0) -> list[ObjectModel]:
    """Returns the object models that a shape means: one, or one per mesh file of a pattern.

    Args:
        shape: What is written.
        scale: Factor that the models are going to get; a mesh file must then have a sensible size.
    """
    kind = shape.kind
    if kind == "mesh":
        assert shape.mesh is not None
        return [load_mesh_object(path, later_scale=scale) for path in mesh_files(shape.mesh, mesh_folders())]
    if kind == "asset":
        assert shape.asset is not None
        return _rigid(shape.asset, load_assets(shape.asset))
    if kind == "box":
        return [make_object("box", size=shape.box)]
    if kind == "sphere":
        return [make_object("sphere", radius=shape.sphere)]
    if kind in ("cylinder", "capsule"):
        size = getattr(shape, kind)
        return [make_object(kind, radius=size.radius, height=size.height)]
    parameters: dict[str, object] = dict(shape.parameters)
    seed = int(shape.parameters.get("seed", 0))
    parameters.pop("seed", None)
    return [make_object(kind, seed, **parameters)]


def _rigid(pattern: str, models: Sequence[ObjectModel | ArticulatedModel]) -> list[ObjectModel]:
    rigid = [model for model in models if isinstance(model, ObjectModel)]
    if len(rigid) < len(models):
        raise BadInput(f"{pattern!r} matches assets whose moving parts differ; write those that go together.")
    return rigid


def mesh_folders() -> Sequence[Path]:
    """Returns where relative mesh paths are looked for."""
    return [assets_dir(), assets_dir() / "objects"]


def shape_articulations(shape: ShapeSpec) -> list[ArticulatedModel]:
    """Returns the articulated objects that a shape with moving parts means: one, or one per asset of a pattern."""
    if shape.asset is not None:
        return [model for model in load_assets(shape.asset) if isinstance(model, ArticulatedModel)]
    parameters: dict[str, object] = dict(shape.parameters)
    seed = int(shape.parameters.get("seed", 0))
    parameters.pop("seed", None)
    return [make_articulated(shape.kind, seed, **parameters)]


def _slots(name: str, task: TaskSpec) -> tuple[BodySlot, ...]:
    """The slot of an object, and after it those of its moving parts."""
    spec = task.scene.objects[name]
    if not any(shape_parts(shape) for shape in spec.shapes):
        return (_slot(name, task),)
    path = ("scene", "objects", name)
    models = _each_shape(name, spec, shape_articulations)
    if len({model.topology for model in models}) > 1:
        raise FieldError((*path, "choose"), "worlds of one model need the same moving parts.")
    if any(np.ptp(scale) > 0 for scale in _scales(name, task)):
        raise FieldError((*path, "scale"), "what has moving parts has one factor for all axes.")
    root = BodySlot(name, "fixed", tuple(model.root for model in models), spec.class_ or "")
    return (root, *(_part_slot(name, part, models) for part in models[0].parts))


def _each_shape(name: str, spec: ObjectSpec, make: Callable[[ShapeSpec], list[Model]]) -> list[Model]:
    """Returns the models of all shapes of an object; what is wrong with one is said of its field."""
    places = [(("marker",), spec.marker)] if spec.marker is not None else [((), spec)]
    if spec.choose is not None:
        places = [(("choose", index), shape) for index, shape in enumerate(spec.choose)]
    models: list[Model] = []
    for place, written in places:
        try:
            models += [model for shape in written.each for model in make(shape)]
        except BadInput as error:
            raise FieldError(("scene", "objects", name, *place, written.kind), str(error)) from error
    return models


def _part_slot(name: str, part: str, models: Sequence[ArticulatedModel]) -> BodySlot:
    parts = [model.parts[part] for model in models]
    parent = parts[0].joint.parent
    return BodySlot(
        f"{name}.{part}",
        "dynamic",
        tuple(each.model for each in parts),
        "",
        f"{name}.{parent}" if parent else name,
        tuple(each.joint for each in parts),
    )


def _slot(name: str, task: TaskSpec) -> BodySlot:
    spec = task.scene.objects[name]
    motion: Motion = "marker" if spec.marker is not None else "fixed" if spec.fixed else "dynamic"
    scales = _scales(name, task)
    usual = np.mean(scales, axis=0)
    candidates = tuple(_each_shape(name, spec, lambda shape: shape_models(shape, usual)))
    if motion != "marker":
        _require_stretchable(name, candidates, scales)
    return BodySlot(name, motion, candidates, spec.class_ or "")


def _scales(name: str, task: TaskSpec) -> list[np.ndarray]:
    """Returns factors (3,) that an object's scale can have: all that are listed, or ends of the range per axis."""
    scales = _ends(task.scene.objects[name].scale, None)
    change = task.randomize.get(f"{name}.scale")
    if change is not None:
        scales = [end for base in scales for end in _ends(change, base)]
    return [np.broadcast_to(scale, (3,)) for scale in scales]


def _ends(written: object, base: np.ndarray | None) -> list[np.ndarray]:
    if not isinstance(written, Distribution):
        return [np.asarray(written, float)]
    if written.choose is not None:
        return [np.asarray(value, float) for value in written.choose]
    bounds = written.bounds(base)
    assert bounds is not None, "the spec allows no names here"
    low, high = (np.asarray(end, float) for end in bounds)
    if low.ndim == 0:
        return [low, high]
    axes = np.eye(3, dtype=bool)
    return [low, high, *(np.where(axis, high, low) for axis in axes), *(np.where(axis, low, high) for axis in axes)]


def _require_stretchable(name: str, candidates: Sequence[ObjectModel], scales: Sequence[np.ndarray]) -> None:
    for model in candidates:
        for scale in scales:
            if not can_stretch(model, scale):
                factors = ", ".join(f"{factor:g}" for factor in scale)
                raise FieldError(
                    ("scene", "objects", name, "scale"),
                    f"a {model.kind} has round pieces, which cannot be stretched by [{factors}]. Allowed: one factor "
                    f"for all axes{' or [x, x, z]' if can_stretch(model, np.array([1.0, 1.0, 2.0])) else ''}.",
                )


def _camera(name: str, spec: CameraSpec) -> CameraSlot:
    width, height = spec.size
    hidden = frozenset(spec.drawn) - frozenset(spec.outputs)
    return CameraSlot(name, width, height, spec.drawn, spec.mount, spec.near, spec.far, spec.derived, hidden)


def layout_of(task: TaskSpec) -> Layout:
    """Builds the layout that all worlds of a task share.

    Raises:
        BadInput: Unknown robot, a mesh that cannot be read, sizes that do not fit together, a round object stretched.
    """
    if task.robot.use is None or counted(task):
        raise BadInput(f"{task.name}: stands for several tasks, and this needs one; `variants_of` gives them.")
    card, render = load_card(task.robot.use), task.render
    require_mode(task.robot.control, card)
    table = make_fixture(task.scene.table.use) if task.scene.table is not None else None
    place = place_slots(task.scene.place) if task.scene.place is not None else ()
    return Layout(
        robot=card.name,
        robot_position=task.robot.xyz if task.robot.xyz is not None else card.base_xyz,
        robot_yaw=card.base_yaw + task.robot.yaw,
        bodies=(*(slot for name in task.scene.objects for slot in _slots(name, task)), *place),
        cameras=tuple(_camera(name, spec) for name, spec in task.cameras.items()),
        table=table,
        ground_height=-TABLE_HEIGHT if table is not None else 0.0,
        ground_class="navigable" if place else "ground",
        triangles_per_link=render.triangles_per_link,
        shadows=render.shadows,
        textures=render.textures,
        samples=render.samples,
        impratio=task.physics.impratio,
        contacts_per_world=task.physics.contacts_per_world,
        constraints_per_world=task.physics.constraints_per_world,
    )
