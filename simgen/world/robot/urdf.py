"""Reads a robot's URDF (and that of the tool bolted to it): links, joints, shapes, and a text for Newton to import."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from simgen.errors import SimgenError
from simgen.world.robot.card import RobotCard
from simgen.world.robot.card_parts import AttachedTool, Vector3
from simgen.world.robot.files import robot_file
from simgen.world.robot.urdf_repair import repair_masses

JointType = Literal["fixed", "revolute", "prismatic"]


@dataclass(frozen=True, eq=False)
class UrdfShape:
    """A <visual> or <collision> element.

    Args:
        kind: "mesh", "box", "cylinder" or "sphere".
        size: Box: full extents; cylinder: (radius, length along z); sphere: (radius,); mesh: scale per axis [m].
        path: Of the mesh.
        color: Linear RGB of the material, or None. Shape: (3,).
        T_link_shape: Pose in the link. Shape: (4, 4).
    """

    kind: str
    size: tuple[float, ...]
    path: Path | None
    color: tuple[float, float, float] | None
    T_link_shape: np.ndarray


@dataclass(frozen=True, eq=False)
class UrdfJoint:
    """A joint: `axis` in the joint frame, limits [rad or m]."""

    name: str
    kind: JointType
    parent: str
    child: str
    T_parent_joint: np.ndarray
    axis: np.ndarray
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Urdf:
    """A robot description; links and joints in the order of the file."""

    base_link: str
    links: tuple[str, ...]
    joints: tuple[UrdfJoint, ...]
    visuals: dict[str, tuple[UrdfShape, ...]]
    collisions: dict[str, tuple[UrdfShape, ...]]
    kinematic_text: str

    def chain(self, link: str) -> list[UrdfJoint]:
        """Returns the joints from the base to a link, in that order."""
        by_child = {joint.child: joint for joint in self.joints}
        joints: list[UrdfJoint] = []
        while link in by_child:
            joints.append(by_child[link])
            link = by_child[link].parent
        return joints[::-1]


def depth_first(urdf: Urdf) -> tuple[str, ...]:
    """Returns the links of a robot from the base on, each branch to its end before the next: the order of engines."""
    children: dict[str, list[str]] = defaultdict(list)
    for joint in urdf.joints:
        children[joint.parent].append(joint.child)
    order, waiting = [], [urdf.base_link]
    while waiting:
        order.append(waiting.pop())
        waiting += reversed(children[order[-1]])
    return tuple(order)


def joint_limits(card: RobotCard) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lowest and the highest position of each joint, in the card's order [rad or m]. Shapes: (dof,)."""
    joints = {joint.name: joint for joint in read_urdf(card).joints}
    ends = np.array([(joints[name].lower, joints[name].upper) for name in card.joint_names])
    return ends[:, 0], ends[:, 1]


def anchored_links(card: RobotCard) -> frozenset[str]:
    """Returns the links that touch neither table nor floor: they are bolted to them, or roll over the floor.

    Of a robot that is bolted down those are the first two; of a base that drives, it, its wheels and what is fixed to
    it; of a robot that stands on its own feet, none.
    """
    urdf, base = read_urdf(card), card.planar_base
    if card.is_floating:
        return frozenset()
    if base is None:
        return frozenset(depth_first(urdf)[:2])
    rigid = {wheel.joint for wheel in base.wheels} | set(base.joints)
    rigid |= {joint.name for joint in urdf.joints if joint.kind == "fixed"}
    return frozenset(link for link in urdf.links if all(joint.name in rigid for joint in urdf.chain(link)))


@cache
def _read(urdf: str, tool: AttachedTool | None, base_link: str, mount_rpy: Vector3 | None) -> Urdf:
    root = _load(urdf)
    if tool is not None:
        _attach(root, tool)
    if mount_rpy is not None:
        _mount(root, base_link, mount_rpy)
    repair_masses(root)
    colors = _named_colors(root)
    joints = tuple(_joint(element) for element in root.findall("joint"))
    links = tuple(str(element.get("name")) for element in root.findall("link"))
    _check_tree(urdf, base_link, links, joints)
    visuals = {str(link.get("name")): _shapes(link, "visual", colors) for link in root.findall("link")}
    collisions = {str(link.get("name")): _shapes(link, "collision", colors) for link in root.findall("link")}
    for link in root.findall("link"):
        for element in [*link.findall("visual"), *link.findall("collision")]:
            link.remove(element)
    return Urdf(base_link, links, joints, visuals, collisions, ET.tostring(root, encoding="unicode"))


def read_urdf(card: RobotCard) -> Urdf:
    """Reads the robot of a card, tool included.

    Returns:
        The description; its `kinematic_text` is the URDF without any <visual> and <collision>.

    Raises:
        SimgenError: If a file is missing or the description is not a tree with the card's base link.
    """
    return _read(card.urdf, card.tool, card.base_link, card.mount_rpy)  # pyright: ignore[reportArgumentType]


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """Returns Rz(yaw) Ry(pitch) Rx(roll), URDF's meaning of roll, pitch, yaw [rad]. Shape: (3, 3)."""
    (sr, sp, sy), (cr, cp, cy) = np.sin([roll, pitch, yaw]), np.cos([roll, pitch, yaw])
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def _load(urdf: str) -> ET.Element:
    """Parses a URDF and makes its mesh paths absolute."""
    path = robot_file(urdf)
    root = ET.parse(path).getroot()
    for mesh in root.iter("mesh"):
        mesh.set("filename", str(path.parent / str(mesh.get("filename"))))
    return root


