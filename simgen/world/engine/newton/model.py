"""Builds the Newton model of a layout: one robot, the object slots with their candidates, table and ground, N times."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import newton
import numpy as np
import warp as wp

from simgen.world.engine.newton.capacity import Room, room_of
from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import robot_builder
from simgen.world.robot.urdf import anchored_links
from simgen.world.scene.model import PART_ARMATURE, Collider, ObjectModel
from simgen.world.scene.slots import BodySlot, Layout

DENSITY = 1000.0
# MuJoCo's impedance at and below the surface and its width [m]; at the default (0.9, 0.95) fingers sink in by 7 mm.
CONTACT_IMPEDANCE = (0.98, 0.995, 0.001, 0.5, 2.0)
# The same of dry friction in joints; at MuJoCo's default a held joint creeps by 0.01 rad/s.
JOINT_FRICTION_IMPEDANCE = (0.999, 0.999, 0.001, 0.5, 2.0)
PART_LIMIT = (1e5, 1e3)  # stiffness and damping of their limits; softer ones give way to an arm by centimetres


@dataclass(frozen=True, eq=False)
class WorldModel:
    """A Newton model and where things stand in the arrays of one of its worlds.

    Args:
        model: N identical worlds.
        num_worlds: N.
        bodies_per_world: Rows of a world in the body arrays.
        link_names: The robot's links; body row i of a world is link i.
        slot_body: Body row of each slot, -1 for markers.
        slot_coord, slot_dof: First coordinate and first degree of freedom of each slot, -1 for markers.
        room: For contacts and constraint rows, at most.
    """

    model: newton.Model
    num_worlds: int
    bodies_per_world: int
    link_names: tuple[str, ...]
    slot_body: tuple[int, ...]
    slot_coord: tuple[int, ...]
    slot_dof: tuple[int, ...]
    room: Room


def _xyzw(quaternion: np.ndarray) -> wp.quat:
    w, x, y, z = (float(value) for value in quaternion)
    return wp.quat(x, y, z, w)


def _register_attributes(builder: newton.ModelBuilder) -> None:
    """Declares the solver's own attributes, with stiff contacts for every shape and stiff friction in every joint."""
    newton.solvers.SolverMuJoCo.register_custom_attributes(builder)
    impedance = builder.custom_attributes["mujoco:geom_solimp"]
    impedance.default = type(impedance.default)(*CONTACT_IMPEDANCE)
    impedance = builder.custom_attributes["mujoco:solimpfriction"]
    impedance.default = type(impedance.default)(*JOINT_FRICTION_IMPEDANCE)


def _collision_config(density: float) -> newton.ModelBuilder.ShapeConfig:
    return newton.ModelBuilder.ShapeConfig(density=density, gap=0.0, mu=1.0, has_particle_collision=False)


def add_collider(builder: newton.ModelBuilder, body: int, collider: Collider, density: float = 0.0) -> int:
    """Adds one convex piece to a body (-1: the world) and returns the shape's index."""
    place = wp.transform(wp.vec3(*(float(v) for v in collider.position)), _xyzw(collider.quaternion))
    config, size = _collision_config(density), collider.size
    if collider.kind == "box":
        return builder.add_shape_box(body, xform=place, hx=size[0] / 2, hy=size[1] / 2, hz=size[2] / 2, cfg=config)
    if collider.kind == "sphere":
        return builder.add_shape_sphere(body, xform=place, radius=size[0], cfg=config)
    if collider.kind == "cylinder":
        return builder.add_shape_cylinder(body, xform=place, radius=size[0], half_height=size[1] / 2, cfg=config)
    if collider.kind == "capsule":
        return builder.add_shape_capsule(body, xform=place, radius=size[0], half_height=size[1] / 2, cfg=config)
    assert collider.mesh is not None
    mesh = newton.Mesh(collider.mesh.vertices, collider.mesh.faces.ravel(), compute_inertia=False)
    return builder.add_shape_convex_hull(body, xform=place, mesh=mesh, cfg=config)


def _candidate(model: ObjectModel, massless: bool) -> newton.ModelBuilder:
    """A builder with the one body of an object model, with the solid's true mass properties."""
    builder = newton.ModelBuilder()
    _register_attributes(builder)
    builder.rigid_gap = 0.0
    mass = 0.0 if massless else model.volume * DENSITY
    inertia = np.zeros((3, 3)) if massless else model.inertia * DENSITY
    body = builder.add_body(
        mass=mass,
        inertia=wp.mat33(*(float(v) for v in inertia.ravel())),
        com=wp.vec3(*(float(v) for v in model.center_of_mass)),
        label=model.kind,
        lock_inertia=True,
    )
    for collider in model.colliders:
        add_collider(builder, body, collider)
    return builder


