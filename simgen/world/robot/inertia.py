"""Mass, centre and moments of a robot's links, read from its URDF."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np

from simgen.world.robot.urdf import Urdf, rotation_from_rpy


@dataclass(frozen=True, eq=False)
class LinkInertia:
    """Mass properties of a link.

    Args:
        mass: [kg]
        center: Centre of mass in the link [m]. Shape: (3,).
        tensor: About the centre of mass, along the link's axes [kg m^2]. Shape: (3, 3).
    """

    mass: float
    center: np.ndarray
    tensor: np.ndarray


def link_inertias(urdf: Urdf) -> dict[str, LinkInertia]:
    """Returns the mass properties of the links that have some; frames without mass are left out."""
    found = {}
    for link in ET.fromstring(urdf.kinematic_text).findall("link"):
        inertial = link.find("inertial")
        if inertial is not None:
            inertia = _read(inertial)
            if inertia.mass > 0.0:
                found[str(link.get("name"))] = inertia
    return found


def principal_axes(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the principal moments (3,) of an inertia tensor and the rotation to their axes (3, 3)."""
    if np.allclose(tensor, np.diag(np.diag(tensor)), rtol=0.0, atol=1e-12 * float(np.abs(tensor).max())):
        return np.diag(tensor).copy(), np.eye(3)
    moments, axes = np.linalg.eigh(tensor)
    if np.linalg.det(axes) < 0.0:
        axes[:, 2] = -axes[:, 2]
    return moments, axes


def _read(inertial: ET.Element) -> LinkInertia:
    mass, origin, moments = (inertial.find(name) for name in ("mass", "origin", "inertia"))
    center, rpy = np.zeros(3), [0.0, 0.0, 0.0]
    if origin is not None:
        center = np.array([float(value) for value in origin.get("xyz", "0 0 0").split()])
        rpy = [float(value) for value in origin.get("rpy", "0 0 0").split()]
    tensor = np.zeros((3, 3))
    if moments is not None:
        xx, xy, xz, yy, yz, zz = (float(moments.get(name, 0.0)) for name in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz"))
        tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    R = rotation_from_rpy(rpy[0], rpy[1], rpy[2])
    return LinkInertia(0.0 if mass is None else float(mass.get("value", 0.0)), center, R @ tensor @ R.T)
