"""The mug: a turned body whose wall opens into a swept handle, one closed surface without seams."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.mesh.inertia import mesh_mass_properties
from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects.assemble import mesh_piece, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require
from simgen.world.scene.objects.lathe import SEGMENTS, arc, revolve, ring_start, wedge_ring
from simgen.world.scene.objects.revolved import LIFT, ROUND_CREASE_DEG

_WEDGES = 6
_RINGS = 11
_LOOP = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))  # (row, column) around a wall patch
_FIRST_ROW = 5  # profile index of the handle's lowest row: the axis and the four points of the bottom fillet precede


def build_mug(radius: float, height: float, wall: float, taper: float, handle: float) -> ObjectModel:
    """Builds a mug with its handle towards +x.

    Args:
        radius: Outer radius at the rim [m].
        height: [m].
        wall: Thickness of wall and floor [m].
        taper: Radius at the bottom as a ratio of the radius at the rim.
        handle: How far the handle stands out from the wall [m].
    """
    require(wall < 0.25 * min(radius * taper, height), "mug: wall must be below a quarter of radius and height.")
    require(handle >= 2.5 * wall, "mug: handle must stand out by at least 2.5 times the wall.")
    profile = _profile(radius, height, wall, taper)
    rows = (_FIRST_ROW + 1, _FIRST_ROW + 4)  # middle rows of the lower and the upper patch
    holes = {(row + step, column) for row in rows for step in (-1, 0) for column in (0, SEGMENTS - 1)}
    body, body_faces = revolve(profile, skip=holes)
    loops = [[ring_start(profile, row + step) + column % SEGMENTS for step, column in _LOOP] for row in rows]
    rings, handle_faces = _handle(body, loops, profile[rows[0]], profile[rows[1]], handle, wall)
    vertices = np.concatenate((body, rings.reshape(-1, 3)))
    faces = np.concatenate((body_faces, handle_faces))
    pieces = _pieces(profile, rings, vertices, loops, wall)
    floor = float(profile[-1, 1])
    return solid("mug", vertices, faces, pieces, interior=floor, crease_deg=ROUND_CREASE_DEG)


def _profile(radius: float, height: float, wall: float, taper: float) -> np.ndarray:
    """Returns the body's section, centred in height: bottom, fillet, six handle rows, rim, inside. Shape: (P, 2)."""
    bottom, fillet, half = taper * radius, 0.12 * radius, 0.5 * height
    rows = np.array([0.16, 0.25, 0.34, 0.66, 0.75, 0.84]) * height

    def outside(level: np.ndarray) -> np.ndarray:
        return bottom + (radius - bottom) * (level - fillet) / (height - 0.5 * wall - fillet)

    inner_fillet = arc((bottom - wall - fillet, wall + fillet), fillet, 0.0, -90.0, 3)
    profile = np.concatenate(
        (
            [[0.0, 0.0]],
            arc((bottom - fillet, fillet), fillet, -90.0, 0.0, 3),
            np.stack((outside(rows), rows), axis=1),
            arc((radius - 0.5 * wall, height - 0.5 * wall), 0.5 * wall, 0.0, 180.0, 4),
            inner_fillet,
            [[0.0, wall]],
        )
    )
    return profile - [0.0, half]


def _handle(
    body: np.ndarray, loops: list[list[int]], lower: np.ndarray, upper: np.ndarray, reach: float, wall: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sweeps a rounded section from the upper patch of the wall to the lower one.

    Returns:
        Ring vertices (rings, 8, 3) and the faces that join patch, rings and patch.
    """
    along = np.linspace(0.0, 1.0, _RINGS + 2)[1:-1, None]
    out = np.array([(reach - 0.5 * wall) / 0.75, 0.0])
    controls = [upper, upper + out, lower + out, lower]
    weights = [(1 - along) ** 3, 3 * along * (1 - along) ** 2, 3 * along**2 * (1 - along), along**3]
    centers = np.hstack(weights) @ np.stack(controls)
    steps = np.gradient(np.concatenate(([upper], centers, [lower])), axis=0)[1:-1]
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    thick = 0.5 * float(np.ptp(body[loops[1]], axis=0)[2])
    wide = 0.5 * float(np.ptp(body[loops[1]], axis=0)[1])
    ends = np.clip(np.minimum(along, 1 - along) / 0.35, 0.0, 1.0)
    ends = ends * ends * (3 - 2 * ends)
    half_thick = thick + (1.1 * wall - thick) * ends[:, 0]
    half_wide = wide + (1.5 * wall - wide) * ends[:, 0]
    angles = np.array([np.arctan2(row, column) for row, column in _LOOP])
    offset = half_thick[:, None] * np.sin(angles)
    rings = np.empty((_RINGS, len(_LOOP), 3))
    rings[..., 0] = centers[:, :1] - steps[:, 1:] * offset
    rings[..., 1] = half_wide[:, None] * np.cos(angles)
    rings[..., 2] = centers[:, 1:] + steps[:, :1] * offset
    numbers = [loops[1]]
    numbers += [[len(body) + ring * len(_LOOP) + k for k in range(len(_LOOP))] for ring in range(_RINGS)]
    mirrored = [_LOOP.index((-row, column)) for row, column in _LOOP]
    numbers.append([loops[0][k] for k in mirrored])
    return rings, _join(numbers)


def _join(loops: list[list[int]]) -> np.ndarray:
    """Joins consecutive loops, counter-clockwise seen against the sweep, by triangles."""
    faces = []
    for here, there in zip(loops[:-1], loops[1:], strict=True):
        for k in range(len(here)):
            following = (k + 1) % len(here)
            faces.append((here[k], here[following], there[following]))
            faces.append((here[k], there[following], there[k]))
    return np.array(faces, np.int64)


def _pieces(
    profile: np.ndarray, rings: np.ndarray, vertices: np.ndarray, loops: list[list[int]], wall: float
) -> tuple[Collider, ...]:
    """Returns the floor, six wedges of wall and two halves of the handle."""
    bottom, top = float(profile[0, 1]), float(profile[:, 1].max())
    base = float(profile[4, 0])
    floor_radius = base - wall
    floor = Collider("cylinder", (floor_radius, wall), position=np.array([0.0, 0.0, bottom + 0.5 * wall]))
    rim = profile[_FIRST_ROW + 6]
    outside = np.array([[base, bottom + LIFT], [rim[0], top]])
    inside = outside - [[wall, 0.0], [wall, 0.0]]
    shell, shell_faces = revolve(profile)
    volume = mesh_mass_properties(shell, shell_faces).volume - np.pi * floor_radius**2 * wall
    middle = _RINGS // 2
    halves = (
        np.concatenate((vertices[loops[1]], rings[: middle + 1].reshape(-1, 3))),
        np.concatenate((vertices[loops[0]], rings[middle:].reshape(-1, 3))),
    )
    return (floor, *wedge_ring(outside, inside, _WEDGES, volume), *(mesh_piece(half) for half in halves))


KINDS = {
    "mug": ObjectKind(
        "mug with its handle towards +x; grasp the body across y; origin on the axis at half the height",
        {
            "radius": Parameter(0.033, "m", 0.01, 0.2, (0.028, 0.037)),
            "height": Parameter(0.08, "m", 0.02, 0.5, (0.068, 0.1)),
            "wall": Parameter(0.0035, "m", 0.001, 0.05, (0.003, 0.0045)),
            "taper": Parameter(0.95, "1", 0.6, 1.2, (0.85, 1.0)),
            "handle": Parameter(0.024, "m", 0.005, 0.2, (0.02, 0.028)),
        },
        build_mug,
    ),
}
