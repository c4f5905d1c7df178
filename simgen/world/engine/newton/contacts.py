"""Contact forces between named bodies, summed from the solver's contact list by one kernel for all questions."""

from __future__ import annotations

import torch
import warp as wp

from simgen.world.engine.newton.physics import Physics

TABLE = "table"


@wp.kernel(enable_backward=False)
def _sum_forces(
    count: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shape_a: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shape_b: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    force: wp.array(dtype=wp.spatial_vector),  # type: ignore[valid-type]
    shape_body: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shapes_per_world: wp.int32,
    bodies_per_world: wp.int32,
    pairs: wp.array(dtype=wp.vec2i),  # type: ignore[valid-type]
    total: wp.array2d(dtype=wp.vec3),  # type: ignore[valid-type]
):
    contact, pair = wp.tid()  # pyright: ignore
    if contact >= count[0]:
        return
    first, second = shape_a[contact], shape_b[contact]
    if first < 0 or second < 0:
        return
    world = first / shapes_per_world
    a = wp.where(shape_body[first] < 0, -1, shape_body[first] % bodies_per_world)
    b = wp.where(shape_body[second] < 0, -1, shape_body[second] % bodies_per_world)
    wanted = pairs[pair]
    value = wp.spatial_top(force[contact])
    if a == wanted[0] and b == wanted[1]:
        wp.atomic_add(total, world, pair, value)
    elif a == wanted[1] and b == wanted[0]:
        wp.atomic_add(total, world, pair, -value)  # pyright: ignore


class ContactForces:
    """Answers "how hard does b push a" for pairs of links, bodies and the table (everything static).

    Pairs are registered when first asked for; all are summed by one launch per control step.
    """

    def __init__(self, physics: Physics, row_of: dict[str, int]) -> None:
        self._physics, self._row_of = physics, {**row_of, TABLE: -1}
        self._pairs: list[tuple[str, str]] = []
        self._fresh = False
        model = physics.world.model
        self._shapes_per_world = model.shape_count // physics.world.num_worlds
        self._device = model.device
        self._new = torch.zeros(physics.world.num_worlds, dtype=torch.bool, device=physics.joint_q.device)

    def _register(self, pair: tuple[str, str]) -> None:
        self._pairs.append(pair)
        rows = [wp.vec2i(self._row_of[a], self._row_of[b]) for a, b in self._pairs]
        self._rows = wp.array(rows, dtype=wp.vec2i, device=self._device)
        shape = (self._physics.world.num_worlds, len(rows))
        self._total = wp.zeros(shape, dtype=wp.vec3, device=self._device)
        self._fresh = False

    def outdated(self) -> None:
        """To be called after a step."""
        self._fresh = False
        self._new.zero_()

    def forget(self, env_ids: torch.Tensor) -> None:
        """To be called for worlds whose state was set: nothing presses there until the next step."""
        self._fresh = False
        self._new[env_ids] = True

    def between(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] on `a` from `b`, world frame. Shape: (E, 3)."""
        if (a, b) not in self._pairs:
            self._register((a, b))
        if not self._fresh:
            self._sum()
        return wp.to_torch(self._total)[:, self._pairs.index((a, b))]

    def _sum(self) -> None:
        contacts, world = self._physics.contacts, self._physics.world
        self._total.zero_()
        wp.launch(
            _sum_forces,
            dim=(contacts.rigid_contact_max, len(self._pairs)),
            inputs=[
                contacts.rigid_contact_count,
                contacts.rigid_contact_shape0,
                contacts.rigid_contact_shape1,
                self._physics.contact_force,
                world.model.shape_body,
                self._shapes_per_world,
                world.bodies_per_world,
                self._rows,
            ],
            outputs=[self._total],
            device=self._device,
        )
        wp.to_torch(self._total).masked_fill_(self._new[:, None, None], 0.0)
        self._fresh = True
