"""Where a robot's links are in all frames at once, from its recorded joint positions."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.data.curate.motion import Track
from simgen.world.robot.card import RobotCard
from simgen.world.robot.urdf import UrdfJoint, read_urdf


def link_poses(card: RobotCard, track: Track) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns position and axes of each link in the world.

    Args:
        card: The robot.
        track: Its root and joints, F frames.

    Returns:
        By link: positions [m], shape (F, 3), and rotation matrices, shape (F, 3, 3).
    """
    urdf = read_urdf(card)
    joints = {name: track.joints[:, column] for column, name in enumerate(card.joint_names)}
    frames = len(track.rows)
    poses = {urdf.base_link: (track.position, rotation_matrices(track.quaternion))}
    waiting = list(urdf.joints)
    while waiting:
        ready = [joint for joint in waiting if joint.parent in poses]
        for joint in ready:
            poses[joint.child] = _child(poses[joint.parent], joint, joints.get(joint.name, np.zeros(frames)))
        waiting = [joint for joint in waiting if joint.child not in poses]
    return poses


def rotation_matrices(quaternion: np.ndarray) -> np.ndarray:
    """Of quaternions wxyz of any length but 0, which count as no rotation. Shape: (F, 4) -> (F, 3, 3)."""
    length = np.linalg.norm(quaternion, axis=-1, keepdims=True)
    usable = np.where(length > 1e-9, quaternion, [1.0, 0.0, 0.0, 0.0])
    return Rotation.from_quat(usable, scalar_first=True).as_matrix()


def _child(
    parent: tuple[np.ndarray, np.ndarray], joint: UrdfJoint, travel: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    position, matrix = parent
    position = position + matrix @ joint.T_parent_joint[:3, 3]
    matrix = matrix @ joint.T_parent_joint[:3, :3]
    if joint.kind == "prismatic":
        position = position + (matrix @ joint.axis) * travel[:, None]
    elif joint.kind == "revolute":
        matrix = matrix @ Rotation.from_rotvec(travel[:, None] * joint.axis).as_matrix()
    return position, matrix
