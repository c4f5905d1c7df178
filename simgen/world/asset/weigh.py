"""What a body weighs: each of its links as the file says; what the file leaves out is taken from the link's shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simgen.world.asset.flatten import FlatLink
from simgen.world.asset.raw import Inertial
from simgen.world.scene.mesh.inertia import MassProperties, joined_mass_properties

DENSITY = 1000.0  # where nothing says what a thing weighs [kg/m^3]


@dataclass(frozen=True, eq=False)
class Weight:
    """What links that move as one weigh.

    Args:
        whole: Mass [kg], centre and inertia of all; None where the file gives no mass of any link.
        guessed: Links with a shape but no mass in the file; where others have one, they weigh as water.
        shaped: Links whose mass the file gives, and whose inertia it does not or no solid can have.
    """

    whole: MassProperties | None
    guessed: tuple[str, ...]
    shaped: tuple[str, ...]


def weigh(links: Sequence[FlatLink], solids: Sequence[MassProperties]) -> Weight:
    """Weighs links that move as one.

    Args:
        links: In the order of their solids.
        solids: Mass properties of the solids at density 1.
    """
    ends = np.cumsum([link.solids for link in links])
    own = {link.name: solids[end - link.solids : end] for link, end in zip(links, ends, strict=True)}
    guessed = tuple(link.name for link in links if link.inertial is None and link.solids)
    shaped = tuple(link.name for link in links if link.inertial is not None and not _possible(link.inertial.inertia))
    if all(link.inertial is None for link in links):
        return Weight(None, guessed, ())
    parts = []
    for link in links:
        shape = joined_mass_properties(own[link.name] or solids)  # one that only weighs has the shape of the whole
        if link.inertial is not None:
            parts.append(_weighed(link.inertial, shape))
        elif link.solids:
            parts.append(_heavy(shape, DENSITY))
    return Weight(joined_mass_properties(parts), guessed, shaped)


def _weighed(given: Inertial, shape: MassProperties) -> MassProperties:
    center = shape.center if given.center is None else given.center
    if given.inertia is None or not _possible(given.inertia):
        return MassProperties(given.mass, center, _heavy(shape, given.mass / shape.volume).inertia)
    return MassProperties(given.mass, center, _widened(given.inertia))


def _heavy(shape: MassProperties, density: float) -> MassProperties:
    return MassProperties(shape.volume * density, shape.center, shape.inertia * density)


def _possible(inertia: np.ndarray | None) -> bool:
    """Says whether a solid can have an inertia: no moment is larger than the sum of the other two."""
    if inertia is None:
        return False
    moments = np.linalg.eigvalsh(inertia)
    return bool(moments[0] > 0 and moments[0] + moments[1] >= 0.999 * moments[2])


def _widened(inertia: np.ndarray) -> np.ndarray:
    """Returns the inertia of a thing that is not perfectly flat, which engines refuse after rounding."""
    moments = np.linalg.eigvalsh(inertia)
    return inertia + max(0.0, 1.002 * moments[2] - moments[0] - moments[1]) * np.eye(3)
