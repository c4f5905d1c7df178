"""A URDF as an asset: links with shapes and inertia, fixed, revolute, continuous and prismatic joints."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.raw import (
    UNLIMITED,
    Inertial,
    RawAsset,
    RawJoint,
    RawLink,
    moved_mesh,
    painted_mesh,
    primitive_mesh,
)
from simgen.world.asset.read_mesh import TEXTURE_DETAIL
from simgen.world.robot.urdf import rotation_from_rpy
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.read import RawMesh, joined_mesh, read_parts
from simgen.world.scene.model import Collider

JOINTS = ("fixed", "revolute", "continuous", "prismatic")


def read_urdf_asset(path: Path) -> RawAsset:
    """Reads a URDF.

    Raises:
        BadInput: No XML, no URDF, links that are no tree, a joint of another type, a mesh that is missing or broken.
    """
    return _Reader(path).read()


class _Reader:
    """Reads one file; collects notes on the way."""

    def __init__(self, path: Path) -> None:
        self._path, self._notes = path, []
        try:
            self._xml = ET.parse(path).getroot()
        except (ET.ParseError, OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path}: cannot be read as URDF ({error}).") from error
        if self._xml.tag != "robot":
            raise BadInput(f"{path}: is no URDF: its first element is <{self._xml.tag}>, not <robot>.")
        self._colors = _colors(self._xml.iter("material"))

    def read(self) -> RawAsset:
        missing = sorted({name for name in self._mesh_names() if self._mesh_path(name) is None})
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise BadInput(f"{self._path}: mesh files are missing: {', '.join(missing[:3])}{more}.")
        links = {link.name: link for link in map(self._link, self._link_elements())}
        joints = [self._joint(element) for element in self._xml.findall("joint")]
        root, ordered = tree_of(self._path, list(links), joints)
        return RawAsset(root, links, ordered, tuple(dict.fromkeys(self._notes)))

    def _link_elements(self) -> list[ET.Element]:
        elements = self._xml.findall("link")
        names = [str(element.get("name")) for element in elements]
        twice = [name for number, name in enumerate(names) if name in names[:number]]
        if twice:
            raise BadInput(f"{self._path}: more than one link is called {twice[0]!r}. Allowed: a name of its own each.")
        return elements

    def _mesh_names(self) -> Iterable[str]:
        return (str(mesh.get("filename")) for mesh in self._xml.iter("mesh"))

    def _mesh_path(self, name: str) -> Path | None:
        """Returns the file that a URDF means by a path, file:// or package:// address, if it is there."""
        folder = self._path.resolve().parent
        if name.startswith("package://"):
            whole = name.removeprefix("package://")
            inside = whole.partition("/")[2]
            tries = [base / each for base in (folder, *folder.parents) for each in (whole, inside)]
        else:
            tries = [folder / name.removeprefix("file://")]
        return next((path for path in tries if path.is_file()), None)

    def _link(self, element: ET.Element) -> RawLink:
        name = str(element.get("name"))
        drawn = [shape for shape in element.findall("visual") if _geometry(shape) is not None]
        visuals = [self._visual(shape, name, TEXTURE_DETAIL // len(drawn)) for shape in drawn]
        solids = [self._solid(shape, name) for shape in element.findall("collision") if _geometry(shape) is not None]
        return RawLink(name, tuple(visuals), tuple(solids), self._inertial(element.find("inertial"), name))

    def _visual(self, element: ET.Element, link: str, texture_detail: int) -> RawMesh:
        name, color = str(element.get("name") or link), self._color(element.find("material"))
        shape = self._solid(element, link, texture_detail)
        if isinstance(shape, Collider):
            return primitive_mesh(shape, name, color)
        file = Path(str(_found(_geometry(element)).get("filename"))).stem
        return painted_mesh(RawMesh(f"{name} {file}", shape.vertices, shape.faces, shape.colors), color)

    def _solid(self, element: ET.Element, link: str, texture_detail: int = 0) -> RawMesh | Collider:
        geometry, T = _found(_geometry(element)), _origin(element)
        where = f"{self._path}: link {link!r}"
        if geometry.tag == "mesh":
            path = self._mesh_path(str(geometry.get("filename")))
            assert path is not None, "missing meshes were reported before"
            scale = _numbers(geometry.get("scale"), (1.0, 1.0, 1.0), where)
            return moved_mesh(joined_mesh(read_parts(path, texture_detail)), T @ np.diag([*scale, 1.0]))
        if geometry.tag == "box":
            kind, size = "box", _numbers(geometry.get("size"), (), where)
        elif geometry.tag in ("cylinder", "capsule"):
            kind = geometry.tag
            size = _numbers(f"{geometry.get('radius')} {geometry.get('length')}", (), where)
        elif geometry.tag == "sphere":
            kind, size = "sphere", _numbers(geometry.get("radius"), (), where)
        else:
            raise BadInput(f"{where}: has a shape <{geometry.tag}>. Allowed: mesh, box, cylinder, capsule, sphere.")
        if len(size) != {"box": 3, "cylinder": 2, "capsule": 2, "sphere": 1}[kind] or min(size) <= 0:
            raise BadInput(f"{where}: the size of its {kind} is not positive: {list(size)}.")
        quaternion = _quaternion(T)
        return Collider(kind, size, None, T[:3, 3], quaternion)

    def _color(self, material: ET.Element | None) -> tuple[float, ...] | None:
        if material is None:
            return None
        own = _colors([material])
        return own.get(str(material.get("name"))) or self._colors.get(str(material.get("name")))

    def _inertial(self, element: ET.Element | None, link: str) -> Inertial | None:
        if element is None:
            return None
        where, mass_tag, tensor_tag = f"{self._path}: link {link!r}", element.find("mass"), element.find("inertia")
        mass = _numbers(None if mass_tag is None else mass_tag.get("value"), (0.0,), where)[0]
        names = ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
        values = [0.0 if tensor_tag is None else _numbers(tensor_tag.get(key), (0.0,), where)[0] for key in names]
        xx, xy, xz, yy, yz, zz = values
        T = _origin(element)
        inertia = T[:3, :3] @ np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) @ T[:3, :3].T
        if mass == 0:
            return None
        if np.linalg.eigvalsh(inertia)[0] <= 0:
            return Inertial(mass, T[:3, 3], None)
        return Inertial(mass, T[:3, 3], inertia)

    def _joint(self, element: ET.Element) -> RawJoint:
        name, kind = str(element.get("name")), str(element.get("type"))
        where = f"{self._path}: joint {name!r}"
        if kind not in JOINTS:
            raise BadInput(f"{where} is of type {kind!r}, which is not supported. Allowed: {', '.join(JOINTS)}.")
        ends = [element.find(end) for end in ("parent", "child")]
        parent, child = (str(end.get("link")) if end is not None else "" for end in ends)
        if element.find("mimic") is not None:
            self._notes.append(f"joint {name!r} moves by itself: its mimic rule was left out")
        if kind == "fixed":
            return RawJoint(name, "fixed", parent, child, _origin(element))
        axis_tag, limit, losses = element.find("axis"), element.find("limit"), element.find("dynamics")
        axis = np.array(_numbers(None if axis_tag is None else axis_tag.get("xyz"), (1.0, 0.0, 0.0), where))
        if axis.shape != (3,) or not np.linalg.norm(axis) > 1e-9:
            raise BadInput(f"{where} has no axis.")
        lower, upper = -UNLIMITED, UNLIMITED
        if kind == "continuous":
            self._notes.append(f"joint {name!r} turns without end; here it may turn {UNLIMITED:.3g} rad either way")
        else:
            ends = [_numbers(None if limit is None else limit.get(end), (0.0,), where)[0] for end in ("lower", "upper")]
            lower, upper = ends
        if not lower < upper:
            raise BadInput(f'{where} cannot move: its limits are {lower:g} and {upper:g}. Give it type="fixed".')
        friction, damping = (
            0.0 if losses is None else _numbers(losses.get(key), (0.0,), where)[0] for key in ("friction", "damping")
        )
        return RawJoint(
            name, "prismatic" if kind == "prismatic" else "revolute", parent, child, _origin(element),
            axis / np.linalg.norm(axis), np.zeros(3), lower, upper, friction, damping,
        )  # fmt: skip


def tree_of(path: Path, links: list[str], joints: list[RawJoint]) -> tuple[str, tuple[RawJoint, ...]]:
    """Returns the root and the joints from it outwards.

    Raises:
        BadInput: The links are not one tree.
    """
    for joint in joints:
        for end in (joint.parent, joint.child):
            if end not in links:
                raise BadInput(f"{path}: joint {joint.name!r} names the link {end!r}, which is not there.")
    children = [joint.child for joint in joints]
    roots = [link for link in links if link not in children]
    if not links or len(roots) != 1 or len(set(children)) != len(children):
        found = ", ".join(roots) or "none"
        raise BadInput(f"{path}: its links must hang together as one tree with one root; roots found: {found}.")
    ordered: list[RawJoint] = []
    reached = {roots[0]}
    while len(ordered) < len(joints):
        fresh = [joint for joint in joints if joint.parent in reached and joint.child not in reached]
        if not fresh:
            raise BadInput(f"{path}: some links hang on each other in a circle.")
        ordered += fresh
        reached |= {joint.child for joint in fresh}
    return roots[0], tuple(ordered)


def _geometry(element: ET.Element) -> ET.Element | None:
    geometry = element.find("geometry")
    return None if geometry is None or len(geometry) == 0 else geometry[0]


def _found(element: ET.Element | None) -> ET.Element:
    assert element is not None
    return element


def _numbers(text: str | None, default: tuple[float, ...], where: str) -> tuple[float, ...]:
    if text is None:
        return default
    try:
        numbers = tuple(float(number) for number in text.split())
    except ValueError:
        raise BadInput(f"{where}: {text!r} are no numbers.") from None
    if not numbers or not np.isfinite(numbers).all():
        raise BadInput(f"{where}: {text!r} are no finite numbers.")
    if default and len(numbers) != len(default):
        raise BadInput(f"{where}: {text!r} must be {len(default)} numbers.")
    return numbers


def _origin(element: ET.Element) -> np.ndarray:
    T, origin = np.eye(4), element.find("origin")
    if origin is not None:
        T[:3, :3] = rotation_from_rpy(*_numbers(origin.get("rpy"), (0.0, 0.0, 0.0), "<origin>"))
        T[:3, 3] = _numbers(origin.get("xyz"), (0.0, 0.0, 0.0), "<origin>")
    return T


def _quaternion(T: np.ndarray) -> np.ndarray:
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(T[:3, :3]).as_quat(scalar_first=True, canonical=True)


def _colors(materials: Iterable[ET.Element]) -> dict[str, tuple[float, ...]]:
    """Returns the linear colours that materials have, by name."""
    colors = {}
    for material in materials:
        color = material.find("color")
        if color is not None:
            rgba = _numbers(color.get("rgba"), (1.0, 1.0, 1.0, 1.0), "<material>")
            colors[str(material.get("name"))] = tuple(srgb_to_linear(np.clip(rgba[:3], 0.0, 1.0)).tolist())
    return colors
