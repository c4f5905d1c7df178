"""The state of all worlds as rows by name, as ManiSkill's trajectories have it."""

from __future__ import annotations

import torch

from simgen.world.engine.base import WorldState
from simgen.world.scene.slots import Layout


def env_state_rows(layout: Layout, state: WorldState) -> dict[str, torch.Tensor]:
    """Returns position [m], quaternion wxyz and velocities [m/s, rad/s] of everything, then joints where there are any.

    Returns:
        actors/<name>: Of objects without moving parts. Shape: (E, 13).
        articulations/<name>: Of the robot and of objects with moving parts. Shape: (E, 13 + 2 D).
    """
    rows: dict[str, torch.Tensor] = {}
    pose = torch.cat([state.body_position, state.body_quaternion], -1)
    velocity = torch.cat([state.body_linear_velocity, state.body_angular_velocity], -1)
    joints = layout.joints
    for index, slot in enumerate(layout.bodies):
        if slot.parent is not None or slot.scenery:
            continue  # a part's place follows from the joints, that of scenery from the scene
        row = torch.cat([pose[:, index], velocity[:, index]], -1)
        own = [joints.index(member) for member in layout.members(index)[1:]]
        if own:
            moving = [state.joint_position[:, own], state.joint_velocity[:, own]]
            rows[f"articulations/{slot.name}"] = torch.cat([row, *moving], -1)
        else:
            rows[f"actors/{slot.name}"] = row
    root = (state.link_position[:, 0], state.link_quaternion[:, 0], state.root_velocity)
    rows[f"articulations/{layout.robot}"] = torch.cat([*root, state.qpos, state.qvel], -1)
    return rows
