"""How much room a world gets for contacts and constraint rows: what its objects' pieces can have when they meet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simgen.world.robot.card import load_card
from simgen.world.robot.urdf import read_urdf
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import piece_points
from simgen.world.scene.slots import Layout

ROWS_PER_CONTACT = 4  # a friction pyramid
JOINT_ROWS = 32  # more than the limits and couplings of a robot's joints
ROWS_PER_TILE = 16
CONTACTS_PER_PAIR = 4  # of two convex pieces, face to face
_FINGERS = 24
_BAR = 4.0  # what is longer than so many times its width
_FLUSH = 0.001  # pieces whose ends differ by less lie in one plane [m]

Face = tuple[np.ndarray, float]
"""Pieces that end in one plane: their extents in it (pieces, 2), and how near their middles are to each other [m]."""


@dataclass(frozen=True)
class Room:
    """Room per world.

    Args:
        contacts: On average: all worlds share one list.
        rows: For the constraint rows of each.
    """

    contacts: int
    rows: int

    @property
    def most_contacts(self) -> int:
        """How many contacts a world may have for its rows to suffice."""
        return max(0, (self.rows - JOINT_ROWS) // ROWS_PER_CONTACT)

    def within(self, limit: Room) -> Room:
        """Returns at most the limit's."""
        return Room(min(self.contacts, limit.contacts), min(self.rows, limit.rows))

    def more_contacts(self) -> Room:
        """Returns room for twice as many contacts."""
        return Room(2 * self.contacts, self.rows)

    def more_rows(self) -> Room:
        """Returns twice as many rows."""
        return Room(self.contacts, 2 * self.rows)


def usual_room(limit: Room) -> Room:
    """Returns what worlds get until one needs more: a third of what they can need at most is rarely exceeded."""
    return Room(max(16, _tiles(limit.contacts / 3)), max(96, _tiles(limit.rows / 3))).within(limit)


def room_of(layout: Layout) -> Room:
    """Returns the room that a world can need at most."""
    return Room(contact_capacity(layout), constraint_capacity(layout))


def contact_capacity(layout: Layout) -> int:
    """Contacts per world to make room for, from what the objects' pieces can have with what they meet.

    Every piece may lie on the table and on a neighbour. Objects made of bars meet in more places: two grates that lie
    crosswise touch wherever a bar of one crosses a bar of the other. Of a robot that stands or handles things with all
    its links, each link may have 2.
    """
    if layout.contacts_per_world is not None:
        return layout.contacts_per_world
    card = load_card(layout.robot)
    links = sum(map(len, read_urdf(card).collisions.values())) if card.tip_links else 0
    solid = [slot for slot in layout.bodies if slot.motion != "marker"]
    loose = [slot for slot in solid if not slot.scenery and slot.parent is None]
    models = {model.key: model for slot in loose for model in slot.candidates} if len(loose) > 1 else {}
    faces = {key: _faces(model) for key, model in models.items()}
    touched = {(len(sizes), round(apart, 3)) for found in faces.values() for sizes, apart in found if len(sizes) > 1}
    crossings = Counter({key: max(_crossings(sizes, touched) for sizes, _ in found) for key, found in faces.items()})

    def contacts_of(model: ObjectModel) -> int:
        pieces = len(model.colliders)
        # both objects of a crossing count it, each a half
        return CONTACTS_PER_PAIR * pieces + max(
            CONTACTS_PER_PAIR * pieces, CONTACTS_PER_PAIR * crossings[model.key] // 2
        )

    wanted = _FINGERS + 2 * links + sum(max(map(contacts_of, slot.candidates)) for slot in solid)
    return _tiles(wanted)


def constraint_capacity(layout: Layout) -> int:
    """Constraint rows per world to make room for: 4 per contact (a friction pyramid) and the joints' own.

    Whole tiles of 16, because the solver looks at the rows that fill the last tile, also where it stored none.
    """
    wanted = layout.constraints_per_world or ROWS_PER_CONTACT * contact_capacity(layout) + JOINT_ROWS
    return _tiles(wanted)


def _tiles(wanted: float) -> int:
    return ROWS_PER_TILE * math.ceil(wanted / ROWS_PER_TILE)


def _faces(model: ObjectModel) -> list[Face]:
    """The faces of an object along its axes, with the pieces that end in each."""
    points = [piece_points(piece) for piece in model.colliders]
    low = np.array([corners.min(axis=0) for corners in points])
    high = np.array([corners.max(axis=0) for corners in points])
    faces: list[Face] = []
    for axis in range(3):
        plane = [other for other in range(3) if other != axis]
        for ends in (-low[:, axis], high[:, axis]):
            chosen = ends > ends.max() - _FLUSH
            middles = (0.5 * (low + high))[chosen][:, plane]
            apart = np.linalg.norm(middles[:, None] - middles[None], axis=-1)
            nearest = float(apart[apart > _FLUSH].min(initial=np.inf))
            faces.append(((high - low)[chosen][:, plane], nearest))
    return faces


def _crossings(sizes: np.ndarray, touched: Iterable[tuple[int, float]]) -> int:
    """How many pieces of another object the pieces of a face can lie on, together: a bar on all that it reaches over,
    a squat one on two.

    Args:
        sizes: Of the pieces in their plane [m]. Shape: (pieces, 2).
        touched: Faces that they can meet: their number of pieces, and how near these are to each other [m].
    """
    length, width = sizes.max(axis=1), sizes.min(axis=1)
    most = 0
    for number, apart in touched:
        reached = np.where(length > _BAR * width, 1 + np.floor(length / max(apart, _FLUSH) + 1e-6), 2)
        most = max(most, int(np.minimum(number, reached).sum()))
    return most
