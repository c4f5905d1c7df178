"""Builds objects with moving parts in the one world on the CPU: an articulation each, on a root that stands still.

PhysX has no dry friction in N (that of its joints grows with the load on them) and one drive per joint. So the drive is
the dry friction: it brakes as hard as it must, at most with the friction. The damping is a force that `resist` applies,
implicit in time because the joint gets the inertia `damping * timestep` in addition.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.structs import Link
from sapien import physx

from simgen.world.engine.base import WorldState
from simgen.world.engine.maniskill.bodies import solid_parts
from simgen.world.engine.maniskill.robot import rotation_to_x
from simgen.world.engine.maniskill.shapes import PartsArticulationBuilder, PartsLinkBuilder, make_pose, pose_of
from simgen.world.scene.model import PART_ARMATURE, PartJoint
from simgen.world.scene.scene import Body, Hanging, Scene
from simgen.world.scene.slots import Layout

_BRAKE = 1e5  # damping of the drive that is the dry friction [N s/m or N m s/rad]; what is held creeps by a millionth
_FULL_TURN = 2 * np.pi  # hinges that turn further are of another kind in PhysX [rad]


class Mechanism:
    """An object with moving parts.

    Args:
        scene: Where it is built.
        layout: What the worlds share.
        index: Of the object's slot.
        bodies: Of the scene, one per slot.

    Attributes:
        links: By slot, the root first.
        slots: Of the parts, in the order of the scene's joints.
    """

    def __init__(self, scene: ManiSkillScene, layout: Layout, index: int, bodies: Sequence[Body]) -> None:
        members = layout.members(index)
        builder = PartsArticulationBuilder(scene)
        builder.initial_pose = make_pose(bodies[index].position, bodies[index].quaternion)
        built: dict[int, PartsLinkBuilder] = {}
        for member in members:
            slot = layout.bodies[member]
            parent = None if slot.parent is None else built[layout.slot(slot.parent)]
            # The family keeps the object's parts from colliding with each other.
            parts = solid_parts(layout, slot, bodies[member], family=1 + index)
            built[member] = builder.add_link(parent, parts, visible=True)
            built[member].set_name(str(member))
            if parent is not None:
                _set_joint(built[member], str(member), _hanging(bodies[member]).joint)
        articulation = builder.build(f"object{index}", fix_root_link=True, build_mimic_joints=False)
        self.links: dict[int, Link] = {member: articulation.links_map[str(member)] for member in members}
        self.slots = members[1:]
        self._articulation: physx.PhysxArticulation = articulation._objs[0]
        for link in self._articulation.links:
            link.disable_gravity = False
        names = [joint.name.rpartition("_")[2] for joint in self._articulation.active_joints]
        self._order = [names.index(str(member)) for member in self.slots]
        self._damping = np.zeros(len(names), np.float32)
        self._begin([bodies[member] for member in self.slots], scene.timestep)

    def _begin(self, parts: Sequence[Body], timestep: float) -> None:
        start = np.zeros_like(self._damping)
        for row, body in zip(self._order, parts, strict=True):
            hanging, joint = _hanging(body), self._articulation.active_joints[row]
            resistance = hanging.joint
            joint.set_friction(0.0)
            joint.set_drive_properties(0.0, _BRAKE, force_limit=resistance.friction, mode="force")
            joint.set_armature([PART_ARMATURE + resistance.damping * timestep])
            self._damping[row] = resistance.damping
            start[row] = hanging.start
        self._articulation.set_qpos(start)
        self._articulation.set_qvel(np.zeros_like(start))

    @property
    def position(self) -> np.ndarray:
        """Of the joints, in the order of `slots` [rad or m]. Shape: (J,)."""
        return self._articulation.qpos[self._order]

    @property
    def velocity(self) -> np.ndarray:
        """Of the joints, in the order of `slots` [rad/s or m/s]. Shape: (J,)."""
        return self._articulation.qvel[self._order]

    def resist(self) -> None:
        """Damps the joints during the next solver step, after which PhysX forgets it."""
        self._articulation.set_qf(-self._damping * self._articulation.qvel)

    def place(self, pose: sapien.Pose) -> None:
        """Puts the root, and with it all parts, elsewhere."""
        self._articulation.set_root_pose(pose)

    def set_joints(self, position: np.ndarray, velocity: np.ndarray) -> None:
        """Puts the joints, in the order of `slots`, into a state. Shapes: (J,)."""
        rows = np.argsort(self._order)
        self._articulation.set_qpos(position[rows])
        self._articulation.set_qvel(velocity[rows])


class Mechanisms:
    """All objects with moving parts; none on a CUDA device, where they are refused.

    Args:
        scene: Where they are built.
        layout: What the worlds share.
        scenes: Of the worlds; of one, if there are such objects.

    Attributes:
        links: By slot: the roots and the parts.
    """

    def __init__(self, scene: ManiSkillScene, layout: Layout, scenes: Sequence[Scene]) -> None:
        roots = [index for index, slot in enumerate(layout.bodies) if slot.parent is None]
        roots = [index for index in roots if len(layout.members(index)) > 1]
        self._by_root = {index: Mechanism(scene, layout, index, scenes[0].bodies) for index in roots}
        self._all = tuple(self._by_root.values())
        self.links = {slot: link for mechanism in self._all for slot, link in mechanism.links.items()}

    def resist(self) -> None:
        """Damps the joints during the next solver step."""
        for mechanism in self._all:
            mechanism.resist()

    def joints(self) -> np.ndarray:
        """Returns positions and velocities of the scene's joints [rad, rad/s; m, m/s]. Shape: (2, J)."""
        rows = [np.stack([mechanism.position, mechanism.velocity]) for mechanism in self._all]
        return np.concatenate([np.zeros((2, 0)), *rows], axis=1)

    def place(self, slot: int, pose: sapien.Pose) -> None:
        """Puts an object, by its root's slot, with its parts elsewhere."""
        self._by_root[slot].place(pose)

    def set_state(self, state: WorldState) -> None:
        """Puts all into a state of one row."""
        done = 0
        for slot, mechanism in self._by_root.items():
            end = done + len(mechanism.slots)
            mechanism.place(make_pose(state.body_position[0, slot].tolist(), state.body_quaternion[0, slot].tolist()))
            mechanism.set_joints(state.joint_position[0, done:end].numpy(), state.joint_velocity[0, done:end].numpy())
            done = end


def _hanging(body: Body) -> Hanging:
    assert body.hanging is not None, "a part hangs on a joint"
    return body.hanging


def _set_joint(builder: PartsLinkBuilder, name: str, joint: PartJoint) -> None:
    T_part_axis = np.eye(4)
    T_part_axis[:3, :3], T_part_axis[:3, 3] = rotation_to_x(joint.axis), joint.anchor
    far = joint.kind == "revolute" and max(-joint.lower, joint.upper) >= _FULL_TURN
    builder.set_joint_name(name)
    builder.set_joint_properties(
        "revolute_unwrapped" if far else joint.kind,
        [[joint.lower, joint.upper]],
        make_pose(joint.position, joint.quaternion) * pose_of(T_part_axis),
        pose_of(T_part_axis),
    )
