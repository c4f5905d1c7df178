"""What terms and teachers see of the joints of articulated objects, by the name of the part that hangs on each."""

from __future__ import annotations

import torch

from simgen.world import rotation
from simgen.world.engine.base import Engine, WorldState


class SceneJoints:
    """The scene's joints in E worlds; their limits and axes change with the scenes.

    Args:
        engine: The worlds.
    """

    def __init__(self, engine: Engine) -> None:
        layout = engine.layout
        self._engine, self._slots = engine, layout.joints
        self._index = {layout.bodies[slot].name: index for index, slot in enumerate(self._slots)}
        shape = (engine.num_envs, len(self._slots))
        self._lower = torch.zeros(shape, device=engine.device)
        self._upper = torch.ones(shape, device=engine.device)
        self._axis = torch.zeros(*shape, 3, device=engine.device)
        self._anchor = torch.zeros(*shape, 3, device=engine.device)

    def begin(self, env_ids: torch.Tensor) -> None:
        """Reads the scenes of worlds whose episodes have started."""
        for env in env_ids.tolist() if self._slots else ():
            bodies = self._engine.scene(env).bodies
            for index, slot in enumerate(self._slots):
                hanging = bodies[slot].hanging
                assert hanging is not None, "a part hangs on a joint"
                self._lower[env, index], self._upper[env, index] = hanging.joint.lower, hanging.joint.upper
                self._axis[env, index] = torch.as_tensor(hanging.joint.axis)
                self._anchor[env, index] = torch.as_tensor(hanging.joint.anchor)

    def position(self, part: str, state: WorldState) -> torch.Tensor:
        """Returns the joint position of a part [rad or m]. Shape: (E,)."""
        return state.joint_position[:, self._index[part]]

    def velocity(self, part: str, state: WorldState) -> torch.Tensor:
        """Returns the joint velocity of a part [rad/s or m/s]. Shape: (E,)."""
        return state.joint_velocity[:, self._index[part]]

    def opening(self, part: str, state: WorldState) -> torch.Tensor:
        """Returns how far a part is open, 0 closed .. 1 open. Shape: (E,)."""
        index = self._index[part]
        return (self.position(part, state) - self._lower[:, index]) / (self._upper - self._lower)[:, index]

    def way_to(self, part: str, opening: float, state: WorldState) -> torch.Tensor:
        """Returns how far the joint has to go to an opening [rad or m]. Shape: (E,)."""
        index = self._index[part]
        target = self._lower[:, index] + opening * (self._upper - self._lower)[:, index]
        return target - self.position(part, state)

    def slides(self, part: str) -> bool:
        """Says whether a part slides along its axis; else it turns about it."""
        return self._engine.layout.bodies[self._slots[self._index[part]]].joint == "prismatic"

    def axis(self, part: str, state: WorldState) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns a point of a joint's axis [m] and its direction, in the world. Shapes: (E, 3)."""
        index = self._index[part]
        slot = self._slots[index]
        position, quaternion = state.body_position[:, slot], state.body_quaternion[:, slot]
        point = position + rotation.rotate(quaternion, self._anchor[:, index])
        return point, rotation.rotate(quaternion, self._axis[:, index])
