"""All whose size follows from the room for contacts and constraint rows, so that it can be had in another size."""

from __future__ import annotations

import dataclasses

import mujoco_warp
import newton
import warp as wp

from simgen.world.engine.newton.capacity import Room
from simgen.world.engine.newton.friction import MeanFriction
from simgen.world.engine.newton.model import WorldModel
from simgen.world.engine.newton.overflow import Overflow


class Buffers:
    """The contacts of all worlds, who finds them, and what is noted for each.

    Args:
        world: The built model.
        room: Per world.

    Attributes:
        contacts: Of all worlds, in one list.
        overflow: Which worlds had more than there is room for.
    """

    def __init__(self, world: WorldModel, room: Room) -> None:
        self.room, self._worlds = room, world.num_worlds
        self._pipeline = newton.CollisionPipeline(
            world.model,
            broad_phase="explicit",
            rigid_contact_max=room.contacts * world.num_worlds + 1,  # the last tells that there was no room
            include_static_kinematic_pairs=False,
            verify_buffers=False,
            max_triangle_pairs=1,
        )
        self.contacts = self._pipeline.contacts()
        self._friction = MeanFriction(world.model, self.contacts)
        most = min(room.most_contacts, world.room.contacts)
        self.overflow = Overflow(world.model, world.num_worlds, self.contacts, world.room.contacts, most)

    def collide(self, state: newton.State) -> None:
        """Finds the contacts of a state."""
        self._pipeline.collide(state, self.contacts)
        self.overflow.limit_contacts()
        self._friction.write()

    def give_to(self, solver: newton.solvers.SolverMuJoCo) -> None:
        """Gives a solver data of this size; what it remembers of the worlds stays."""
        before = solver.mjw_data
        if before.naconmax == self.room.contacts * self._worlds and before.njmax == self.room.rows:
            return
        after = mujoco_warp.put_data(
            solver.mj_model,
            solver.mj_data,
            nworld=self._worlds,
            nconmax=self.room.contacts,
            njmax=self.room.rows,
            njmax_nnz=before.njmax_nnz if solver.mjw_model.is_sparse else None,
        )
        for field in dataclasses.fields(before):
            old, new = getattr(before, field.name), getattr(after, field.name)
            if isinstance(old, wp.array) and old.shape == new.shape:
                wp.copy(new, old)
        solver.mjw_data = after
