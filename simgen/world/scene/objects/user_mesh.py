"""Objects from the user's own mesh files: STL, OBJ, GLB and PLY through trimesh, with convex pieces for collision."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from simgen.errors import BadInput
from simgen.world.scene.color import srgb_to_linear
from simgen.world.scene.mesh.cache import Arrays, cached_arrays, content_hash
from simgen.world.scene.mesh.convex import hull_faces, hull_volume
from simgen.world.scene.mesh.inertia import MassProperties, mesh_mass_properties
from simgen.world.scene.mesh.simplify import merge_vertices, simplify
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.objects.assemble import finish, mesh_piece

logger = logging.getLogger(__name__)

MESH_SUFFIXES = (".stl", ".obj", ".glb", ".gltf", ".ply", ".off")
SMALLEST, LARGEST = 0.001, 10.0  # allowed range of the largest side [m]
_CORNERS_PER_PIECE = 32
_CONVEX_RATIO = 0.97  # a solid that fills this much of its hull collides as its hull


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
    vertices, faces, colors = _read(path)
    vertices = vertices * float(scale)
    if y_up:
        vertices = vertices[:, [0, 2, 1]] * [1.0, -1.0, 1.0]
    _check_size(path, vertices * later_scale, scale * float(np.mean(later_scale)))
    if center:
        vertices = vertices - 0.5 * (vertices.min(axis=0) + vertices.max(axis=0))
    merged, merged_faces, _ = merge_vertices(vertices, faces)
    hull, hull_triangles = _hull(path, merged)
    mass = _mass(path, merged, merged_faces, hull, hull_triangles)
    mass = replace(mass, inertia=0.5 * (mass.inertia + mass.inertia.T))  # rounding shows in files in millimetres
    pieces = _convex_pieces(path, merged, merged_faces, hull, max_pieces, threshold)
    bounds = np.stack((merged.min(axis=0), merged.max(axis=0)))
    visual = simplify(vertices, faces, triangle_budget, colors)
    return finish(kind or path.stem, visual, tuple(mesh_piece(points) for points in pieces), mass, bounds)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Returns vertices (V, 3) float64, faces (F, 3) and linear colours (V, 3) or None."""
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
    except Exception as error:  # trimesh's readers raise whatever their parsers raise
        raise BadInput(f"{path}: cannot be read as {path.suffix} ({type(error).__name__}: {error}).") from error
    if not parts:
        raise BadInput(f"{path}: no triangles in the file.")
    starts = np.cumsum([0] + [len(part.vertices) for part in parts])
    vertices = np.concatenate([np.asarray(part.vertices, np.float64) for part in parts])
    faces = np.concatenate([np.asarray(part.faces) + start for part, start in zip(parts, starts[:-1], strict=True)])
    if not np.isfinite(vertices).all():
        raise BadInput(f"{path}: some vertices are not numbers.")
    colors = [_part_colors(part) for part in parts]
    if all(color is None for color in colors):
        return vertices, faces, None
    filled = [
        np.full((len(part.vertices), 3), 0.6) if color is None else color
        for part, color in zip(parts, colors, strict=True)
    ]
    return vertices, faces, np.concatenate(filled)


def _part_colors(part: Any) -> np.ndarray | None:
    """Returns linear colours per vertex (V, 3), from vertex colours, the texture at the vertex, or the material."""
    visual = part.visual
    if not visual.defined:
        return None
    material = getattr(visual, "material", None)
    if material is None:
        return srgb_to_linear(np.asarray(visual.vertex_colors)[:, :3] / 255.0)
    image = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    if image is not None and getattr(visual, "uv", None) is not None:
        return srgb_to_linear(np.asarray(visual.to_color().vertex_colors)[:, :3] / 255.0)
    factor = np.asarray(material.main_color, np.float64)[:3] / 255.0
    linear = factor if hasattr(material, "baseColorFactor") else srgb_to_linear(factor)
    return np.tile(linear, (len(part.vertices), 1))


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


def _mass(
    path: Path, vertices: np.ndarray, faces: np.ndarray, hull: np.ndarray, hull_triangles: np.ndarray
) -> MassProperties:
    """Returns the solid's properties, or the hull's with a warning where the surface does not enclose a volume."""
    filled = mesh_mass_properties(hull, hull_triangles)
    if is_closed(faces):
        mass = mesh_mass_properties(vertices, faces)
        if mass.volume < 0:
            mass = mesh_mass_properties(vertices, faces[:, ::-1])
        if 1e-6 * filled.volume < mass.volume <= 1.001 * filled.volume:
            return mass
    logger.warning("%s: the surface is not watertight; volume, mass and inertia are those of its convex hull", path)
    return filled


def is_closed(faces: np.ndarray) -> bool:
    """Tells whether every directed edge meets exactly one opposite edge."""
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    size = int(faces.max()) + 1 if len(faces) else 1
    forward, backward = np.sort(start * size + end), np.sort(end * size + start)
    return bool(len(faces) and (forward == backward).all() and (np.diff(forward) > 0).all())


def _convex_pieces(
    path: Path, vertices: np.ndarray, faces: np.ndarray, hull: np.ndarray, max_pieces: int, threshold: float
) -> list[np.ndarray]:
    """Returns the corners of each convex piece."""
    volume = abs(mesh_mass_properties(vertices, faces).volume) if is_closed(faces) else 0.0
    if max_pieces <= 1 or volume >= _CONVEX_RATIO * hull_volume(hull):
        return [hull]
    try:
        import coacd  # pyright: ignore[reportMissingImports]
    except ImportError:
        logger.warning("%s: collides as its convex hull; for convex pieces: pip install 'simgen-toolkit[mesh]'", path)
        return [hull]

    def compute() -> Arrays:
        coacd.set_log_level("error")
        logger.info("%s: cutting into convex pieces, once", path)
        parts = coacd.run_coacd(
            coacd.Mesh(vertices, faces),
            threshold=threshold,
            max_convex_hull=max_pieces,
            mcts_iterations=60,
            decimate=True,
            max_ch_vertex=_CORNERS_PER_PIECE,
            seed=0,
        )
        return {f"piece_{index:03d}": np.asarray(corners) for index, (corners, _) in enumerate(parts)}

    key = content_hash(np.ascontiguousarray(vertices), np.ascontiguousarray(faces), max_pieces, threshold)
    stored = cached_arrays("convex-1", key, ("piece_000",), compute)
    return [stored[name] for name in sorted(stored)]
