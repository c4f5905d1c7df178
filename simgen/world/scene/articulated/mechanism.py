"""Puts an articulated object together, and says where its parts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.world.scene.mesh.cache import content_hash
from simgen.world.scene.model import ArticulatedModel, JointKind, ObjectModel, Part, PartJoint

UPRIGHT = (1.0, 0.0, 0.0, 0.0)


def articulated(kind: str, root: ObjectModel, parts: Mapping[str, Part]) -> ArticulatedModel:
    """Hashes the content and returns the model; every part is followed by those that hang on it, as engines want."""
    parts = dict(_depth_first(parts, ""))
    described = [(name, part.model.key, part.joint.kind, part.joint.parent) for name, part in parts.items()]
    numbers = [np.concatenate(_numbers(part.joint)) for part in parts.values()]
    return ArticulatedModel(content_hash(kind, root.key, described, *numbers), kind, root, parts)


def _depth_first(parts: Mapping[str, Part], parent: str) -> Iterator[tuple[str, Part]]:
    for name, part in parts.items():
        if part.joint.parent == parent:
            yield name, part
            yield from _depth_first(parts, name)


def hung(
    kind: JointKind,
    at: tuple[float, float, float],
    axis: tuple[float, float, float],
    upper: float,
    *,
    lower: float = 0.0,
    anchor: tuple[float, float, float] = (0.0, 0.0, 0.0),
    parent: str = "",
    friction: float = 0.0,
    damping: float = 0.0,
) -> PartJoint:
    """Returns the joint of a part whose frame stands upright at `at` in its parent; see `PartJoint`."""
    position, quaternion, along, point = (np.asarray(vector, float) for vector in (at, UPRIGHT, axis, anchor))
    return PartJoint(kind, parent, position, quaternion, along, point, lower, upper, friction, damping)


def scaled_joint(joint: PartJoint, factor: float) -> PartJoint:
    """Returns the joint of an object that is scaled by one factor for all axes."""
    reach = factor if joint.kind == "prismatic" else 1.0
    return replace(
        joint,
        position=joint.position * factor,
        anchor=joint.anchor * factor,
        lower=joint.lower * reach,
        upper=joint.upper * reach,
    )


def part_pose(position: np.ndarray, rotation: Rotation, joint: PartJoint, travel: float) -> tuple[np.ndarray, Rotation]:
    """Returns where a part is.

    Args:
        position, rotation: Pose of the parent. Shape of position: (3,), [m].
        joint: Of the part.
        travel: Joint position [rad or m].
    """
    frame = rotation * Rotation.from_quat(joint.quaternion, scalar_first=True)
    origin = position + rotation.apply(joint.position)
    if joint.kind == "prismatic":
        return origin + frame.apply(travel * joint.axis), frame
    turn = Rotation.from_rotvec(travel * joint.axis)
    return origin + frame.apply(joint.anchor - turn.apply(joint.anchor)), frame * turn


def _numbers(joint: PartJoint) -> list[np.ndarray]:
    ends = np.array([joint.lower, joint.upper, joint.friction, joint.damping])
    return [joint.position, joint.quaternion, joint.axis, joint.anchor, ends]
