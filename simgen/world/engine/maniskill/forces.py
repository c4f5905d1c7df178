"""Contact forces between named things: links of the robot, solid bodies, and "table", which is everything static."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.structs import Actor, Link

TABLE = "table"


class Forces:
    """Answers how hard things press on each other, after the last solver step.

    Args:
        scene: Where they are.
        rows: Links and solid bodies by name, in the order of all rows.
        fixtures: Static actors by name, one per world.
    """

    def __init__(
        self, scene: ManiSkillScene, rows: Mapping[str, Link | Actor], fixtures: Mapping[str, Sequence[Actor]]
    ) -> None:
        self._scene, self._rows, self._fixtures = scene, dict(rows), fixtures
        self._index = {name: row for row, name in enumerate([*rows, TABLE])}
        self._row_of: dict[int, int] = {}
        if not scene.gpu_sim_enabled:
            for name, thing in rows.items():
                self._row_of[thing._bodies[0]._physx_pointer] = self._index[name]

    def matrix(self) -> np.ndarray:
        """Returns all forces [N] of the one world on the CPU: row a, column b is from b on a; "table" is last.

        Shape: (R + 1, R + 1, 3), float32.
        """
        size = len(self._index)
        forces = np.zeros((size, size, 3), np.float32)
        static = size - 1
        for contact in self._scene.get_contacts():
            first, second = (self._row_of.get(body._physx_pointer, static) for body in contact.bodies)
            impulse = np.sum([point.impulse for point in contact.points], axis=0)
            forces[first, second] += impulse
            forces[second, first] -= impulse
        return forces / self._scene.timestep

    def between(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] on `a` from `b`. Shape: (N, 3)."""
        if not self._scene.gpu_sim_enabled:
            return torch.from_numpy(self.matrix()[None, self._index[a], self._index[b]])
        if TABLE in (a, b):
            thing = self._rows[a if b == TABLE else b]
            total = sum(self._from_fixture(thing, name) for name in self._fixtures)
            return total if b == TABLE else -total  # pyright: ignore[reportReturnType, reportOperatorIssue]
        return self._scene.get_pairwise_contact_forces(self._rows[a], self._rows[b])

    def _from_fixture(self, thing: Link | Actor, name: str) -> torch.Tensor:
        actors = list(self._fixtures[name])
        merged = self._scene.actor_views.get(name) or Actor.merge(actors, name)
        return self._scene.get_pairwise_contact_forces(thing, merged)
