"""Puts an ObjectModel together from a closed surface and its collision pieces, and scales a finished one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simgen.errors import BadInput
from simgen.world.scene.mesh.cache import content_hash
from simgen.world.scene.mesh.convex import convex_mesh
from simgen.world.scene.mesh.inertia import MassProperties, mesh_mass_properties, scale_mass_properties
from simgen.world.scene.mesh.normals import split_normals
from simgen.world.scene.model import Collider, ObjectModel, TriangleMesh

CREASE_DEG = 30.0


def solid(
    kind: str,
    vertices: np.ndarray,
    faces: np.ndarray,
    colliders: tuple[Collider, ...],
    interior: float | None = None,
    crease_deg: float = CREASE_DEG,
    mass: MassProperties | None = None,
) -> ObjectModel:
    """Makes the model of a closed surface.

    Args:
        kind: Its name.
        vertices: Merged, in the object's frame [m]. Shape: (V, 3).
        faces: Closed and outward. Shape: (F, 3).
        colliders: Convex pieces in the object's frame.
        interior: Height of the inner floor [m], or None.
        crease_deg: Edges that turn by more stay crisp [deg].
        mass: Exact properties, where a formula knows them; else they come from the surface.
    """
    vertices = np.asarray(vertices, np.float64)
    mass = mass or mesh_mass_properties(vertices, faces)
    bounds = np.stack((vertices.min(axis=0), vertices.max(axis=0)))
    return finish(kind, split_normals(vertices, faces, crease_deg), colliders, mass, bounds, interior)


def finish(
    kind: str,
    visual: TriangleMesh,
    colliders: tuple[Collider, ...],
    mass: MassProperties,
    bounds: np.ndarray,
    interior: float | None = None,
) -> ObjectModel:
    """Hashes the content, makes every array read-only, and returns the model."""
    arrays = [visual.vertices, visual.faces, visual.normals, mass.center, mass.inertia, bounds]
    if visual.colors is not None:
        arrays.append(visual.colors)
    described = []
    for piece in colliders:
        arrays += [piece.position, piece.quaternion]
        arrays += [piece.mesh.vertices, piece.mesh.faces, piece.mesh.normals] if piece.mesh else []
        described.append((piece.kind, tuple(float(number) for number in piece.size)))
    for array in arrays:
        array.setflags(write=False)
    return ObjectModel(
        key=content_hash(kind, described, mass.volume, interior, *arrays),
        kind=kind,
        visual=visual,
        colliders=colliders,
        volume=mass.volume,
        center_of_mass=mass.center,
        inertia=mass.inertia,
        bounds=bounds,
        interior=interior,
    )


def box_piece(low: tuple[float, float, float], high: tuple[float, float, float]) -> Collider:
    """Returns the box between two corners [m]."""
    corners = np.array([low, high], np.float64)
    return Collider("box", tuple(float(side) for side in corners[1] - corners[0]), position=corners.mean(axis=0))


def mesh_piece(points: np.ndarray) -> Collider:
    """Returns the convex hull of points (N, 3) [m] as a piece."""
    return Collider("mesh", mesh=convex_mesh(points))


def scale_model(model: ObjectModel, scale: float | tuple[float, ...]) -> ObjectModel:
    """Scales a model about its origin.

    Args:
        model: Any object.
        scale: One factor, or one per axis (x, y, z); round primitives that are stretched unevenly become convex meshes.

    Raises:
        BadInput: A factor is not a positive number.
    """
    factors = np.broadcast_to(np.asarray(scale, np.float64), (3,)).copy()
    if not (np.isfinite(factors).all() and (factors > 0).all()):
        raise BadInput(f"scale must be positive, not {scale!r}.")
    if (factors == 1.0).all():
        return model
    visual = scale_mesh(model.visual, factors)
    pieces = tuple(_scale_piece(piece, factors) for piece in model.colliders)
    mass = MassProperties(model.volume, model.center_of_mass, model.inertia)
    interior = None if model.interior is None else model.interior * float(factors[2])
    scaled = finish(model.kind, visual, pieces, scale_mass_properties(mass, factors), model.bounds * factors, interior)
    levels = tuple(level * float(factors[2]) for level in model.levels)
    return replace(scaled, levels=levels, density=model.density)


def can_stretch(model: ObjectModel, factors: np.ndarray) -> bool:
    """Says whether the pieces keep their kind when the model is scaled by factors per axis (3,): round ones may not."""
    even, upright = np.allclose(factors, factors[0]), np.isclose(factors[0], factors[1])
    return all(
        even or (not _turned(piece) and (piece.kind in ("box", "mesh") or (piece.kind == "cylinder" and upright)))
        for piece in model.colliders
    )


def _turned(piece: Collider) -> bool:
    return abs(float(piece.quaternion[0])) < 1.0 - 1e-12


def scale_mesh(mesh: TriangleMesh, factors: np.ndarray) -> TriangleMesh:
    """Scales a mesh about the origin by positive factors per axis (3,)."""
    normals = mesh.normals / factors
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    vertices = (mesh.vertices * factors).astype(np.float32)
    return replace(mesh, vertices=vertices, normals=normals.astype(np.float32))


def _scale_piece(piece: Collider, factors: np.ndarray) -> Collider:
    turned = _turned(piece)
    uniform = bool(np.allclose(factors, factors[0], rtol=1e-12))
    if piece.mesh is not None and not turned:
        return replace(piece, mesh=convex_mesh(piece.mesh.vertices * factors), position=piece.position * factors)
    if uniform:
        size = tuple(length * float(factors[0]) for length in piece.size)
        mesh = None if piece.mesh is None else scale_mesh(piece.mesh, factors)
        return replace(piece, size=size, mesh=mesh, position=piece.position * factors)
    if piece.kind == "box" and not turned:
        size = tuple(length * float(factor) for length, factor in zip(piece.size, factors, strict=True))
        return replace(piece, size=size, position=piece.position * factors)
    if piece.kind == "cylinder" and not turned and factors[0] == factors[1]:
        size = (piece.size[0] * float(factors[0]), piece.size[1] * float(factors[2]))
        return replace(piece, size=size, position=piece.position * factors)
    return mesh_piece(piece_points(piece) * factors)


def piece_points(piece: Collider) -> np.ndarray:
    """Returns points in the object's frame whose hull is the piece; round ones have 16 around. Shape: (N, 3), [m]."""
    if piece.mesh is not None:
        local = np.asarray(piece.mesh.vertices, np.float64)
    elif piece.kind == "box":
        signs = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5], indexing="ij"), axis=-1).reshape(-1, 3)
        local = signs * np.asarray(piece.size)
    else:
        local = _round_points(piece)
    return local @ rotation_matrix(piece.quaternion).T + piece.position


def _round_points(piece: Collider) -> np.ndarray:
    around = np.arange(16) * (2 * np.pi / 16)
    radius = piece.size[0]
    half = 0.0 if piece.kind == "sphere" else 0.5 * piece.size[1]
    latitudes = np.array([0.0]) if piece.kind == "cylinder" else np.radians([0.0, 30.0, 60.0, 90.0])
    rings = []
    for sign in (-1.0, 1.0):
        for latitude in latitudes:
            ring = radius * np.cos(latitude) * np.stack((np.cos(around), np.sin(around)), axis=1)
            height = sign * (half + radius * np.sin(latitude))
            rings.append(np.column_stack((ring, np.full(len(around), height))))
    return np.concatenate(rings)


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """Returns the rotation of a unit quaternion wxyz. Shape: (3, 3)."""
    w, x, y, z = (float(part) for part in quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
