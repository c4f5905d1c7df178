"""An MJCF model as an asset, compiled by MuJoCo: bodies with geoms and inertia, hinge and slide joints."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

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
    pose_matrix,
    primitive_mesh,
)
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.read import RawMesh
from simgen.world.scene.model import Collider

_FREE, _BALL, _SLIDE = 0, 1, 2  # mujoco.mjtJoint
_PLANE, _HFIELD, _SPHERE, _CAPSULE, _ELLIPSOID, _CYLINDER, _BOX, _MESH = range(8)  # mujoco.mjtGeom


def read_mjcf_asset(path: Path) -> RawAsset:
    """Reads an MJCF file.

    Raises:
        BadInput: MuJoCo cannot compile it, a joint of another type, or bodies that are no single thing.
    """
    import mujoco

    try:
        model = cast(Any, mujoco).MjModel.from_xml_path(str(path))
    except ValueError as error:
        raise BadInput(f"{path}: cannot be read as MJCF ({' '.join(str(error).split())}).") from error
    return _Reader(path, model).read()


class _Reader:
    """Turns a compiled model into links."""

    def __init__(self, path: Path, model) -> None:
        self._path, self._model, self._notes = path, model, []

    def read(self) -> RawAsset:
        model = self._model
        links = [self._link(index) for index in range(model.nbody)]
        joints = [joint for index in range(1, model.nbody) if (joint := self._joint(index)) is not None]
        loose = [index for index in range(1, model.nbody) if self._floats(index)]
        top = [index for index in range(1, model.nbody) if model.body_parentid[index] == 0]
        world = links[0].visuals or links[0].collisions
        if not world and len(top) == 1 and (loose or model.body_jntnum[top[0]] == 0):
            root = links[top[0]].name
            kept, joints = links[1:], [joint for joint in joints if joint.child != root]
        elif loose or not (world or model.nbody > 1):
            names = ", ".join(links[index].name for index in top) or "none"
            raise BadInput(f"{self._path}: an asset is one thing; the bodies that stand in the world are: {names}.")
        else:
            root, kept = links[0].name, links
        return RawAsset(root, {link.name: link for link in kept}, tuple(joints), tuple(dict.fromkeys(self._notes)))

    def _name(self, kind: str, index: int) -> str:
        return getattr(self._model, kind)(index).name or f"{kind}_{index}"

    def _floats(self, body: int) -> bool:
        start, count = self._model.body_jntadr[body], self._model.body_jntnum[body]
        return count == 1 and self._model.jnt_type[start] == _FREE

    def _link(self, body: int) -> RawLink:
        model = self._model
        first, count = model.body_geomadr[body], model.body_geomnum[body]
        visuals, solids = [], []
        for geom in range(first, first + count):
            shape = self._shape(geom, body)
            if shape is None:
                continue
            color = srgb_to_linear(np.clip(self._rgba(geom)[:3], 0.0, 1.0)).tolist()
            name = self._name("geom", geom) if model.geom(geom).name else self._name("body", body)
            if model.geom_group[geom] < 3:  # MuJoCo's viewer hides the others: they only collide
                drawn = painted_mesh(shape, color) if isinstance(shape, RawMesh) else primitive_mesh(shape, name, color)
                visuals.append(RawMesh(name, drawn.vertices, drawn.faces, drawn.colors))
            if model.geom_contype[geom] or model.geom_conaffinity[geom]:
                solids.append(shape)
        inertial = self._inertial(body) if body > 0 else None
        return RawLink(self._name("body", body), tuple(visuals), tuple(solids), inertial)

    def _rgba(self, geom: int) -> np.ndarray:
        material = self._model.geom_matid[geom]
        return self._model.geom_rgba[geom] if material < 0 else self._model.mat_rgba[material]

    def _inertial(self, body: int) -> Inertial | None:
        model = self._model
        mass, moments = float(model.body_mass[body]), model.body_inertia[body]
        if mass == 0:
            return None
        T = pose_matrix(model.body_ipos[body], model.body_iquat[body])
        if moments.min() <= 0:
            return Inertial(mass, T[:3, 3], None)
        return Inertial(mass, T[:3, 3], T[:3, :3] @ np.diag(moments) @ T[:3, :3].T)

    def _shape(self, geom: int, body: int) -> RawMesh | Collider | None:
        model = self._model
        kind, size = int(model.geom_type[geom]), model.geom_size[geom]
        position, quaternion = np.array(model.geom_pos[geom]), np.array(model.geom_quat[geom])
        if kind == _MESH:
            return moved_mesh(self._mesh(int(model.geom_dataid[geom])), pose_matrix(position, quaternion))
        sizes = {
            _SPHERE: ("sphere", (float(size[0]),)),
            _CAPSULE: ("capsule", (float(size[0]), 2 * float(size[1]))),
            _CYLINDER: ("cylinder", (float(size[0]), 2 * float(size[1]))),
            _BOX: ("box", tuple(2 * float(half) for half in size)),
        }
        if kind in sizes:
            return Collider(sizes[kind][0], sizes[kind][1], None, position, quaternion)
        if kind == _ELLIPSOID:
            ball = primitive_mesh(Collider("sphere", (1.0,)), "ellipsoid", None)
            return moved_mesh(ball, pose_matrix(position, quaternion) @ np.diag([*size, 1.0]))
        if kind == _PLANE and body == 0:
            self._notes.append("the plane of the world was left out")
            return None
        found = {_PLANE: "plane", _HFIELD: "height field"}.get(kind, "signed distance field")
        raise BadInput(
            f"{self._path}: body {self._name('body', body)!r} has a {found}. Allowed: mesh, box, cylinder, capsule, "
            "sphere, ellipsoid."
        )

    def _mesh(self, mesh: int) -> RawMesh:
        model = self._model
        start, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        first, number = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        vertices = np.array(model.mesh_vert[start : start + count], np.float64)
        return RawMesh(self._name("mesh", mesh), vertices, np.array(model.mesh_face[first : first + number], np.int64))

    def _joint(self, body: int) -> RawJoint | None:
        model = self._model
        parent, child = self._name("body", model.body_parentid[body]), self._name("body", body)
        T = pose_matrix(model.body_pos[body], model.body_quat[body])
        start, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
        if count == 0 or self._floats(body):
            return RawJoint(child, "fixed", parent, child, T)
        name, kind = self._name("jnt", start), int(model.jnt_type[start])
        if count > 1:
            raise BadInput(f"{self._path}: body {child!r} has {count} joints. Allowed: one hinge or slide joint.")
        if kind in (_FREE, _BALL):
            found = "free" if kind == _FREE else "ball"
            raise BadInput(f"{self._path}: joint {name!r} is of type {found!r}. Allowed: hinge, slide.")
        lower, upper = (float(end) for end in model.jnt_range[start])
        if not model.jnt_limited[start]:
            if kind == _SLIDE:
                raise BadInput(f"{self._path}: joint {name!r} slides without limits. Give it a range.")
            self._notes.append(f"joint {name!r} turns without end; here it may turn {UNLIMITED:.3g} rad either way")
            lower, upper = -UNLIMITED, UNLIMITED
        dof, rest = model.jnt_dofadr[start], float(model.qpos0[model.jnt_qposadr[start]])
        if rest != 0.0:
            raise BadInput(f"{self._path}: joint {name!r} has ref={rest:g}. Allowed: 0.")
        return RawJoint(
            name, "prismatic" if kind == _SLIDE else "revolute", parent, child, T,
            np.array(model.jnt_axis[start]), np.array(model.jnt_pos[start]), lower, upper,
            float(model.dof_frictionloss[dof]), float(np.max(model.dof_damping[dof])),
        )  # fmt: skip
