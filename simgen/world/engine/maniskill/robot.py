"""Builds a card's robot in SAPIEN: links and joints of its URDF, our hulls and meshes, the card's drives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.structs.articulation import Articulation
from sapien import physx
from sapien.render import RenderShape

from simgen.errors import BadInput, SimgenError
from simgen.world.engine.appearance import LINK_GLOSS
from simgen.world.engine.maniskill.looks import make_look
from simgen.world.engine.maniskill.shapes import (
    Mass,
    Parts,
    PartsArticulationBuilder,
    PartsLinkBuilder,
    Surface,
    mass_of,
    pose_of,
)
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.hull import collision_hull
from simgen.world.robot.inertia import link_inertias
from simgen.world.robot.urdf import UrdfJoint, UrdfShape, anchored_links, depth_first, read_urdf
from simgen.world.robot.visual import load_visual
from simgen.world.scene.model import Collider, TriangleMesh
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout

ROBOT = "robot"
ANCHORED = 1 << 28  # what stands where the robot is bolted down, or what it rolls on, ignores such links
_SELF = 1 << 29  # links ignore each other
_FIRST_PAIR = 1
# Frames without mass are links of PhysX too, and those must weigh something.
_FRAME = Mass(1e-3, sapien.Pose(), np.full(3, 1e-6))


def build_robot(scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene]) -> Articulation:
    """Builds the robot in every sub-scene, in its scene's state.

    Raises:
        SimgenError: If the robot's files are missing, or card and URDF disagree.
        BadInput: If a scene asks for what PhysX cannot do.
    """
    card = load_card(layout.robot)
    _require_no_joint_friction(scenes)
    robot = _builder(scene, card, layout, scenes).build(
        ROBOT, fix_root_link=not card.is_floating, build_mimic_joints=False
    )
    for articulation, each in zip(robot._objs, scenes, strict=True):
        _set_drives(articulation, card, each)
        if not card.weightless:
            for link in articulation.links:
                link.disable_gravity = False
        if each.robot.friction_scale != scenes[0].robot.friction_scale:
            _set_finger_friction(articulation, card, each)
    return robot


def _require_no_joint_friction(scenes: Sequence[Scene]) -> None:
    for scene in scenes:
        if scene.robot.joint_friction > 0.0:
            raise BadInput(
                "randomize.robot.joint_friction: the maniskill engine has no dry friction in N m (that of PhysX grows "
                f"with the load on the joint), and this is {scene.robot.joint_friction:g} N m. Allowed: 0; or use the "
                "newton engine, or robot.damping."
            )


def joint_order(articulation: physx.PhysxArticulation, card: RobotCard) -> list[int]:
    """Returns where SAPIEN has the card's joints: index among the active joints, in the card's order."""
    names = [joint.name.split(f"-{ROBOT}_", 1)[-1] for joint in articulation.active_joints]
    if sorted(names) != sorted(card.joint_names):
        raise SimgenError(f"card {card.name!r} names other joints than its URDF moves: {', '.join(names)}")
    return [names.index(name) for name in card.joint_names]


def _builder(
    scene: ManiSkillScene, card: RobotCard, layout: Layout, scenes: Sequence[Scene]
) -> PartsArticulationBuilder:
    urdf = read_urdf(card)
    order, inertias = depth_first(urdf), link_inertias(urdf)
    looks = _templates(layout.robot, layout.triangles_per_link) if scene.can_render() else dict.fromkeys(order, [])
    joints = {joint.child: joint for joint in urdf.joints}
    ignore = _ignore_bits(card, order)
    builder = PartsArticulationBuilder(scene)
    built: dict[str, PartsLinkBuilder] = {}
    for link in order:
        joint, inertia = joints.get(link), inertias.get(link)
        parts = Parts(
            colliders=[_collider(shape) for shape in urdf.collisions[link]],
            surface=Surface(_friction(card, link, scenes[0]), ignore=ignore[link]),
            mass=_FRAME if inertia is None else mass_of(inertia.mass, inertia.center, inertia.tensor),
            looks=lambda link=link: [shape.clone() for shape in looks[link]],
        )
        built[link] = builder.add_link(None if joint is None else built[joint.parent], parts, bool(looks[link]))
        built[link].set_name(link)
        if joint is not None:
            _set_joint(built[link], joint)
    pose = layout.robot_pose.tolist()
    builder.initial_pose = sapien.Pose(pose[:3], pose[3:])
    return builder


def _friction(card: RobotCard, link: str, scene: Scene) -> float:
    return card.finger_friction * scene.robot.friction_scale if link in card.rubbing_links else card.link_friction


def _set_finger_friction(articulation: physx.PhysxArticulation, card: RobotCard, scene: Scene) -> None:
    """Gives one of several robots from one builder fingers of its own scene's friction."""
    for link in articulation.links:
        name = link.name.split(f"-{ROBOT}_", 1)[-1]
        if name in card.rubbing_links:
            friction = _friction(card, name, scene)
            for shape in link.collision_shapes:
                shape.physical_material = physx.PhysxMaterial(friction, friction, 0.0)


