"""Objects from the user's own mesh files: STL, OBJ, GLB and PLY through trimesh, with convex pieces for collision."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from simgen.errors import BadInput
from simgen.world.scene.mesh.convex import hull_faces
from simgen.world.scene.mesh.decompose import convex_pieces, is_closed
from simgen.world.scene.mesh.holes import close_holes
from simgen.world.scene.mesh.inertia import MassProperties, mesh_mass_properties
from simgen.world.scene.mesh.read import joined_mesh, read_parts
from simgen.world.scene.mesh.simplify import merge_vertices, simplify
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import finish, mesh_piece

logger = logging.getLogger(__name__)

SMALLEST, LARGEST = 0.001, 10.0  # allowed range of the largest side [m]


def load_mesh_object(
    path: str | Path,
    scale: float = 1.0,
    *,
    later_scale: np.ndarray | float = 1.0,
    kind: str | None = None,
    center: bool = False,
    y_up: bool = False,
    triangle_budget: int = 5000,
    max_pieces: int = 16,
    threshold: float = 0.05,
) -> ObjectModel:
    """Reads a mesh file as an object.

    Args:
        path: STL, OBJ, GLB, GLTF, PLY or OFF; several parts are joined.
        scale: Factor from the file's unit to metres, 0.001 for millimetres.
        later_scale: Factor, or one per axis, that the finished object is going to get: for the check of its size only.
        kind: Name of the object; default the file's stem.
        center: Move the origin to the centre of the bounding box; else it stays where the file has it.
        y_up: Turn a file whose up axis is y (as glTF demands, though many files are z up) to z up.
        triangle_budget: Of the drawn mesh.
        max_pieces: Most convex pieces of the decomposition (needs the `coacd` package, else the convex hull is used).
        threshold: Concavity that the decomposition leaves, as in CoACD: smaller is finer.

    Raises:
        BadInput: No such file, unknown type, broken or empty file, flat mesh, or a final size outside 1 mm .. 10 m.
    """
    path = Path(path)
    mesh = joined_mesh(read_parts(path))
    vertices, faces = mesh.vertices * float(scale), mesh.faces
    if y_up:
        vertices = vertices[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    _check_size(path, vertices * later_scale, scale * float(np.mean(later_scale)))
    if center:
        vertices = vertices - 0.5 * (vertices.min(axis=0) + vertices.max(axis=0))
    merged, merged_faces, _ = close_holes(*merge_vertices(vertices, faces)[:2])
    hull, hull_triangles = _hull(path, merged)
    mass = solid_mass(merged, merged_faces, hull, hull_triangles)
    if mass is None:
        logger.warning("%s: the surface is not watertight; volume, mass and inertia are those of its convex hull", path)
        mass = mesh_mass_properties(hull, hull_triangles)
    mass = replace(mass, inertia=0.5 * (mass.inertia + mass.inertia.T))  # rounding shows in files in millimetres
    pieces = convex_pieces(str(path), merged, merged_faces, "auto", max_pieces, threshold)
    bounds = np.stack((merged.min(axis=0), merged.max(axis=0)))
    visual = simplify(vertices, faces, triangle_budget, mesh.colors)
    return finish(kind or path.stem, visual, tuple(mesh_piece(points) for points in pieces), mass, bounds)


def solid_mass(
    vertices: np.ndarray, faces: np.ndarray, hull: np.ndarray, hull_triangles: np.ndarray
) -> MassProperties | None:
    """Returns the properties of the solid that a surface encloses, or None where it encloses none."""
    if not is_closed(faces):
        return None
    mass = mesh_mass_properties(vertices, faces)
    if mass.volume < 0:
        mass = mesh_mass_properties(vertices, faces[:, ::-1])
    most = mesh_mass_properties(hull, hull_triangles).volume
    return mass if 1e-6 * most < mass.volume <= 1.001 * most else None


def _check_size(path: Path, vertices: np.ndarray, scale: float) -> None:
    largest = float(np.ptp(vertices, axis=0).max())
    if SMALLEST <= largest <= LARGEST:
        return
    hint = ""
    if largest > LARGEST and SMALLEST <= largest / 1000.0 <= LARGEST:
        hint = f" The file seems to be in millimetres: try scale: {scale * 0.001:g}."
    elif 0 < largest < SMALLEST and largest * 1000.0 <= LARGEST:
        hint = f" Was it scaled twice? Try scale: {scale * 1000.0:g}."
    raise BadInput(f"{path}: the largest side is {largest:g} m, outside {SMALLEST:g} .. {LARGEST:g} m.{hint}")


def _hull(path: Path, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    try:
        return hull_faces(vertices)
    except BadInput as error:
        raise BadInput(f"{path}: the mesh is flat or a line; an object needs a volume.") from error
