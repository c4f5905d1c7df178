"""Triangles and colours out of mesh files of any common type, through trimesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from simgen.errors import BadInput
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.join import joined_faces

MESH_SUFFIXES = (".stl", ".obj", ".glb", ".gltf", ".ply", ".off", ".dae")
_TEXELS_PER_VERTEX = 2.0  # along one side of a texture
_NO_COLOR = 0.6  # linear grey of parts without a colour beside coloured ones


@dataclass(frozen=True, eq=False)
class RawMesh:
    """A surface as a file has it.

    Args:
        name: Of the part in the file, or the file's own.
        vertices: Shape: (V, 3), float64.
        faces: Shape: (F, 3).
        colors: Linear, per vertex, or None. Shape: (V, 3).
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray | None = None


def read_parts(path: Path, texture_detail: int = 0) -> list[RawMesh]:
    """Returns the parts of a mesh file, each in its place.

    Args:
        path: STL, OBJ, GLB, GLTF, PLY, OFF or DAE.
        texture_detail: Triangles that textured parts together are cut into where they have fewer: a picture on a box of
            twelve would else be lost, since colours are kept at vertices.

    Raises:
        BadInput: No such file, unknown type, broken or empty file, vertices that are not numbers.
    """
    import trimesh

    if not path.is_file():
        raise BadInput(f"{path}: no such mesh file.")
    if path.suffix.lower() not in MESH_SUFFIXES:
        raise BadInput(f"{path}: unknown mesh type {path.suffix!r}. Allowed: {', '.join(MESH_SUFFIXES)}.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path}: the file is empty.")
    try:
        loaded = trimesh.load(path, process=False)
        parts = loaded.dump() if isinstance(loaded, trimesh.Scene) else [loaded]
        parts = [cast(Any, part) for part in cast(Any, parts) if isinstance(part, trimesh.Trimesh) and len(part.faces)]
        textured = sum(_image(part) is not None for part in parts)
        meshes = [_raw(part, path.stem, texture_detail // max(1, textured)) for part in parts]
    except Exception as error:  # trimesh's readers raise whatever their parsers raise
        raise BadInput(f"{path}: cannot be read as {path.suffix} ({type(error).__name__}: {error}).") from error
    if not meshes:
        raise BadInput(f"{path}: no triangles in the file.")
    for mesh in meshes:
        if not np.isfinite(mesh.vertices).all():
            raise BadInput(f"{path}: some vertices are not numbers.")
        if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
            raise BadInput(f"{path}: some triangles name vertices that are not there.")
    return meshes


def joined_mesh(parts: Sequence[RawMesh], name: str = "") -> RawMesh:
    """Returns several surfaces as one; it has colours if one of them has."""
    vertices, faces = np.concatenate([part.vertices for part in parts]), joined_faces(parts)
    if all(part.colors is None for part in parts):
        return RawMesh(name or parts[0].name, vertices, faces)
    filled = [np.full((len(part.vertices), 3), _NO_COLOR) if part.colors is None else part.colors for part in parts]
    return RawMesh(name or parts[0].name, vertices, faces, np.concatenate(filled))


def _raw(part: Any, name: str, texture_detail: int) -> RawMesh:
    own = str(part.metadata.get("name") or name)
    if _image(part) is not None:
        return _textured(part, own, texture_detail)
    return RawMesh(own, np.asarray(part.vertices, np.float64), np.asarray(part.faces, np.int64), _part_colors(part))


def _image(part: Any) -> Any:
    """Returns the texture of a part, or None."""
    material = getattr(part.visual, "material", None)
    if material is None or getattr(part.visual, "uv", None) is None:
        return None
    return getattr(material, "baseColorTexture", None) or getattr(material, "image", None)


def _textured(part: Any, name: str, detail: int) -> RawMesh:
    """Returns a textured part with the texture's colours at its vertices, cut into up to `detail` triangles."""
    from trimesh.remesh import subdivide
    from trimesh.visual.color import uv_to_color

    vertices, faces, uv = np.asarray(part.vertices, np.float64), np.asarray(part.faces), np.asarray(part.visual.uv)
    while len(faces) * 4 <= detail:
        vertices, faces, more = cast(Any, subdivide)(vertices, faces, vertex_attributes={"uv": uv})
        uv = more["uv"]
    image = _image(part).convert("RGB")
    side = int(_TEXELS_PER_VERTEX * np.sqrt(len(vertices)))  # averages over what lies between two vertices
    image.thumbnail((max(side, 32), max(side, 32)))
    colors = srgb_to_linear(np.asarray(uv_to_color(uv, image))[:, :3] / 255.0)
    return RawMesh(name, vertices, np.asarray(faces, np.int64), colors)


def _part_colors(part: Any) -> np.ndarray | None:
    """Returns linear colours per vertex (V, 3), from vertex colours or the material; None where there are none."""
    visual = part.visual
    if not visual.defined:
        return None
    material = getattr(visual, "material", None)
    if material is None:
        return srgb_to_linear(np.asarray(visual.vertex_colors)[:, :3] / 255.0)
    factor = np.asarray(material.main_color, np.float64)[:3] / 255.0
    linear = factor if hasattr(material, "baseColorFactor") else srgb_to_linear(factor)
    return np.tile(linear, (len(part.vertices), 1))
