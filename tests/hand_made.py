"""Worlds without physics: states that a test writes by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from simgen.env.worlds import Worlds
from simgen.spec import TaskSpec
from simgen.world.engine.base import WorldState
from simgen.world.robot.card import load_card
from simgen.world.scene.layout import layout_of
from simgen.world.scene.mesh.support import DIRECTIONS, support_points
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

LINKS = ("panda_hand_tcp", "panda_leftfinger", "panda_rightfinger")


class HandMadeEngine:
    """The part of the Engine protocol that terms read, for E worlds of a task at the start of episode 0.

    Attributes:
        forces: Force [N] on the first of two things by the second, (E, 3); none where nothing is written.
    """

    def __init__(self, task: TaskSpec, num_envs: int) -> None:
        self.layout = layout_of(task)
        self.num_envs, self.device, self.link_names = num_envs, torch.device("cpu"), LINKS
        self._scenes = [SceneSampler(task, self.layout).sample(0)] * num_envs
        self.forces: dict[tuple[str, str], torch.Tensor] = {}
        bodies = self._scenes[0].bodies
        position = torch.stack([torch.as_tensor(body.position).float() for body in bodies])
        quaternion = torch.stack([torch.as_tensor(body.quaternion).float() for body in bodies])
        links = torch.zeros(num_envs, len(LINKS), 4)
        links[..., 1] = 1.0  # the tool points down
        self._state = WorldState(
            qpos=torch.zeros(num_envs, 9),
            qvel=torch.zeros(num_envs, 9),
            link_position=torch.zeros(num_envs, len(LINKS), 3),
            link_quaternion=links,
            body_position=position.repeat(num_envs, 1, 1),
            body_quaternion=quaternion.repeat(num_envs, 1, 1),
            body_linear_velocity=torch.zeros(num_envs, len(bodies), 3),
            body_angular_velocity=torch.zeros(num_envs, len(bodies), 3),
            joint_position=torch.zeros(num_envs, 0),
            joint_velocity=torch.zeros(num_envs, 0),
            root_velocity=torch.zeros(num_envs, 6),
        )

    def state(self) -> WorldState:
        return self._state

    def scene(self, env_id: int) -> Scene:
        return self._scenes[env_id]

    def body_bounds(self, slot: int) -> torch.Tensor:
        body = self._scenes[0].bodies[slot]
        bounds = self.layout.bodies[slot].candidates[body.candidate].bounds * body.scale
        return torch.as_tensor(bounds).float().expand(self.num_envs, 2, 3)

    def body_outline(self, slot: int) -> torch.Tensor:
        body = self._scenes[0].bodies[slot]
        vertices = self.layout.bodies[slot].candidates[body.candidate].visual.vertices * body.scale
        return torch.as_tensor(support_points(vertices)).float().expand(self.num_envs, DIRECTIONS, 3)

    def contacts(self, a: str, b: str) -> torch.Tensor:
        if (b, a) in self.forces:
            return -self.forces[b, a]
        return self.forces.get((a, b), torch.zeros(self.num_envs, 3))


class HandMade:
    """Worlds and the means to change what is in them."""

    def __init__(self, task: TaskSpec, num_envs: int) -> None:
        self.engine = HandMadeEngine(task, num_envs)
        engine: Any = self.engine
        self.worlds = Worlds(engine, load_card("panda"))

    def put(self, name: str, positions: Sequence[Sequence[float]], quaternion: Sequence[Any] | None = None) -> None:
        """Puts a body, or the tool under the name tcp, somewhere in each world [m]; quaternions wxyz: one, or all."""
        state = self.engine.state()
        if name == "tcp":
            state.link_position[:, 0] = torch.tensor(positions)
        else:
            slot = self.engine.layout.slot(name)
            state.body_position[:, slot] = torch.tensor(positions)
            if quaternion is not None:
                state.body_quaternion[:, slot] = torch.tensor(quaternion)
        self.worlds.refresh()

    def push(self, a: str, b: str, forces: Sequence[Sequence[float]]) -> None:
        """Lets b push a with these forces [N]."""
        self.engine.forces[a, b] = torch.tensor(forces)
        self.worlds.refresh()
