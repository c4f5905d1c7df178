"""Reads the state of all worlds: entity by entity on the CPU, from PhysX's buffers on a CUDA device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mani_skill.utils.structs import Actor, Articulation, Link

from simgen.world.engine.base import WorldState


def cpu_state(
    robot: Articulation,
    order: Sequence[int],
    links: Sequence[Link],
    bodies: Sequence[Actor | Link],
    joints: np.ndarray,
) -> WorldState:
    """Returns the state of the one world on the CPU; ManiSkill's own accessors cost several times as much.

    Args:
        robot: The robot.
        order: Where SAPIEN has the card's joints.
        links: Of the robot.
        bodies: One per slot.
        joints: Positions and velocities of the scene's joints [rad, rad/s; m, m/s]. Shape: (2, J).
    """
    articulation = robot._objs[0]
    root = articulation.root
    link_pose = [_pose(link._objs[0].entity_pose) for link in links]
    body_pose = [_pose(thing._bodies[0].entity_pose) for thing in bodies]
    velocity = [_velocity(thing) for thing in bodies]
    return _world_state(
        torch.from_numpy(articulation.qpos[order][None]),
        torch.from_numpy(articulation.qvel[order][None]),
        torch.from_numpy(np.array(link_pose, np.float32)[None]),
        torch.from_numpy(np.array(body_pose, np.float32).reshape(1, -1, 7)),
        torch.from_numpy(np.array(velocity, np.float32).reshape(1, -1, 6)),
        torch.from_numpy(np.concatenate([root.linear_velocity, root.angular_velocity])[None]),
        torch.from_numpy(joints.astype(np.float32)[:, None]),
    )


def gpu_state(
    robot: Articulation, order: Sequence[int], links: Sequence[Link], bodies: Sequence[Actor | Link]
) -> WorldState:
    """Returns the state of all worlds on a CUDA device, as of the last fetch; the scenes have no joints."""
    qpos, qvel = robot.qpos[:, list(order)], robot.qvel[:, list(order)]
    link_pose = torch.stack([link.pose.raw_pose for link in links], 1)
    body_pose, velocity = link_pose.new_zeros(len(qpos), len(bodies), 7), link_pose.new_zeros(len(qpos), len(bodies), 6)
    for index, thing in enumerate(bodies):
        body_pose[:, index] = thing.pose.raw_pose
        if can_move(thing):
            velocity[:, index] = torch.cat([thing.linear_velocity, thing.angular_velocity], -1)
    root = torch.cat([links[0].linear_velocity, links[0].angular_velocity], -1)
    return _world_state(qpos, qvel, link_pose, body_pose, velocity, root, qpos.new_zeros(2, len(qpos), 0))


def can_move(thing: Actor | Link) -> bool:
    """Whether a body has a velocity."""
    return isinstance(thing, Link) or thing.px_body_type == "dynamic"


def _pose(pose) -> np.ndarray:
    return np.concatenate([pose.p, pose.q])


def _velocity(thing: Actor | Link) -> np.ndarray:
    if not can_move(thing):
        return np.zeros(6, np.float32)
    body = thing._bodies[0]
    return np.concatenate([body.linear_velocity, body.angular_velocity])


def _world_state(
    qpos: torch.Tensor,
    qvel: torch.Tensor,
    link_pose: torch.Tensor,
    body_pose: torch.Tensor,
    velocity: torch.Tensor,
    root_velocity: torch.Tensor,
    joints: torch.Tensor,
) -> WorldState:
    return WorldState(
        qpos=qpos,
        qvel=qvel,
        link_position=link_pose[..., :3],
        link_quaternion=link_pose[..., 3:],
        body_position=body_pose[..., :3],
        body_quaternion=body_pose[..., 3:],
        body_linear_velocity=velocity[..., :3],
        body_angular_velocity=velocity[..., 3:],
        joint_position=joints[0],
        joint_velocity=joints[1],
        root_velocity=root_velocity,
    )
