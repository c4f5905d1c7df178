"""Builds what stands in the worlds besides the robot: objects, markers, table and ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.structs import Actor, Link
from sapien.render import RenderShape

from simgen.world.engine.appearance import METRES_PER_REPEAT, OBJECT_GLOSS
from simgen.world.engine.maniskill.looks import make_look
from simgen.world.engine.maniskill.robot import ANCHORED
from simgen.world.engine.maniskill.shapes import Parts, PartsActorBuilder, Surface, make_pose, mass_of, scaled
from simgen.world.scene.mesh.inertia import MassProperties, scale_mass_properties
from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects import make_fixture
from simgen.world.scene.scene import Body, Scene
from simgen.world.scene.slots import BodySlot, Layout

TABLE, GROUND = "table", "ground"
_SELF = 1  # what has one family and this bit ignores each other


def build_bodies(
    scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene], links: Mapping[int, Link]
) -> list[Actor | Link]:
    """Builds the objects of all sub-scenes; returns what is in each slot of the layout, over all worlds.

    Args:
        scene: Where to build.
        layout: What the worlds share.
        scenes: Of the worlds.
        links: By slot, of the objects with moving parts, which are there already.
    """
    things: list[Actor | Link] = []
    for index, slot in enumerate(layout.bodies):
        if index in links:
            things.append(links[index])
            continue
        copies = [_build_body(scene, layout, slot, each.bodies[index], world) for world, each in enumerate(scenes)]
        things.append(Actor.merge(copies, slot.name) if len(copies) > 1 else copies[0])
    return things


def build_fixtures(scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene]) -> dict[str, list[Actor]]:
    """Builds table and ground in all sub-scenes; returns them by name, one per world."""
    floor = Collider("box", (20.0, 20.0, 0.2), position=np.array([0.0, 0.0, -0.1]))
    fixtures: dict[str, tuple[ObjectModel, Sequence[Collider], float]] = {}
    fixtures[GROUND] = (make_fixture(GROUND), (floor,), layout.ground_height)
    if layout.table is not None:
        fixtures[TABLE] = (layout.table, layout.table.colliders, 0.0)
    built: dict[str, list[Actor]] = {name: [] for name in fixtures}
    for name, (model, colliders, height) in fixtures.items():
        for world, each in enumerate(scenes):
            color, texture = getattr(each, f"{name}_color"), getattr(each, f"{name}_texture")
            shown = texture if layout.textures else None

            def looks(model=model, color=color, shown=shown, name=name) -> list[RenderShape]:
                return [make_look(model.visual, color, shown, METRES_PER_REPEAT[name])]

            parts = Parts(colliders, Surface(each.table_friction, ignore=ANCHORED), looks=looks)
            built[name].append(_build(scene, parts, name, world, "static", make_pose([0.0, 0.0, height])))
    return built


def _build_body(scene: ManiSkillScene, layout: Layout, slot: BodySlot, body: Body, world: int) -> Actor:
    kind = "dynamic" if slot.motion == "dynamic" else "kinematic"
    pose = make_pose(body.position, body.quaternion)
    return _build(scene, solid_parts(layout, slot, body), slot.name, world, kind, pose)


def solid_parts(layout: Layout, slot: BodySlot, body: Body, family: int = 0) -> Parts:
    """Returns what an object is made of; those of one family, 0 excepted, do not collide with each other."""
    model = slot.candidates[body.candidate]
    mass = None
    if slot.motion == "dynamic":
        solid = MassProperties(model.volume, model.center_of_mass, model.inertia)
        solid = scale_mass_properties(solid, body.scale)
        density = body.density if body.mass is None else body.mass / solid.volume
        mass = mass_of(solid.volume * density, solid.center + body.center_offset, solid.inertia * density)

    def looks() -> list[RenderShape]:
        shown = body.texture if layout.textures else None
        return [make_look(model.visual, body.color, shown, slot.texture_size, body.scale, OBJECT_GLOSS)]

    return Parts(
        colliders=() if slot.motion == "marker" else [scaled(collider, body.scale) for collider in model.colliders],
        surface=Surface(body.friction, body.restitution, ignore=_SELF if family else 0, family=family),
        mass=mass,
        looks=looks,
    )


def _build(scene: ManiSkillScene, parts: Parts, name: str, world: int, kind: str, pose: sapien.Pose) -> Actor:
    builder = PartsActorBuilder(parts, scene, pose).set_scene_idxs([world])
    builder.set_physx_body_type(kind)  # pyright: ignore[reportArgumentType]
    return builder.build(f"{name}_{world}")
