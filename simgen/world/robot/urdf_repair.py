"""Makes what a URDF says about mass possible for engines: links that move weigh something, moments are a solid's."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

FRAME_MASS, FRAME_MOMENT = 1e-3, 1e-6  # of links without mass that move, such as those between the joints of a base
_SLACK = 1e-3  # share by which the two smaller moments shall exceed the largest
_ENTRIES = {"ixx": (0, 0), "ixy": (0, 1), "ixz": (0, 2), "iyy": (1, 1), "iyz": (1, 2), "izz": (2, 2)}


def repair_masses(root: ET.Element) -> None:
    """Changes the masses and moments of a URDF's links that no engine takes."""
    moving = {
        child.get("link")
        for joint in root.findall("joint")
        if joint.get("type") != "fixed" and (child := joint.find("child")) is not None
    }
    for link in root.findall("link"):
        mass = link.find("inertial/mass")
        if mass is not None and float(mass.get("value", 0.0)) > 0.0:
            _fit_moments(link)
        elif link.get("name") in moving:
            _weigh(link)


def _weigh(link: ET.Element) -> None:
    for old in link.findall("inertial"):
        link.remove(old)
    inertial = ET.SubElement(link, "inertial")
    ET.SubElement(inertial, "mass", value=str(FRAME_MASS))
    _write(ET.SubElement(inertial, "inertia"), FRAME_MOMENT * np.eye(3))


def _fit_moments(link: ET.Element) -> None:
    """Of a solid, no principal moment is larger than the sum of the others; where one is, all grow until it is not."""
    inertia = link.find("inertial/inertia")
    if inertia is None:
        return
    tensor = np.zeros((3, 3))
    for name, (row, column) in _ENTRIES.items():
        tensor[row, column] = tensor[column, row] = float(inertia.get(name, 0.0))
    first, second, largest = np.linalg.eigvalsh(tensor)
    if largest > first + second:
        _write(inertia, tensor + ((1.0 + _SLACK) * largest - first - second) * np.eye(3))


def _write(inertia: ET.Element, tensor: np.ndarray) -> None:
    for name, place in _ENTRIES.items():
        inertia.set(name, repr(float(tensor[place])))
