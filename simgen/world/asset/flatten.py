"""From a file's tree of links to what moves: fixed joints are merged, everything in metres, z up, upright frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.raw import Inertial, RawAsset, RawJoint, RawLink, moved_mesh, moved_shape, primitive_mesh
from simgen.world.scene.mesh.read import RawMesh, joined_mesh
from simgen.world.scene.model import Collider, PartJoint

Y_TO_Z = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
_HANDLE = "handle"
_UPRIGHT = (1.0, 0.0, 0.0, 0.0)
_CARRIER_SIDE, _CARRIER_MASS, _CARRIER_INERTIA = 0.004, 0.01, 1e-6  # of a link that is only there to carry [SI]


@dataclass(frozen=True, eq=False)
class FlatLink:
    """One of several links that move as one: what the file says it weighs, and how many of the solids are its own."""

    name: str
    inertial: Inertial | None
    solids: int


@dataclass(frozen=True, eq=False)
class FlatBody:
    """Links that move as one, in one upright frame [m]; the solids are in the order of the links."""

    visuals: tuple[RawMesh, ...]
    solids: tuple[RawMesh | Collider, ...]
    links: tuple[FlatLink, ...]

    def points(self) -> np.ndarray:
        """Returns the vertices of what is drawn, or of what collides where nothing is. Shape: (N, 3)."""
        shapes = self.visuals or [shape for shape in self.solids if isinstance(shape, RawMesh)]
        return np.concatenate([shape.vertices for shape in shapes]) if shapes else np.zeros((0, 3))


@dataclass(frozen=True, eq=False)
class FlatPart:
    """A moving part: its frame is where it is gripped, with the axes of the whole object."""

    body: FlatBody
    joint: PartJoint


@dataclass(frozen=True, eq=False)
class FlatAsset:
    """A root and the parts that move in it, by name.

    Args:
        root: What stands or is carried.
        parts: Each after the one that carries it.
        origins: Of the parts' frames, in the root's, by name. Shape: (3,) each [m].
        carriers: Parts without a shape in the file: one of two joints of what hangs on them.
    """

    root: FlatBody
    parts: dict[str, FlatPart]
    origins: dict[str, np.ndarray]
    carriers: tuple[str, ...] = ()

    def points(self) -> np.ndarray:
        """Returns all vertices in the root's frame, where all joints are at 0. Shape: (N, 3)."""
        moved = [part.body.points() + self.origins[name] for name, part in self.parts.items()]
        return np.concatenate([self.root.points(), *moved])


def flatten(raw: RawAsset, scale: float, y_up: bool) -> FlatAsset:
    """Merges what hangs on fixed joints. A moving link without a shape that carries others becomes a grain of 10 g.

    Args:
        raw: As read.
        scale: Metres per unit of the file.
        y_up: Turn y up to z up.

    Raises:
        BadInput: The root has no shape, or a part has none and carries nothing.
    """
    T_root = {raw.root: _scaled(Y_TO_Z if y_up else np.eye(4), 1.0)}
    owner = {raw.root: raw.root}
    moving: dict[str, RawJoint] = {}
    for joint in raw.joints:
        T_root[joint.child] = T_root[joint.parent] @ _scaled(joint.T_parent_child, scale)
        fixed = joint.kind == "fixed"
        owner[joint.child] = owner[joint.parent] if fixed else joint.child
        if not fixed:
            moving[joint.child] = joint
    bodies = {
        link: _body([(raw.links[each], T_root[each]) for each, holder in owner.items() if holder == link], scale)
        for link in [raw.root, *moving]
    }
    empty = [link for link, body in bodies.items() if not len(body.points()) and not body.solids]
    carrying = {owner[joint.parent] for joint in moving.values()} - {raw.root}
    for link in empty:
        if link not in carrying:
            raise BadInput(f"link {link!r} has no shape: nothing to draw and nothing to collide with.")
        bodies[link] = _carrier(T_root[link][:3, 3])
    names = part_names(moving)
    origins = {link: _grip(bodies[link], T_root[link]) for link in moving} | {raw.root: np.zeros(3)}
    parts = {}
    for link, joint in moving.items():
        parent, origin = owner[joint.parent], origins[link]
        held = _joint(joint, names.get(parent, ""), T_root[link], origin, origins[parent], scale)
        parts[names[link]] = FlatPart(_shifted(bodies[link], -origin), held)
    at = {names[link]: origins[link] for link in moving}
    return FlatAsset(bodies[raw.root], parts, at, tuple(names[link] for link in empty))