def _ignore_bits(card: RobotCard, links: Sequence[str]) -> dict[str, int]:
    """Returns the bits by which links ignore each other: two that share one do not collide.

    Links that collide with none of the robot's share one bit with all; the others share one with each link that they
    must not touch.
    """
    colliding = {frozenset(pair) for pair in card.self_collisions}
    touchy = [link for link in links if any(link in pair for pair in colliding)]
    bits = {link: 0 if link in touchy else _SELF for link in links}
    next_bit = _FIRST_PAIR
    for link in touchy:
        for other in [*(name for name in links if name not in touchy)]:
            bits[other] |= next_bit
        bits[link] |= next_bit
        next_bit <<= 1
    for pair in combinations(touchy, 2):
        if frozenset(pair) not in colliding:
            for link in pair:
                bits[link] |= next_bit
            next_bit <<= 1
    if next_bit > ANCHORED:
        raise SimgenError(f"card {card.name!r}: too many self_collisions for the maniskill engine.")
    for link in anchored_links(card):
        bits[link] |= ANCHORED
    return bits


@cache
def _templates(robot: str, triangles_per_link: int) -> dict[str, list[RenderShape]]:
    """The looks of each link; clones of them share their memory on the device."""
    card = load_card(robot)
    templates: dict[str, list[RenderShape]] = {}
    for link, pieces in load_visual(card, triangles_per_link).links.items():
        templates[link] = []
        for piece in pieces:
            gloss = max(0.0, LINK_GLOSS * (1.0 - piece.roughness))
            shape = make_look(piece.mesh, piece.base_color, gloss=gloss)
            shape.local_pose = pose_of(piece.T_link_mesh)
            templates[link].append(shape)
    return templates


def _collider(shape: UrdfShape) -> Collider:
    pose = pose_of(shape.T_link_shape)
    position, quaternion = np.asarray(pose.p, float), np.asarray(pose.q, float)
    if shape.kind != "mesh":
        return Collider(shape.kind, shape.size, None, position, quaternion)  # pyright: ignore[reportArgumentType]
    assert shape.path is not None
    points, faces = collision_hull(shape.path, (shape.size[0], shape.size[1], shape.size[2]))
    return Collider("mesh", (), TriangleMesh(points, faces, np.zeros_like(points)), position, quaternion)


def _set_joint(builder: PartsLinkBuilder, joint: UrdfJoint) -> None:
    builder.set_joint_name(joint.name)
    T_joint_axis = np.eye(4)
    T_joint_axis[:3, :3] = rotation_to_x(joint.axis)
    endless = joint.kind == "revolute" and not np.isfinite([joint.lower, joint.upper]).any()
    builder.set_joint_properties(
        "revolute_unwrapped" if endless else joint.kind,
        [] if joint.kind == "fixed" else [[joint.lower, joint.upper]],
        pose_of(joint.T_parent_joint @ T_joint_axis),
        pose_of(T_joint_axis),
    )


def rotation_to_x(axis: np.ndarray) -> np.ndarray:
    """Returns a rotation whose x axis is `axis`: SAPIEN's joints turn about x. Shape: (3, 3)."""
    x = axis / np.linalg.norm(axis)
    helper = np.eye(3)[int(np.argmin(np.abs(x)))]
    y = np.cross(helper, x)
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _set_drives(articulation: physx.PhysxArticulation, card: RobotCard, scene: Scene) -> None:
    setup, drives = scene.robot, card.drives
    joints = articulation.active_joints
    qpos = np.zeros(len(joints), np.float32)
    for dof, index in enumerate(joint_order(articulation, card)):
        joint, drive = joints[index], drives[dof]
        # What is driven by effort has no drive: the batch applies a force in each step.
        joint.set_drive_properties(
            drive.stiffness * setup.stiffness_scale if drive.mode == "position" else 0.0,
            drive.damping * setup.damping_scale if drive.mode != "effort" else 0.0,
            force_limit=drive.force_limit * setup.force_scale,
            mode="force",
        )
        joint.set_friction(0.0)
        joint.set_armature([drive.armature * setup.armature_scale])
        joint.set_drive_target(float(setup.qpos[dof]))
        qpos[index] = setup.qpos[dof]
    articulation.set_qpos(qpos)
    articulation.set_qvel(np.zeros_like(qpos))
