"""Builds the Newton model of a robot: joints, drives, gravity compensation, convex collision shapes; no visuals."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import newton
import warp as wp

from simgen.errors import SimgenError
from simgen.world.robot.card import RobotCard
from simgen.world.robot.hull import collision_hull
from simgen.world.robot.urdf import Urdf, UrdfShape, read_urdf

_MODES = {
    "position": newton.JointTargetMode.POSITION,
    "velocity": newton.JointTargetMode.VELOCITY,
    "effort": newton.JointTargetMode.EFFORT,
}


def base_transform(card: RobotCard) -> wp.transform:
    """Returns the card's default pose of the robot's base in the world."""
    return wp.transform(wp.vec3(*card.base_xyz), wp.quat_rpy(0.0, 0.0, card.base_yaw))


def robot_builder(card: RobotCard, xform: wp.transform | None = None, collisions: bool = True) -> newton.ModelBuilder:
    """Builds a robot that is bolted to the world or, by its card, floats.

    Bodies are the URDF's links (labels end in "/<link>"), coordinates are the card's `joint_names` in that order, after
    `root_coords` of a floating root. The shapes are primitives and convex hulls; those of the robot do not collide with
    each other, except for the card's `self_collisions`. Passive damping and friction of the URDF are replaced by the
    card's drives.

    Args:
        card: The robot.
        xform: Pose of the base in the world; None for the card's default.
        collisions: False for kinematics only.

    Raises:
        SimgenError: If the wheel with the robot's files is missing, or card and URDF disagree.
    """
    urdf = read_urdf(card)
    builder = newton.ModelBuilder()
    newton.solvers.SolverMuJoCo.register_custom_attributes(builder)
    builder.rigid_gap = 0.0
    builder.default_shape_cfg.gap = 0.0
    place = base_transform(card) if xform is None else xform
    builder.add_urdf(urdf.kinematic_text, xform=place, floating=card.is_floating)
    _check_joints(builder, card)
    _set_drives(builder, card)
    if card.weightless:
        builder.custom_attributes["mujoco:gravcomp"].values = dict.fromkeys(range(builder.body_count), 1.0)
    if collisions:
        _add_collision_shapes(builder, card, urdf)
    return builder


def root_coords(card: RobotCard) -> int:
    """Returns how many coordinates come before those of the joints: position and quaternion of a floating root."""
    return 7 if card.is_floating else 0


def root_dofs(card: RobotCard) -> int:
    """Returns how many degrees of freedom come before those of the joints."""
    return 6 if card.is_floating else 0


def link_index(builder: newton.ModelBuilder | newton.Model, link: str) -> int:
    """Returns the body index of a link in a model with one robot."""
    for index, label in enumerate(builder.body_label):
        if label.rsplit("/", 1)[-1] == link:
            return index
    raise SimgenError(f"the robot has no link {link!r}")


def _check_joints(builder: newton.ModelBuilder, card: RobotCard) -> None:
    driven = []
    for joint, label in enumerate(builder.joint_label):
        end = builder.joint_qd_start[joint + 1] if joint + 1 < builder.joint_count else builder.joint_dof_count
        if end > builder.joint_qd_start[joint] and builder.joint_type[joint] != newton.JointType.FREE:
            driven.append(label.rsplit("/", 1)[-1])
    if tuple(driven) != card.joint_names:
        raise SimgenError(
            f"card {card.name!r} names the joints {', '.join(card.joint_names)}, but its URDF moves {', '.join(driven)}"
        )


def _set_drives(builder: newton.ModelBuilder, card: RobotCard) -> None:
    for joint, drive in enumerate(card.drives):
        dof, coord = root_dofs(card) + joint, root_coords(card) + joint
        builder.joint_q[coord] = card.rest_qpos[joint]
        builder.joint_target_q[coord] = card.rest_qpos[joint]
        builder.joint_target_mode[dof] = int(_MODES[drive.mode])
        builder.joint_target_ke[dof] = drive.stiffness if drive.mode == "position" else 0.0
        builder.joint_target_kd[dof] = drive.damping if drive.mode != "effort" else 0.0
        builder.joint_effort_limit[dof] = drive.force_limit
        builder.joint_armature[dof] = drive.armature
        builder.joint_damping[dof] = 0.0
        builder.joint_friction[dof] = 0.0


def _add_collision_shapes(builder: newton.ModelBuilder, card: RobotCard, urdf: Urdf) -> None:
    shapes: dict[str, list[int]] = {}
    for body, label in enumerate(builder.body_label):
        link = label.rsplit("/", 1)[-1]
        friction = card.finger_friction if link in card.rubbing_links else card.link_friction
        config = newton.ModelBuilder.ShapeConfig(density=0.0, gap=0.0, mu=friction, has_particle_collision=False)
        shapes[link] = [_add_shape(builder, body, shape, config) for shape in urdf.collisions[link]]
    colliding = {frozenset(pair) for pair in card.self_collisions}
    links = list(shapes)
    for position, first in enumerate(links):
        for second in links[position:]:
            if frozenset((first, second)) not in colliding:
                _filter_pairs(builder, shapes[first], shapes[second])


def _filter_pairs(builder: newton.ModelBuilder, first: list[int], second: list[int]) -> None:
    for a in first:
        for b in second:
            if a < b or first is not second:
                builder.add_shape_collision_filter_pair(a, b)


def _add_shape(
    builder: newton.ModelBuilder, body: int, shape: UrdfShape, config: newton.ModelBuilder.ShapeConfig
) -> int:
    matrix: Any = wp.mat33(*(float(value) for value in shape.T_link_shape[:3, :3].ravel()))
    rotation = wp.quat_from_matrix(matrix)
    place = wp.transform(wp.vec3(*(float(value) for value in shape.T_link_shape[:3, 3])), rotation)
    size = shape.size
    if shape.kind == "box":
        return builder.add_shape_box(body, xform=place, hx=size[0] / 2, hy=size[1] / 2, hz=size[2] / 2, cfg=config)
    if shape.kind == "cylinder":
        return builder.add_shape_cylinder(body, xform=place, radius=size[0], half_height=size[1] / 2, cfg=config)
    if shape.kind == "sphere":
        return builder.add_shape_sphere(body, xform=place, radius=size[0], cfg=config)
    assert shape.path is not None
    hull = _hull(shape.path, (size[0], size[1], size[2]))
    return builder.add_shape_convex_hull(body, xform=place, mesh=hull, cfg=config)


@cache
def _hull(path: Path, scale: tuple[float, float, float]) -> newton.Mesh:
    points, faces = collision_hull(path, scale)
    return newton.Mesh(points, faces.ravel(), compute_inertia=False)