def _add_slot(builder: newton.ModelBuilder, slot: BodySlot, index: int) -> int:
    """Adds the body of an object that hangs on nothing, with its free joint; returns the body's row."""
    fixed = slot.motion == "fixed"
    # Until the first reset the objects stand apart: the solver, when it is made, looks for contacts already.
    place = wp.transform(wp.vec3(2.0 * (1 + index), 0.0, 1.0))
    body = builder.add_link(label=slot.name, is_kinematic=fixed, xform=place)
    builder.add_joint_free(body)
    builder.add_body_variants(body, [_candidate(model, massless=fixed) for model in slot.candidates])
    return body


def _add_part(builder: newton.ModelBuilder, slot: BodySlot, parent: int) -> int:
    """Adds the body of a part with its joint, whose sizes the scenes give; returns the body's row."""
    body = builder.add_link(label=slot.name, xform=builder.body_q[parent])
    add_joint = builder.add_joint_prismatic if slot.joint == "prismatic" else builder.add_joint_revolute
    joint = slot.joints[0]
    add_joint(
        parent,
        body,
        axis=wp.vec3(*(float(v) for v in joint.axis)),
        armature=PART_ARMATURE,
        limit_lower=joint.lower,  # what has no limits when the solver is made never gets any
        limit_upper=joint.upper,
        limit_ke=PART_LIMIT[0],
        limit_kd=PART_LIMIT[1],
        actuator_mode=newton.JointTargetMode.NONE,
    )
    builder.add_body_variants(body, [_candidate(model, massless=False) for model in slot.candidates])
    return body


def _add_bodies(builder: newton.ModelBuilder, layout: Layout) -> tuple[list[int], list[int], list[int]]:
    """Adds all slots but markers; returns body row, first coordinate and first degree of freedom of each, or -1."""
    rows: list[int] = []
    coords: list[int] = []
    dofs: list[int] = []
    for index, slot in enumerate(layout.bodies):
        solid = slot.motion != "marker"
        coords.append(builder.joint_coord_count if solid else -1)
        dofs.append(builder.joint_dof_count if solid else -1)
        if not solid:
            rows.append(-1)
        elif slot.parent is None:
            rows.append(_add_slot(builder, slot, index))
        else:
            rows.append(_add_part(builder, slot, rows[layout.slot(slot.parent)]))
    for index, slot in enumerate(layout.bodies):
        if slot.motion != "marker" and slot.parent is None:
            _join(builder, [rows[member] for member in layout.members(index)])
    return rows, coords, dofs


def _join(builder: newton.ModelBuilder, members: list[int]) -> None:
    """Makes one articulation of an object and its parts, whose shapes do not collide with each other."""
    joints = [joint for joint, child in enumerate(builder.joint_child) if child in members]
    builder.add_articulation(joints, label=builder.body_label[members[0]])
    shapes = [[shape for shape, body in enumerate(builder.shape_body) if body == member] for member in members]
    for first, second in combinations(shapes, 2):
        for a in first:
            for b in second:
                builder.add_shape_collision_filter_pair(a, b)


def build_world_model(layout: Layout, card: RobotCard, num_worlds: int, device: str) -> WorldModel:
    """Builds N worlds of a layout.

    Raises:
        BadInput: If the robot's files cannot be found.
    """
    base = wp.transform(wp.vec3(*layout.robot_position), wp.quat_rpy(0.0, 0.0, layout.robot_yaw))
    world = robot_builder(card, base)
    _register_attributes(world)
    link_names = tuple(label.rsplit("/", 1)[-1] for label in world.body_label)
    slot_body, slot_coord, slot_dof = _add_bodies(world, layout)
    scene = newton.ModelBuilder()
    _register_attributes(scene)
    _add_statics(world, layout, {link_names.index(link) for link in anchored_links(card)})
    scene.rigid_gap = 0.0
    scene.replicate(world, num_worlds)
    model = scene.finalize(device=device)
    return WorldModel(
        model, num_worlds, world.body_count, link_names, tuple(slot_body), tuple(slot_coord), tuple(slot_dof),
        room_of(layout),
    )  # fmt: skip


def _add_statics(world: newton.ModelBuilder, layout: Layout, links: set[int]) -> None:
    """Adds table and floor as static shapes; links that are bolted to them or roll on them do not collide with them."""
    statics = []
    if layout.table is not None:
        statics += [add_collider(world, -1, collider) for collider in layout.table.colliders]
    floor = Collider("box", (20.0, 20.0, 0.2), position=np.array([0.0, 0.0, layout.ground_height - 0.1]))
    statics.append(add_collider(world, -1, floor))
    anchored = [shape for shape, body in enumerate(world.shape_body) if body in links]
    for shape in statics:
        for other in anchored:
            world.add_shape_collision_filter_pair(shape, other)
