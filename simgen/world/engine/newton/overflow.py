"""Which worlds lost contacts or constraints for want of room, over all substeps of a control step.

Newton's own observable misses contacts that found no room: the solver lowers their count before it compares.
"""

from __future__ import annotations

import mujoco_warp
import newton
import warp as wp

CONTACTS = wp.constant(int(newton.solvers.SolverMuJoCo.OverflowBits.CONTACT_PIPELINE))
CONSTRAINTS = wp.constant(int(mujoco_warp.OverflowType.NEFC))
# Not a loss: the solver stops at its limit of iterations with a small residual, as MuJoCo does.
_UNCONVERGED = int(mujoco_warp.OverflowType.ITERATIONS | mujoco_warp.OverflowType.LS_ITERATIONS)
_LOST = wp.constant(wp.int32(0x7FFFFFFF & ~_UNCONVERGED))


@wp.kernel(enable_backward=False)
def _limit(
    count: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shape: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    shapes_per_world: wp.int32,
    most: wp.int32,
    per_world: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
):
    """Counts the contacts of each world and takes those beyond its room out (shape -1)."""
    contact = wp.tid()
    if contact < count[0] and wp.atomic_add(per_world, shape[contact] / shapes_per_world, 1) >= most:
        shape[contact] = -1


@wp.kernel(enable_backward=False)
def _compare(
    count: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    room: wp.int32,
    per_world: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
    contacts_per_world: wp.int32,
    most: wp.int32,
    bits: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
):
    world = wp.tid()
    if count[0] > room or per_world[world] > contacts_per_world:
        bits[world] = bits[world] | CONTACTS
    elif per_world[world] > most:
        bits[world] = bits[world] | CONSTRAINTS
    per_world[world] = 0


@wp.kernel(enable_backward=False)
def _clamp(count: wp.array(dtype=wp.int32), room: wp.int32):  # type: ignore[valid-type]
    """The solver would print that it clamps the count itself."""
    count[0] = wp.min(count[0], room)


@wp.kernel(enable_backward=False)
def _add(more: wp.array(dtype=wp.int32), bits: wp.array(dtype=wp.int32)):  # type: ignore[valid-type]
    world = wp.tid()
    bits[world] = bits[world] | (more[world] & _LOST)


class Overflow:
    """Collects `SolverMuJoCo.OverflowBits` per world.

    A world that has more contacts than its own room is told even where its neighbours left theirs free, so that what is
    reported does not depend on them; only when the common room is full, all worlds are told.

    Args:
        model: The worlds.
        num_worlds: How many.
        contacts: Of the collision pipeline, with room for one more than may be used: it does not count those for which
            it has no room.
        contacts_per_world: That each world may have.
        most: Contacts that each world may keep: as many as its constraint rows suffice for, since mujoco_warp reads
            past its arrays where a world has more rows than room.
    """

    def __init__(
        self,
        model: newton.Model,
        num_worlds: int,
        contacts: newton.Contacts,
        contacts_per_world: int,
        most: int,
    ) -> None:
        self._contacts, self._num_worlds, self._room = contacts, num_worlds, contacts_per_world
        self._most = most
        self._shapes_per_world, self._device = model.shape_count // num_worlds, model.device
        self._per_world = wp.zeros(num_worlds, dtype=wp.int32, device=model.device)
        self.bits = wp.zeros(num_worlds, dtype=wp.int32, device=model.device)

    def begin(self) -> None:
        """To be called before a control step."""
        self.bits.zero_()

    def limit_contacts(self) -> None:
        """Takes out what has no room; to be called after the contacts were found and before anybody uses them."""
        contacts, room = self._contacts, self._contacts.rigid_contact_max - 1
        count, shape = contacts.rigid_contact_count, contacts.rigid_contact_shape0
        arguments = [count, shape, self._shapes_per_world, self._most, self._per_world]
        wp.launch(_limit, dim=room + 1, inputs=arguments, device=self._device)
        wp.launch(
            _compare,
            dim=self._num_worlds,
            inputs=[count, room, self._per_world, self._room, self._most, self.bits],
            device=self._device,
        )
        wp.launch(_clamp, dim=1, inputs=[count, room], device=self._device)

    def add(self, bits: wp.array) -> None:
        """To be called with the solver's own bits after it has stepped."""
        wp.launch(_add, dim=self._num_worlds, inputs=[bits, self.bits], device=self._device)
