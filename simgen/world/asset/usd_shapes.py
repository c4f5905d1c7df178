"""Meshes and primitives of a USD stage as surfaces and colliders."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.errors import BadInput
from simgen.world.asset.flatten import Y_TO_Z
from simgen.world.asset.raw import moved_mesh, primitive_mesh
from simgen.world.scene.mesh.read import RawMesh
from simgen.world.scene.model import Collider, ColliderKind

_KINDS: dict[str, ColliderKind] = {"Cube": "box", "Sphere": "sphere", "Cylinder": "cylinder", "Capsule": "capsule"}
_X_TO_Z = np.array([[0.0, 0, 1.0, 0], [0, 1.0, 0, 0], [-1.0, 0, 0, 0], [0, 0, 0, 1.0]])
_TURNS = {"X": _X_TO_Z, "Y": Y_TO_Z.T, "Z": np.eye(4)}  # z, along which simgen's primitives stand, to USD's axis


def pxr(module: str) -> Any:
    """Returns a module of USD's package, which is imported when a USD file is read and carries no types."""
    return import_module(f"pxr.{module}")


def is_shape(prim: Any) -> bool:
    """Tells whether a prim is a mesh or a primitive."""
    return str(prim.GetTypeName()) in (*_KINDS, "Mesh")


def drawn_mesh(prim: Any, T: np.ndarray, path: Path) -> RawMesh | None:
    """Returns what a prim looks like, in the frame that T (4, 4) turns its own into, or None if it is not drawn."""
    UsdGeom = pxr("UsdGeom")

    shape = UsdGeom.Imageable(prim)
    hidden = shape.ComputeVisibility() == UsdGeom.Tokens.invisible
    if hidden or shape.ComputePurpose() in (UsdGeom.Tokens.guide, UsdGeom.Tokens.proxy):
        return None
    mesh = _surface(prim, path)
    return moved_mesh(RawMesh(str(prim.GetPath()), mesh.vertices, mesh.faces, _colors(prim, len(mesh.vertices))), T)


def solid_shape(prim: Any, T: np.ndarray, path: Path) -> RawMesh | Collider:
    """Returns what a prim collides as; a primitive that is stretched becomes a mesh, but a box stays a box."""
    if prim.GetTypeName() == "Mesh":
        return moved_mesh(_surface(prim, path), T)
    scale = np.linalg.norm(T[:3, :3], axis=0)
    R = T[:3, :3] / scale
    square = np.allclose(R.T @ R, np.eye(3), atol=1e-6) and np.linalg.det(R) > 0
    piece, turn = _primitive(prim)
    if not square or (piece.kind != "box" and np.ptp(scale) > 1e-6 * scale.max()):
        return moved_mesh(_surface(prim, path), T)
    size = tuple(float(edge) for edge in np.array(piece.size) * (scale if piece.kind == "box" else scale[0]))
    quaternion = Rotation.from_matrix(R @ turn[:3, :3]).as_quat(scalar_first=True, canonical=True)
    return Collider(piece.kind, size, None, T[:3, 3], quaternion)


def _surface(prim: Any, path: Path) -> RawMesh:
    """Returns the surface of a prim in its own frame."""
    if prim.GetTypeName() == "Mesh":
        return _mesh(prim, path)
    piece, turn = _primitive(prim)
    return moved_mesh(primitive_mesh(piece, prim.GetName(), None), turn)


def _primitive(prim: Any) -> tuple[Collider, np.ndarray]:
    """Returns a primitive that stands along z, and the turn (4, 4) to USD's axis."""

    def value(name: str) -> float:
        return float(prim.GetAttribute(name).Get())

    kind = _KINDS[str(prim.GetTypeName())]
    if kind == "box":
        return Collider("box", (value("size"),) * 3), np.eye(4)
    if kind == "sphere":
        return Collider("sphere", (value("radius"),)), np.eye(4)
    return Collider(kind, (value("radius"), value("height"))), _TURNS[str(prim.GetAttribute("axis").Get())]


def _mesh(prim: Any, path: Path) -> RawMesh:
    points = np.array(prim.GetAttribute("points").Get() or [], np.float64).reshape(-1, 3)
    counts = np.array(prim.GetAttribute("faceVertexCounts").Get() or [], np.int64)
    corners = np.array(prim.GetAttribute("faceVertexIndices").Get() or [], np.int64)
    where = f"{path}: mesh {prim.GetPath()}"
    if not len(points) or not len(counts):
        raise BadInput(f"{where} is empty.")
    if not np.isfinite(points).all():
        raise BadInput(f"{where}: some vertices are not numbers.")
    if counts.sum() != len(corners) or corners.min() < 0 or corners.max() >= len(points):
        raise BadInput(f"{where}: some faces name vertices that are not there.")
    faces = _triangles(counts, corners)
    if prim.GetAttribute("orientation").Get() == "leftHanded":
        faces = faces[:, ::-1]
    return RawMesh(prim.GetName(), points, faces)


def _triangles(counts: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Cuts polygons into fans. Shape: (F, 3)."""
    starts = np.cumsum(counts) - counts
    fans = np.maximum(counts - 2, 0)
    start = np.repeat(starts, fans)
    step = np.arange(len(start)) - np.repeat(np.cumsum(fans) - fans, fans)
    return np.stack((corners[start], corners[start + step + 1], corners[start + step + 2]), axis=1)


def _colors(prim: Any, count: int) -> np.ndarray | None:
    """Returns linear colours per vertex (V, 3): of the material where it has one, else the prim's own."""
    UsdGeom, UsdShade = pxr("UsdGeom"), pxr("UsdShade")

    material = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()[0]
    shader = material.ComputeSurfaceSource()[0] if material else None
    diffuse = shader.GetInput("diffuseColor") if shader else None
    if diffuse and diffuse.Get() is not None and not diffuse.HasConnectedSource():
        return np.tile(np.array(diffuse.Get(), float), (count, 1))
    own = np.array(UsdGeom.Gprim(prim).GetDisplayColorAttr().Get() or [], float).reshape(-1, 3)
    if len(own) == count:
        return own
    return np.tile(own[0], (count, 1)) if len(own) == 1 else None
