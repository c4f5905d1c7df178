"""Builds what stands in the worlds besides the robot: objects, markers, table and ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.structs.actor import Actor
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


def build_bodies(scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene]) -> list[Actor]:
    """Builds the objects of all sub-scenes; returns one actor per slot of the layout, over all worlds."""
    actors = []
    for index, slot in enumerate(layout.bodies):
        copies = [_build_body(scene, layout, slot, each.bodies[index], world) for world, each in enumerate(scenes)]
        actors.append(Actor.merge(copies, slot.name) if len(copies) > 1 else copies[0])
    return actors


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
    model = slot.candidates[body.candidate]
    marker, dynamic = slot.motion == "marker", slot.motion == "dynamic"
    mass = None
    if dynamic:
        solid = MassProperties(model.volume, model.center_of_mass, model.inertia)
        solid = scale_mass_properties(solid, body.scale)
        density = body.density if body.mass is None else body.mass / solid.volume
        mass = mass_of(solid.volume * density, solid.center + body.center_offset, solid.inertia * density)

    def looks() -> list[RenderShape]:
        shown = body.texture if layout.textures else None
        return [make_look(model.visual, body.color, shown, slot.texture_size, body.scale, OBJECT_GLOSS)]

    parts = Parts(
        colliders=() if marker else [scaled(collider, body.scale) for collider in model.colliders],
        surface=Surface(body.friction, body.restitution),
        mass=mass,
        looks=looks,
    )
    pose = make_pose(body.position, body.quaternion)
    return _build(scene, parts, slot.name, world, "dynamic" if dynamic else "kinematic", pose)


def _build(scene: ManiSkillScene, parts: Parts, name: str, world: int, kind: str, pose: sapien.Pose) -> Actor:
    builder = PartsActorBuilder(parts, scene, pose).set_scene_idxs([world])
    builder.set_physx_body_type(kind)  # pyright: ignore[reportArgumentType]
    return builder.build(f"{name}_{world}")
