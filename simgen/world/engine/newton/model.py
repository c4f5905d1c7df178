"""Builds the Newton model of a layout: one robot, the object slots with their candidates, table and ground, N times."""

from __future__ import annotations

from dataclasses import dataclass

import newton
import numpy as np
import warp as wp

from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import robot_builder
from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.scene import BodySlot, Layout

DENSITY = 1000.0
# MuJoCo's impedance at and below the surface and its width [m]; at the default (0.9, 0.95) fingers sink in by 7 mm.
CONTACT_IMPEDANCE = (0.98, 0.995, 0.001, 0.5, 2.0)
# The same of dry friction in joints; at MuJoCo's default a held joint creeps by 0.01 rad/s.
JOINT_FRICTION_IMPEDANCE = (0.999, 0.999, 0.001, 0.5, 2.0)
ROWS_PER_CONTACT = 4  # a friction pyramid
JOINT_ROWS = 32  # more than the limits and couplings of a robot's joints
ROWS_PER_TILE = 16


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
        contact_capacity, constraint_capacity: Room for contacts and constraint rows per world.
    """

    model: newton.Model
    num_worlds: int
    bodies_per_world: int
    link_names: tuple[str, ...]
    slot_body: tuple[int, ...]
    slot_coord: tuple[int, ...]
    slot_dof: tuple[int, ...]
    contact_capacity: int
    constraint_capacity: int

    @property
    def most_contacts(self) -> int:
        """How many contacts of a world there is room for, rows included."""
        return max(0, min(self.contact_capacity, (self.constraint_capacity - JOINT_ROWS) // ROWS_PER_CONTACT))


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
    fixed = slot.motion == "fixed"
    # Until the first reset the objects stand apart: the solver, when it is made, looks for contacts already.
    place = wp.transform(wp.vec3(2.0 * (1 + index), 0.0, 1.0))
    body = builder.add_body(label=slot.name, is_kinematic=fixed, xform=place)
    builder.add_body_variants(body, [_candidate(model, massless=fixed) for model in slot.candidates])
    return body


def contact_capacity(layout: Layout) -> int:
    """Contacts per world to make room for, from what the objects' pieces can have with what they can meet.

    A piece rests on at most a few faces: 4 contacts with the table and 4 with a neighbour; fingers add 16.
    """
    if layout.contacts_per_world is not None:
        return layout.contacts_per_world
    solid = [slot for slot in layout.bodies if slot.motion != "marker"]
    pieces = sum(max(len(model.colliders) for model in slot.candidates) for slot in solid)
    return int(np.ceil((24 + 8 * pieces) / 16) * 16)


def constraint_capacity(layout: Layout) -> int:
    """Constraint rows per world to make room for: 4 per contact (a friction pyramid) and the joints' own.

    Whole tiles of 16, because the solver looks at the rows that fill the last tile, also where it stored none.
    """
    wanted = layout.constraints_per_world or ROWS_PER_CONTACT * contact_capacity(layout) + JOINT_ROWS
    return -(-wanted // ROWS_PER_TILE) * ROWS_PER_TILE


def build_world_model(layout: Layout, card: RobotCard, num_worlds: int, device: str) -> WorldModel:
    """Builds N worlds of a layout.

    Raises:
        BadInput: If the robot's files cannot be found.
    """
    base = wp.transform(wp.vec3(*layout.robot_position), wp.quat_rpy(0.0, 0.0, layout.robot_yaw))
    world = robot_builder(card, base)
    _register_attributes(world)
    link_names = tuple(label.rsplit("/", 1)[-1] for label in world.body_label)
    slot_body, slot_coord, slot_dof = [], [], []
    for index, slot in enumerate(layout.bodies):
        if slot.motion == "marker":
            for rows in (slot_body, slot_coord, slot_dof):
                rows.append(-1)
            continue
        slot_coord.append(world.joint_coord_count)
        slot_dof.append(world.joint_dof_count)
        slot_body.append(_add_slot(world, slot, index))
    scene = newton.ModelBuilder()
    _register_attributes(scene)
    _add_statics(world, layout, len(link_names))
    scene.rigid_gap = 0.0
    scene.replicate(world, num_worlds)
    model = scene.finalize(device=device)
    return WorldModel(
        model, num_worlds, world.body_count, link_names, tuple(slot_body), tuple(slot_coord), tuple(slot_dof),
        contact_capacity(layout), constraint_capacity(layout),
    )  # fmt: skip


def _add_statics(world: newton.ModelBuilder, layout: Layout, num_links: int) -> None:
    """Adds table and floor as static shapes; what is bolted to them does not collide with them."""
    statics = []
    if layout.table is not None:
        statics += [add_collider(world, -1, collider) for collider in layout.table.colliders]
    floor = Collider("box", (20.0, 20.0, 0.2), position=np.array([0.0, 0.0, layout.ground_height - 0.1]))
    statics.append(add_collider(world, -1, floor))
    anchored = [shape for shape, body in enumerate(world.shape_body) if 0 <= body < min(num_links, 2)]
    for shape in statics:
        for other in anchored:
            world.add_shape_collision_filter_pair(shape, other)
