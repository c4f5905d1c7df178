"""From a task to the layout of its worlds: slots with their candidate objects, cameras, table and floor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simgen.paths import assets_dir
from simgen.spec.camera import CameraSpec
from simgen.spec.object import ObjectSpec
from simgen.spec.shape import ShapeSpec, mesh_files
from simgen.spec.task import TaskSpec
from simgen.world.robot.card import load_card
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects import TABLE_HEIGHT, load_mesh_object, make_fixture, make_object
from simgen.world.scene.scene import BodySlot, CameraSlot, Layout, Motion


def shape_models(shape: ShapeSpec) -> list[ObjectModel]:
    """Returns the object models that a shape means: one, or one per mesh file of a pattern."""
    kind = shape.kind
    if kind == "mesh":
        assert shape.mesh is not None
        return [load_mesh_object(path) for path in mesh_files(shape.mesh, mesh_folders())]
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


def mesh_folders() -> Sequence[Path]:
    """Returns where relative mesh paths are looked for."""
    return [assets_dir(), assets_dir() / "objects"]


def _slot(name: str, spec: ObjectSpec) -> BodySlot:
    motion: Motion = "marker" if spec.marker is not None else "fixed" if spec.fixed else "dynamic"
    candidates = tuple(model for shape in spec.shapes for model in shape_models(shape))
    return BodySlot(name, motion, candidates, spec.class_ or "")


def _camera(name: str, spec: CameraSpec) -> CameraSlot:
    width, height = spec.size
    return CameraSlot(name, width, height, spec.outputs, spec.mount, spec.near, spec.far)


def layout_of(task: TaskSpec) -> Layout:
    """Builds the layout that all worlds of a task share.

    Raises:
        BadInput: Unknown robot, a mesh that cannot be read, sizes that do not fit together.
    """
    card, render = load_card(task.robot.use), task.render
    table = make_fixture(task.scene.table.use) if task.scene.table is not None else None
    return Layout(
        robot=card.name,
        robot_position=task.robot.xyz if task.robot.xyz is not None else card.base_xyz,
        robot_yaw=card.base_yaw + task.robot.yaw,
        bodies=tuple(_slot(name, spec) for name, spec in task.scene.objects.items()),
        cameras=tuple(_camera(name, spec) for name, spec in task.cameras.items()),
        table=table,
        ground_height=-TABLE_HEIGHT if table is not None else 0.0,
        triangles_per_link=render.triangles_per_link,
        shadows=render.shadows,
        textures=render.textures,
        samples=render.samples,
        contacts_per_world=task.physics.contacts_per_world,
        constraints_per_world=task.physics.constraints_per_world,
    )
