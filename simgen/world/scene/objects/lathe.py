"""Surfaces of revolution, and the ring of convex wedges that stands in for a hollow one in collision."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from simgen.world.scene.mesh.convex import hull_volume
from simgen.world.scene.model import Collider
from simgen.world.scene.objects.assemble import mesh_piece

SEGMENTS = 32
_THINNEST = 0.3  # of the wall at the ends of a wedge


def revolve(
    profile: np.ndarray, segments: int = SEGMENTS, skip: Collection[tuple[int, int]] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Turns a profile about z into a closed surface.

    Args:
        profile: Radius and height, counter-clockwise (up along the outside). Either both ends lie on the axis, or the
            profile is taken as a loop. Shape: (P, 2), [m].
        segments: Around the axis; segment s spans the angles s .. s + 1 times 2 pi / segments.
        skip: Quads (profile index, segment) to leave open.

    Returns:
        Vertices (V, 3) and faces (F, 3); off-axis profile point k owns the vertices `ring_start(profile, k) + segment`.
    """
    profile = np.asarray(profile, np.float64)
    angles = np.arange(segments) * (2 * np.pi / segments)
    vertices: list[np.ndarray] = []
    starts: list[int] = []
    total = 0
    for radius, height in profile:
        starts.append(total)
        around = angles if radius > 0 else angles[:1]
        vertices.append(np.stack((radius * np.cos(around), radius * np.sin(around), np.full(len(around), height)), 1))
        total += len(around)
    open_loop = profile[0, 0] == 0 and profile[-1, 0] == 0
    links = [(k, (k + 1) % len(profile)) for k in range(len(profile) - open_loop)]
    faces: list[tuple[int, int, int]] = []
    for low, high in links:
        for segment in range(segments):
            if (low, segment) not in skip:
                faces += _quad(profile, starts, low, high, segment, (segment + 1) % segments)
    return np.concatenate(vertices), np.array(faces, np.int64)


def ring_start(profile: np.ndarray, index: int, segments: int = SEGMENTS) -> int:
    """Returns the first vertex of a profile point's ring in what `revolve` returns."""
    radii = np.asarray(profile)[:index, 0]
    return int(np.where(radii > 0, segments, 1).sum())


def _quad(
    profile: np.ndarray, starts: list[int], low: int, high: int, here: int, there: int
) -> list[tuple[int, int, int]]:
    a, b = starts[low], starts[high]
    if profile[low, 0] == 0:
        return [(a, b + there, b + here)]
    if profile[high, 0] == 0:
        return [(a + here, a + there, b)]
    return [(a + here, a + there, b + there), (a + here, b + there, b + here)]


def arc(center: tuple[float, float], radius: float, start_deg: float, end_deg: float, steps: int) -> np.ndarray:
    """Returns steps + 1 points of a circle in the profile plane [m]. Shape: (steps + 1, 2)."""
    angles = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    return np.asarray(center) + radius * np.stack((np.cos(angles), np.sin(angles)), axis=1)


def wedge_ring(outer: np.ndarray, inner: np.ndarray, count: int, volume: float) -> tuple[Collider, ...]:
    """Approximates a hollow solid of revolution by convex wedges whose volumes add up to the solid's.

    The outside follows the surface with twice as many flats as there are wedges; the inside is one flat per wedge,
    moved until the volume is right, so the wall is a little thick in the middle of a wedge and thin at its ends. Where
    the wall is too thin for that, the outside's bulge is flattened too.

    Args:
        outer: Radius and height of the outside, bulging outwards, from bottom to top. Shape: (K, 2), [m].
        inner: Same for the inside. Shape: (L, 2), [m].
        count: Number of wedges.
        volume: Of the solid that the wedges replace [m^3].
    """
    half = np.pi / count
    rounding = (2.0 / (1.0 + np.cos(half / 2)), 1.0)
    chord = outer[0] + np.linspace(0.0, 1.0, len(outer))[:, None] * (outer[-1] - outer[0])

    def wedge(thickness: float, bulge: float) -> np.ndarray:
        outside = chord + bulge * (outer - chord)
        skin = _nearest_on(outside, inner)
        inside = skin + thickness * (inner - skin)
        parts = [_at_angle(outside * rounding, angle) for angle in (-half, 0.0, half)]
        return np.concatenate(parts + [_at_angle(inside * rounding, angle) for angle in (-half, half)])

    share = volume / count
    if hull_volume(wedge(_THINNEST, 1.0)) < share:
        points = wedge(_match(lambda thickness: hull_volume(wedge(thickness, 1.0)), share, _THINNEST, 1.0), 1.0)
    else:
        points = wedge(_THINNEST, _match(lambda bulge: hull_volume(wedge(_THINNEST, bulge)), share, 0.0, 1.0))
    pieces = []
    for index in range(count):
        cosine, sine = np.cos((2 * index + 1) * half), np.sin((2 * index + 1) * half)
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        pieces.append(mesh_piece(points @ turn.T))
    return tuple(pieces)


def _match(function: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Returns where a growing function meets the target, or the nearer end."""
    for _ in range(16):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(middle) < target else (low, middle)
    return low


def _at_angle(profile: np.ndarray, angle: float) -> np.ndarray:
    return np.stack((profile[:, 0] * np.cos(angle), profile[:, 0] * np.sin(angle), profile[:, 1]), axis=1)


def _nearest_on(polyline: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Returns the nearest point of a polyline (K, 2) for each point (L, 2). Shape: (L, 2)."""
    start, step = polyline[:-1], np.diff(polyline, axis=0)
    along = ((points[:, None] - start) * step).sum(axis=2) / np.maximum((step**2).sum(axis=1), 1e-30)
    candidates = start + np.clip(along, 0.0, 1.0)[..., None] * step
    best = ((candidates - points[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    return candidates[np.arange(len(points)), best]
