"""Where a robot's links were in a recorded episode: forward kinematics of all links and steps at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import newton
import numpy as np
import warp as wp
from scipy.spatial.transform import Rotation

from simgen.world import kernels  # noqa: F401  (Warp says nothing from here on)
from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import robot_builder

Poses = tuple[np.ndarray, Rotation]
"""Positions (T, 3) [m] and orientations of T moments."""


class Links:
    """The joint tree of a robot; it is read from the robot's Newton model, so that it is the engine's.

    Args:
        card: The robot.

    Attributes:
        names: Of the links, the root first.
    """

    def __init__(self, card: RobotCard) -> None:
        model = robot_builder(card, wp.transform(), collisions=False).finalize(device="cpu")
        self.names = tuple(label.rsplit("/", 1)[-1] for label in model.body_label)
        self._card = card
        self._kinds, self._starts = _numpy(model.joint_type), _numpy(model.joint_q_start)
        self._parents, self._children = _numpy(model.joint_parent), _numpy(model.joint_child)
        self._before, self._after = _numpy(model.joint_X_p), _numpy(model.joint_X_c)
        dof_starts, axes = _numpy(model.joint_qd_start), _numpy(model.joint_axis)
        self._axes = [axes[dof_starts[joint]] if dof_starts[joint] < len(axes) else None for joint in self._joints]
        self._first = 7 if card.is_floating else 0

    @property
    def _joints(self) -> range:
        return range(len(self._kinds))

    def poses(self, root: np.ndarray, qpos: np.ndarray) -> np.ndarray:
        """Returns where all links are in the world.

        Args:
            root: Position [m] and quaternion wxyz of the first link. Shape: (T, >= 7).
            qpos: Joint positions in the card's order [rad or m]. Shape: (T, D).

        Returns:
            Positions [m] and quaternions wxyz. Shape: (T, L, 7).
        """
        found: dict[int, Poses] = {0: (root[:, :3], Rotation.from_quat(root[:, 3:7], scalar_first=True))}
        for joint in self._joints:
            child = int(self._children[joint])
            if child not in found:
                found[child] = self._beyond(joint, found[int(self._parents[joint])], qpos)
        rows = [np.concatenate([found[i][0], found[i][1].as_quat(scalar_first=True)], 1) for i in range(len(found))]
        return np.stack(rows, 1)

    def _beyond(self, joint: int, parent: Poses, qpos: np.ndarray) -> Poses:
        place = _placed(parent, self._before[joint])
        kind = self._kinds[joint]
        if kind in (newton.JointType.REVOLUTE, newton.JointType.PRISMATIC):
            travel = qpos[:, self._starts[joint] - self._first, None] * self._axes[joint]
            if kind == newton.JointType.REVOLUTE:
                place = place[0], place[1] * Rotation.from_rotvec(travel)
            else:
                place = place[0] + place[1].apply(travel), place[1]
        turn = Rotation.from_quat(self._after[joint][3:]).inv()  # xyzw
        return _placed(place, np.concatenate([-turn.apply(self._after[joint][:3]), turn.as_quat()]))


@lru_cache(maxsize=8)
def links_of(card_json: str) -> Links:
    """Returns the links of a robot, once made; `card_json` is `RobotCard.model_dump_json()`."""
    return Links(RobotCard.model_validate_json(card_json))


def tool_poses(card: RobotCard, names: tuple[str, ...], links: np.ndarray) -> np.ndarray:
    """Returns where the tool centre point is. Shapes: (T, L, 7) -> (T, 7).

    Args:
        card: A robot with a tool.
        names: Of the links.
        links: Their poses.
    """
    assert card.tcp_link is not None
    link = links[:, names.index(card.tcp_link)]
    offset = np.concatenate([card.tcp_xyz, np.roll(card.tcp_quaternion, -1)])
    position, turn = _placed((link[:, :3], Rotation.from_quat(link[:, 3:], scalar_first=True)), offset)
    return np.concatenate([position, turn.as_quat(scalar_first=True)], 1)


def _placed(parent: Poses, offset: np.ndarray) -> Poses:
    """Poses at a fixed offset from others: position and quaternion xyzw. Shape of the offset: (7,)."""
    position, turn = parent
    return position + turn.apply(offset[:3]), turn * Rotation.from_quat(offset[3:])


def _numpy(array: Any) -> np.ndarray:
    return array.numpy()