def part_names(links: Iterable[str]) -> dict[str, str]:
    """Returns names that a task can write: letters, digits and _, a letter first, all different."""
    names: dict[str, str] = {}
    for link in links:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", link).strip("_") or "part"
        plain = plain if plain[0].isalpha() else f"part_{plain}"
        name, number = plain[:60], 1
        while name in names.values():
            number += 1
            name = f"{plain[:60]}_{number}"
        names[link] = name
    return names


def opens_backwards(joint: RawJoint) -> bool:
    """Says whether a joint moves from 0 to negative values: its axis is turned round, so that 0 is closed."""
    return joint.lower < 0.0 and joint.upper <= 0.01 * (joint.upper - joint.lower)


def moved_origin(flat: FlatAsset, origin: np.ndarray) -> FlatAsset:
    """Returns the asset with its origin at a point (3,) [m] of its frame."""
    parts = {
        name: part
        if part.joint.parent
        else replace(part, joint=replace(part.joint, position=part.joint.position - origin))
        for name, part in flat.parts.items()
    }
    origins = {name: at - origin for name, at in flat.origins.items()}
    return replace(flat, root=_shifted(flat.root, -origin), parts=parts, origins=origins)


def _scaled(T: np.ndarray, scale: float) -> np.ndarray:
    scaled = np.array(T, float)
    scaled[:3, 3] *= scale
    return scaled


def _body(links: Sequence[tuple[RawLink, np.ndarray]], scale: float) -> FlatBody:
    visuals, solids, flat = [], [], []
    grow = np.diag([scale, scale, scale, 1.0])
    collides = any(link.collisions for link, _ in links)
    for link, T in links:
        drawn = [moved_mesh(mesh, T @ grow) for mesh in link.visuals]
        visuals += drawn
        own = [moved_shape(_grown(shape, scale), T) for shape in link.collisions]
        if drawn and not collides:
            own = [joined_mesh(drawn)]
        solids += own
        flat.append(FlatLink(link.name, _moved_inertial(link.inertial, T, scale), len(own)))
    return FlatBody(tuple(visuals), tuple(solids), tuple(flat))


def _moved_inertial(given: Inertial | None, T: np.ndarray, scale: float) -> Inertial | None:
    if given is None:
        return None
    turn = T[:3, :3]
    center = None if given.center is None else turn @ (given.center * scale) + T[:3, 3]
    inertia = None if given.inertia is None else turn @ given.inertia @ turn.T * scale**2
    return Inertial(given.mass, center, inertia)


def _carrier(origin: np.ndarray) -> FlatBody:
    """What stands for a link without a shape, which no solver can move: light, and too small to be seen."""
    grain = Collider("box", (_CARRIER_SIDE,) * 3, position=origin.copy())
    inertial = Inertial(_CARRIER_MASS, origin.copy(), _CARRIER_INERTIA * np.eye(3))
    return FlatBody((primitive_mesh(grain, "carrier", None),), (grain,), (FlatLink("carrier", inertial, 1),))


def _grown(shape: RawMesh | Collider, scale: float) -> RawMesh | Collider:
    if isinstance(shape, RawMesh):
        return replace(shape, vertices=shape.vertices * scale)
    return replace(shape, size=tuple(length * scale for length in shape.size), position=shape.position * scale)


def _shifted(body: FlatBody, way: np.ndarray) -> FlatBody:
    T = np.eye(4)
    T[:3, 3] = way
    return FlatBody(
        tuple(moved_mesh(mesh, T) for mesh in body.visuals),
        tuple(moved_shape(shape, T) for shape in body.solids),
        tuple(replace(link, inertial=_moved_inertial(link.inertial, T, 1.0)) for link in body.links),
    )


def _grip(body: FlatBody, T_root_link: np.ndarray) -> np.ndarray:
    """Returns the middle of what is called a handle, else the link's own origin, in the root's frame [m]."""
    handles = [mesh.vertices for mesh in body.visuals if _HANDLE in mesh.name.lower()]
    if not handles:
        return T_root_link[:3, 3].copy()
    points = np.concatenate(handles)
    return 0.5 * (points.min(axis=0) + points.max(axis=0))


def _joint(
    joint: RawJoint, parent: str, T: np.ndarray, origin: np.ndarray, parent_origin: np.ndarray, scale: float
) -> PartJoint:
    reach = scale if joint.kind == "prismatic" else 1.0
    lower, upper = joint.lower * reach, joint.upper * reach
    axis = T[:3, :3] @ joint.axis
    if opens_backwards(joint):
        lower, upper, axis = -upper + 0.0, -lower, -axis
    return PartJoint(
        "prismatic" if joint.kind == "prismatic" else "revolute",
        parent,
        origin - parent_origin,
        np.array(_UPRIGHT),
        axis,
        T[:3, :3] @ (joint.anchor * scale) + T[:3, 3] - origin,
        lower,
        upper,
        joint.friction,
        joint.damping,
    )
