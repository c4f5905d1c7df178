"""A USD stage as an asset: meshes and primitives, rigid bodies, fixed, revolute and prismatic joints of UsdPhysics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from simgen.errors import BadInput
from simgen.world.asset.raw import UNLIMITED, Inertial, RawAsset, RawJoint, RawJointKind, RawLink, pose_matrix
from simgen.world.asset.read_urdf import tree_of
from simgen.world.asset.usd_shapes import drawn_mesh, is_shape, pxr, solid_shape

_WORLD = "world"
_JOINTS: dict[str, RawJointKind] = {
    "PhysicsFixedJoint": "fixed",
    "PhysicsRevoluteJoint": "revolute",
    "PhysicsPrismaticJoint": "prismatic",
}
_AXES = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}


def read_usd_asset(path: Path) -> RawAsset:
    """Reads a USD, USDA, USDC or USDZ file.

    Raises:
        BadInput: The package for USD is missing, the file is broken or empty, or it has a joint of another type.
    """
    try:
        Tf, Usd = pxr("Tf"), pxr("Usd")
    except ImportError as error:
        raise BadInput(f"{path}: USD files need another package: pip install 'simgen-toolkit[usd]'.") from error
    try:
        stage = Usd.Stage.Open(str(path))
    except Tf.ErrorException as error:
        raise BadInput(f"{path}: cannot be read as USD ({_reason(error)}).") from error
    return _Reader(path, stage).read()


class _Reader:
    """Turns an open stage into links."""

    def __init__(self, path: Path, stage: Any) -> None:
        Usd, UsdGeom = pxr("Usd"), pxr("UsdGeom")

        self._path, self._stage, self._notes = path, stage, []
        self._cache = UsdGeom.XformCache(Usd.TimeCode.Default())
        self._prims = list(Usd.PrimRange.Stage(stage, Usd.TraverseInstanceProxies()))
        self._links: dict[str, Any] = {}  # prims of rigid bodies by the name of their link

    def read(self) -> RawAsset:
        UsdGeom, UsdPhysics = pxr("UsdGeom"), pxr("UsdPhysics")

        for prim in self._prims:
            if prim.HasAPI(UsdPhysics.RigidBodyAPI):
                name = prim.GetName()
                self._links[name if name not in self._links else str(prim.GetPath())] = prim
        joints = [self._joint(prim) for prim in self._prims if prim.IsA(UsdPhysics.Joint)]
        shapes = [prim for prim in self._prims if is_shape(prim)]
        if not shapes:
            raise BadInput(f"{self._path}: no meshes or primitives in the file.")
        links = [self._link(name, [prim for prim in shapes if self._owner(prim) == name]) for name in self._links]
        loose = [prim for prim in shapes if self._owner(prim) == _WORLD]
        if loose or not links or any(_WORLD in (joint.parent, joint.child) for joint in joints):
            links.insert(0, self._link(_WORLD, loose))
        root, ordered = tree_of(self._path, [link.name for link in links], joints)
        y_up = UsdGeom.GetStageUpAxis(self._stage) == UsdGeom.Tokens.y
        unit = float(UsdGeom.GetStageMetersPerUnit(self._stage))
        return RawAsset(root, {link.name: link for link in links}, ordered, tuple(self._notes), y_up, unit)

    def _owner(self, prim: Any) -> str:
        """Returns the link whose rigid body a prim is or lies below."""
        names = {body.GetPath(): name for name, body in self._links.items()}
        return next((names[path] for path in prim.GetPath().GetAncestorsRange() if path in names), _WORLD)

    def _T_world(self, prim: Any) -> np.ndarray:
        """Returns a prim's transform; USD multiplies rows from the left."""
        return np.array(self._cache.GetLocalToWorldTransform(prim), float).T

    def _T_link(self, link: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns the rigid frame of a link in the stage (4, 4), and the scale of its prim (3,)."""
        if link == _WORLD:
            return np.eye(4), np.ones(3)
        T = self._T_world(self._links[link])
        scale = np.linalg.norm(T[:3, :3], axis=0)
        T[:3, :3] /= scale
        return T, scale

    def _link(self, name: str, shapes: list[Any]) -> RawLink:
        to_link = np.linalg.inv(self._T_link(name)[0])
        visuals, solids = [], []
        for prim in shapes:
            T = to_link @ self._T_world(prim)
            mesh = drawn_mesh(prim, T, self._path)
            if mesh is not None:
                visuals.append(mesh)
            if self._collides(prim):
                solids.append(solid_shape(prim, T, self._path))
        return RawLink(name, tuple(visuals), tuple(solids), None if name == _WORLD else self._inertial(name))

    def _collides(self, prim: Any) -> bool:
        UsdPhysics = pxr("UsdPhysics")

        while prim and not prim.IsPseudoRoot():
            if prim.HasAPI(UsdPhysics.CollisionAPI):
                return bool(UsdPhysics.CollisionAPI(prim).GetCollisionEnabledAttr().Get())
            if prim.HasAPI(UsdPhysics.RigidBodyAPI):
                return False
            prim = prim.GetParent()
        return False

    def _inertial(self, link: str) -> Inertial | None:
        UsdPhysics = pxr("UsdPhysics")

        prim = self._links[link]
        if not prim.HasAPI(UsdPhysics.MassAPI):
            return None
        entry = UsdPhysics.MassAPI(prim)
        mass, moments = entry.GetMassAttr().Get(), np.array(entry.GetDiagonalInertiaAttr().Get(), float)
        if not mass:
            return None
        center = np.array(entry.GetCenterOfMassAttr().Get(), float)
        center = center if np.isfinite(center).all() else None
        if moments.min() <= 0:
            return Inertial(float(mass), center, None)
        axes = _wxyz(entry.GetPrincipalAxesAttr().Get())
        R = pose_matrix(np.zeros(3), axes if np.linalg.norm(axes) > 0.5 else (1.0, 0.0, 0.0, 0.0))[:3, :3]
        return Inertial(float(mass), center, R @ np.diag(moments) @ R.T)

    def _joint(self, prim: Any) -> RawJoint:
        name, kind = prim.GetName(), _JOINTS.get(prim.GetTypeName())
        where = f"{self._path}: joint {name!r}"
        if kind is None:
            found = str(prim.GetTypeName()).removeprefix("Physics")
            raise BadInput(f"{where} is of type {found!r}. Allowed: FixedJoint, RevoluteJoint, PrismaticJoint.")
        parent, child = self._end(prim, "body0"), self._end(prim, "body1")
        frames = []
        for number, link in ((0, parent), (1, child)):
            position = np.array(prim.GetAttribute(f"physics:localPos{number}").Get(), float)
            turn = _wxyz(prim.GetAttribute(f"physics:localRot{number}").Get())
            frames.append(pose_matrix(position * self._T_link(link)[1], turn))
        T = frames[0] @ np.linalg.inv(frames[1])
        if kind == "fixed":
            return RawJoint(name, "fixed", parent, child, T)
        axis = frames[1][:3, :3] @ np.array(_AXES[str(prim.GetAttribute("physics:axis").Get() or "X")])
        ends = [prim.GetAttribute(f"physics:{end}Limit").Get() for end in ("lower", "upper")]
        lower, upper = (float("nan") if end is None else float(end) for end in ends)
        if kind == "revolute":
            lower, upper = np.radians([lower, upper]).tolist()
        if not (np.isfinite(lower) and np.isfinite(upper)):
            if kind == "prismatic":
                raise BadInput(f"{where} slides without limits. Give it some.")
            self._notes.append(f"joint {name!r} turns without end; here it may turn {UNLIMITED:.3g} rad either way")
            lower, upper = -UNLIMITED, UNLIMITED
        if not lower < upper:
            raise BadInput(f"{where} cannot move: its limits are {lower:g} and {upper:g}. Make it a fixed joint.")
        friction = prim.GetAttribute("physxJoint:jointFriction")
        friction = float(friction.Get() or 0.0) if friction else 0.0
        return RawJoint(
            name, kind, parent, child, T, axis, frames[1][:3, 3], lower, upper, friction, _damping(prim, kind)
        )

    def _end(self, prim: Any, which: str) -> str:
        targets = prim.GetRelationship(f"physics:{which}").GetTargets()
        if not targets:
            return _WORLD
        names = {body.GetPath(): name for name, body in self._links.items()}
        return names.get(targets[0], _WORLD)


def _reason(error: Any) -> str:
    """Returns the first of USD's own words on what is wrong, without the places in its source that it names too."""
    said = [" ".join(each.commentary.split()) for each in error.args if hasattr(each, "commentary")]
    return next((text[:200] for text in said if not text.startswith("Failed to open layer")), "it is no USD layer")


def _damping(prim: Any, kind: str) -> float:
    """Returns the damping of a joint's drive that has no spring [N m s/rad or N s/m]; USD's is per degree."""
    which = "angular" if kind == "revolute" else "linear"
    values = [prim.GetAttribute(f"drive:{which}:physics:{name}") for name in ("damping", "stiffness")]
    damping, stiffness = (float(value.Get() or 0.0) if value else 0.0 for value in values)
    return 0.0 if stiffness else damping * (180.0 / np.pi if kind == "revolute" else 1.0)


def _wxyz(quaternion: Any) -> np.ndarray:
    return np.array([quaternion.GetReal(), *quaternion.GetImaginary()], float)
