"""The room that a robot takes where episodes start, for objects that keep clear of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.spec.pose import PoseSpec
from simgen.world.robot.card import RobotCard
from simgen.world.robot.hull import collision_hull
from simgen.world.robot.urdf import UrdfJoint, UrdfShape, read_urdf
from simgen.world.scene.placement import Placed, overlap
from simgen.world.scene.slots import Layout

_CORNERS = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])


def robot_space(card: RobotCard, layout: Layout) -> tuple[Placed, ...]:
    """Returns an upright box around each collision shape of a robot in its rest pose."""
    urdf = read_urdf(card)
    rest = dict(zip(card.joint_names, card.rest_qpos, strict=True))
    T_world_base = np.eye(4)
    T_world_base[:3, :3] = Rotation.from_euler("z", layout.robot_yaw).as_matrix()
    T_world_base[:3, 3] = layout.robot_position
    boxes = []
    for link, shapes in urdf.collisions.items():
        T_world_link = T_world_base
        for joint in urdf.chain(link):
            T_world_link = T_world_link @ joint.T_parent_joint @ _moved(joint, rest.get(joint.name, 0.0))
        boxes += [_box(T_world_link @ shape.T_link_shape, shape) for shape in shapes]
    return tuple(boxes)


def in_arm(placed: Placed, pose: PoseSpec, card: RobotCard, space: Sequence[Placed]) -> bool:
    """Says whether something that stands may touch an arm's `space`.

    What is above something may begin in a hand; a hand without an arm and legs may stand on what is theirs.
    """
    is_arm = card.base == "fixed" and card.tcp_link is not None
    stands = placed.solid and pose.relation == "on"
    return is_arm and stands and any(overlap(placed, part, 0.0) for part in space)


def _moved(joint: UrdfJoint, position: float) -> np.ndarray:
    """Pose of a joint's child in the joint frame at a joint position. Shape: (4, 4)."""
    T_joint_child = np.eye(4)
    if joint.kind == "prismatic":
        T_joint_child[:3, 3] = position * joint.axis
    elif joint.kind == "revolute":
        T_joint_child[:3, :3] = Rotation.from_rotvec(position * joint.axis).as_matrix()
    return T_joint_child


def _box(T_world_shape: np.ndarray, shape: UrdfShape) -> Placed:
    if shape.path is not None:
        points = collision_hull(shape.path, (shape.size[0], shape.size[1], shape.size[2]))[0].astype(float)
    elif shape.kind == "box":
        points = _CORNERS * np.asarray(shape.size) / 2
    else:
        radius = shape.size[0]
        points = _CORNERS * [radius, radius, shape.size[1] / 2 if shape.kind == "cylinder" else radius]
    points = points @ T_world_shape[:3, :3].T + T_world_shape[:3, 3]
    low, high = points.min(axis=0), points.max(axis=0)
    return Placed(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]), 0.0, low, high, 0.0, None, True, "robot")