def _mount(root: ET.Element, link: str, rpy: Vector3) -> None:
    """Adds a link to which the root is bolted with a turn."""
    children = {_end(joint, "child") for joint in root.findall("joint")}
    base = next(str(each.get("name")) for each in root.findall("link") if each.get("name") not in children)
    root.insert(0, ET.Element("link", name=link))
    _bolt(root, base, link, (0.0, 0.0, 0.0), rpy)


def _bolt(root: ET.Element, child: str, parent: str, xyz: Vector3, rpy: Vector3) -> None:
    mount = ET.SubElement(root, "joint", name=f"{child}_mount", type="fixed")
    ET.SubElement(mount, "parent", link=parent)
    ET.SubElement(mount, "child", link=child)
    ET.SubElement(mount, "origin", xyz=" ".join(map(str, xyz)), rpy=" ".join(map(str, rpy)))


def _attach(root: ET.Element, tool: AttachedTool) -> None:
    """Adds the part of the tool's URDF below its root link, joined by a fixed joint."""
    other = _load(tool.urdf)
    parents = {_end(joint, "child"): (_end(joint, "parent"), joint) for joint in other.findall("joint")}

    def belongs(link: str) -> bool:
        while link != tool.root and link in parents:
            link = parents[link][0]
        return link == tool.root

    for link in other.findall("link"):
        if belongs(str(link.get("name"))):
            root.append(link)
    for joint in other.findall("joint"):
        if belongs(_end(joint, "parent")):
            root.append(joint)
    _bolt(root, tool.root, tool.to, tool.xyz, tool.rpy)


def _check_tree(urdf: str, base_link: str, links: tuple[str, ...], joints: tuple[UrdfJoint, ...]) -> None:
    children = [joint.child for joint in joints]
    roots = [link for link in links if link not in children]
    if len(set(children)) != len(children) or roots != [base_link]:
        raise SimgenError(f"{urdf}: the links are not one tree with the root {base_link!r}; roots: {', '.join(roots)}")


def _end(joint: ET.Element, which: str) -> str:
    element = joint.find(which)
    return "" if element is None else str(element.get("link"))


def _numbers(text: str | None, default: tuple[float, ...]) -> tuple[float, ...]:
    return default if text is None else tuple(float(number) for number in text.split())


def _origin(element: ET.Element) -> np.ndarray:
    transform = np.eye(4)
    origin = element.find("origin")
    if origin is not None:
        roll, pitch, yaw = _numbers(origin.get("rpy"), (0.0, 0.0, 0.0))
        transform[:3, :3] = rotation_from_rpy(roll, pitch, yaw)
        transform[:3, 3] = _numbers(origin.get("xyz"), (0.0, 0.0, 0.0))
    return transform


def _joint(element: ET.Element) -> UrdfJoint:
    kind = str(element.get("type"))
    name = str(element.get("name"))
    if kind not in ("fixed", "revolute", "prismatic", "continuous"):
        raise SimgenError(f"joint {name!r} has type {kind!r}; robots may have fixed, revolute and prismatic joints")
    axis, limit = element.find("axis"), element.find("limit")
    lower, upper = -np.inf, np.inf
    if kind in ("revolute", "prismatic") and limit is not None:
        lower, upper = float(limit.get("lower", 0.0)), float(limit.get("upper", 0.0))
    return UrdfJoint(
        name=name,
        kind="revolute" if kind == "continuous" else kind,
        parent=_end(element, "parent"),
        child=_end(element, "child"),
        T_parent_joint=_origin(element),
        axis=np.array(_numbers(None if axis is None else axis.get("xyz"), (1.0, 0.0, 0.0))),
        lower=lower,
        upper=upper,
    )


def _named_colors(root: ET.Element) -> dict[str, tuple[float, float, float]]:
    colors = {}
    for material in root.iter("material"):
        color = material.find("color")
        if color is not None:
            colors[str(material.get("name"))] = _numbers(color.get("rgba"), (1.0, 1.0, 1.0, 1.0))[:3]
    return colors


def _shapes(link: ET.Element, tag: str, colors: dict[str, tuple[float, float, float]]) -> tuple[UrdfShape, ...]:
    shapes = []
    for element in link.findall(tag):
        geometry, material = element.find("geometry"), element.find("material")
        if geometry is None or len(geometry) == 0:
            continue
        color = None if material is None else colors.get(str(material.get("name")))
        kind, size, path = _geometry(geometry[0])
        shapes.append(UrdfShape(kind, size, path, color, _origin(element)))
    return tuple(shapes)


def _geometry(element: ET.Element) -> tuple[str, tuple[float, ...], Path | None]:
    if element.tag == "mesh":
        return "mesh", _numbers(element.get("scale"), (1.0, 1.0, 1.0)), Path(str(element.get("filename")))
    if element.tag == "box":
        return "box", _numbers(element.get("size"), (1.0, 1.0, 1.0)), None
    if element.tag == "cylinder":
        return "cylinder", (float(element.get("radius", 1.0)), float(element.get("length", 1.0))), None
    if element.tag == "sphere":
        return "sphere", (float(element.get("radius", 1.0)),), None
    raise SimgenError(f"a robot has a shape of type {element.tag!r}; known: mesh, box, cylinder, sphere")
