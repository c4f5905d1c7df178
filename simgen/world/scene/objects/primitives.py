"""Box, cylinder, sphere and capsule: exact colliders and mass properties, origin in the centre."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.mesh.inertia import MassProperties, box_mass_properties
from simgen.world.scene.model import Collider, ObjectModel, TriangleMesh
from simgen.world.scene.objects.assemble import box_piece, rotation_matrix, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, Value
from simgen.world.scene.objects.lathe import arc, revolve

_SMOOTH_DEG = 40.0


def box_faces() -> np.ndarray:
    """Returns the 12 outward triangles of a box whose corners come from `box_corners`. Shape: (12, 3)."""
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return np.array([corners for a, b, c, d in quads for corners in ((a, b, c), (a, c, d))])


def box_corners(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Returns the 8 corners in the order x, y, z with z fastest [m]. Shape: (8, 3)."""
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def build_box(size: Value, kind: str = "box") -> ObjectModel:
    """Builds a box with full side lengths (x, y, z) [m]."""
    sides = np.asarray(size, np.float64)
    low, high = -0.5 * sides, 0.5 * sides
    pieces = (box_piece(tuple(low), tuple(high)),)
    return solid(kind, box_corners(low, high), box_faces(), pieces, mass=box_mass_properties(sides, np.zeros(3)))


def build_cylinder(radius: float, height: float) -> ObjectModel:
    """Builds a cylinder along z [m]."""
    half = 0.5 * height
    vertices, faces = revolve(np.array([[0, -half], [radius, -half], [radius, half], [0, half]]))
    volume = np.pi * radius**2 * height
    across = volume * (3 * radius**2 + height**2) / 12.0
    mass = MassProperties(volume, np.zeros(3), np.diag([across, across, 0.5 * volume * radius**2]))
    return solid("cylinder", vertices, faces, (Collider("cylinder", (radius, height)),), mass=mass)


def build_sphere(radius: float) -> ObjectModel:
    """Builds a sphere [m]."""
    profile = arc((0.0, 0.0), radius, -90.0, 90.0, 10)
    profile[[0, -1], 0] = 0.0
    vertices, faces = revolve(profile, segments=22)
    volume = 4.0 / 3.0 * np.pi * radius**3
    mass = MassProperties(volume, np.zeros(3), 0.4 * volume * radius**2 * np.eye(3))
    return solid("sphere", vertices, faces, (Collider("sphere", (radius,)),), crease_deg=_SMOOTH_DEG, mass=mass)


def build_capsule(radius: float, height: float) -> ObjectModel:
    """Builds a capsule along z; `height` is the straight part's [m]."""
    half = 0.5 * height
    lower = arc((0.0, -half), radius, -90.0, 0.0, 5)
    upper = arc((0.0, half), radius, 0.0, 90.0, 5)
    profile = np.concatenate((lower, upper))
    profile[[0, -1], 0] = 0.0
    vertices, faces = revolve(profile, segments=22)
    straight = np.pi * radius**2 * height
    caps = 4.0 / 3.0 * np.pi * radius**3
    along = 0.5 * straight * radius**2 + 0.4 * caps * radius**2
    across = straight * (3 * radius**2 + height**2) / 12.0
    across += caps * (0.4 * radius**2 + 0.25 * height**2 + 0.375 * radius * height)
    mass = MassProperties(straight + caps, np.zeros(3), np.diag([across, across, along]))
    piece = Collider("capsule", (radius, height))
    return solid("capsule", vertices, faces, (piece,), crease_deg=_SMOOTH_DEG, mass=mass)


_ROUND = {"cylinder": build_cylinder, "sphere": build_sphere, "capsule": build_capsule}


def placed_primitive(piece: Collider) -> tuple[TriangleMesh, MassProperties]:
    """Returns the surface and the mass properties, at density 1, of a primitive piece where it stands."""
    built = build_box(piece.size) if piece.kind == "box" else _ROUND[piece.kind](*piece.size)
    turn = rotation_matrix(piece.quaternion)
    visual = TriangleMesh(
        (built.visual.vertices @ turn.T + piece.position).astype(np.float32),
        built.visual.faces,
        (built.visual.normals @ turn.T).astype(np.float32),
    )
    return visual, MassProperties(built.volume, np.array(piece.position), turn @ built.inertia @ turn.T)


def _length(default: float, low: float = 0.001, high: float = 10.0) -> Parameter:
    return Parameter(default, "m", low, high)


KINDS = {
    "box": ObjectKind(
        "box with full side lengths; origin in the centre",
        {"size": Parameter((0.04, 0.04, 0.04), "m", 0.001, 10.0)},
        build_box,
    ),
    "cylinder": ObjectKind(
        "upright cylinder; origin in the centre", {"radius": _length(0.02), "height": _length(0.05)}, build_cylinder
    ),
    "sphere": ObjectKind("sphere; origin in the centre", {"radius": _length(0.02)}, build_sphere),
    "capsule": ObjectKind(
        "upright capsule, height of the straight part; origin in the centre",
        {"radius": _length(0.02), "height": _length(0.04)},
        build_capsule,
    ),
}
