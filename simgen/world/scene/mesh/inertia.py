"""Volume, centre of mass and inertia of solids of density 1, and what a change of scale makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Integral of x x^T over the tetrahedron (origin, e1, e2, e3), times 120.
_UNIT_TETRAHEDRON = np.ones((3, 3)) + np.eye(3)


@dataclass(frozen=True, eq=False)
class MassProperties:
    """Of a solid with a density of 1 kg/m^3.

    Args:
        volume: [m^3]; equals the mass [kg].
        center: Centre of mass [m]. Shape: (3,).
        inertia: About the centre of mass [kg m^2]. Shape: (3, 3).
    """

    volume: float
    center: np.ndarray
    inertia: np.ndarray


def mesh_mass_properties(vertices: np.ndarray, faces: np.ndarray) -> MassProperties:
    """Integrates a closed surface by signed tetrahedra; the volume is negative where faces look inwards.

    Args:
        vertices: [m]. Shape: (V, 3).
        faces: Shape: (F, 3).
    """
    vertices = np.asarray(vertices, np.float64)
    middle = vertices.mean(axis=0)
    corners = (vertices - middle)[faces]
    determinants = np.linalg.det(corners)
    volume = determinants.sum() / 6.0
    if abs(volume) < 1e-18:
        return MassProperties(0.0, middle, np.zeros((3, 3)))
    center = (determinants[:, None] * corners.sum(axis=1)).sum(axis=0) / 24.0 / volume
    second = np.einsum("f,fki,kl,flj->ij", determinants, corners, _UNIT_TETRAHEDRON, corners) / 120.0
    second -= volume * np.outer(center, center)
    return MassProperties(float(volume), center + middle, inertia_from_second_moment(second))


def box_mass_properties(sides: np.ndarray, center: np.ndarray) -> MassProperties:
    """Returns those of a box with full side lengths (3,) [m] around a centre (3,) [m]."""
    volume = float(sides.prod())
    return MassProperties(volume, center, np.diag((sides**2).sum() - sides**2) * volume / 12.0)


def joined_mass_properties(parts: Sequence[MassProperties]) -> MassProperties:
    """Returns those of several solids as one; where they overlap, both count."""
    volume = sum(part.volume for part in parts)
    center = sum((part.volume * part.center for part in parts), np.zeros(3)) / volume
    inertia = np.zeros((3, 3))
    for part in parts:
        way = part.center - center
        inertia += part.inertia + part.volume * (way @ way * np.eye(3) - np.outer(way, way))
    return MassProperties(float(volume), center, inertia)


def inertia_from_second_moment(second: np.ndarray) -> np.ndarray:
    """Turns the integral of x x^T into the inertia matrix. Shape: (3, 3)."""
    return np.trace(second) * np.eye(3) - second


def scale_mass_properties(properties: MassProperties, scale: np.ndarray) -> MassProperties:
    """Returns the properties after scaling the solid about the origin by a factor per axis, still at density 1."""
    scale = np.asarray(scale, np.float64)
    second = 0.5 * np.trace(properties.inertia) * np.eye(3) - properties.inertia
    factor = float(np.prod(scale))
    second = factor * second * np.outer(scale, scale)
    return MassProperties(properties.volume * factor, properties.center * scale, inertia_from_second_moment(second))
