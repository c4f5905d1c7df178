"""Bowl, plate, bottle, frustum and ring: solids of revolution about z, origin on the axis at half the height."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.mesh.inertia import mesh_mass_properties
from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects.assemble import mesh_piece, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require
from simgen.world.scene.objects.lathe import arc, revolve, wedge_ring

ROUND_CREASE_DEG = 50.0
LIFT = 0.001  # wedges start this far above the ground, so that only the flat foot touches it [m]
_WEDGES = 8


def build_bowl(radius: float, height: float, wall: float, foot: float) -> ObjectModel:
    """Builds a bowl: outer radius, height and wall thickness [m]; `foot` is the flat base's radius as a ratio."""
    require(wall < 0.25 * min(radius, height), "bowl: wall must be below a quarter of radius and height.")
    return _dish("bowl", radius, height, wall, foot * radius, sweep_deg=62.0)


def build_plate(radius: float, height: float, wall: float) -> ObjectModel:
    """Builds a plate: outer radius, height and thickness [m]."""
    require(wall < 0.6 * height and wall < 0.1 * radius, "plate: wall must be below 0.6 height and 0.1 radius.")
    return _dish("plate", radius, height, wall, 0.62 * radius, sweep_deg=50.0)


def _dish(kind: str, radius: float, height: float, wall: float, foot: float, sweep_deg: float) -> ObjectModel:
    """Builds a shell of even thickness around a curve that leaves the flat foot and rises to the rim."""
    steps = np.radians(np.linspace(0.0, sweep_deg, 6))
    width, rise = radius - 0.5 * wall - foot, height - wall
    across, up = width / np.sin(steps[-1]), rise / (1.0 - np.cos(steps[-1]))
    curve = np.stack((foot + across * np.sin(steps), 0.5 * wall + up * (1.0 - np.cos(steps))), axis=1)
    tangent = np.stack((across * np.cos(steps), up * np.sin(steps)), axis=1)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    outward = np.stack((tangent[:, 1], -tangent[:, 0]), axis=1)
    outer, inner = curve + 0.5 * wall * outward, curve - 0.5 * wall * outward
    start = float(np.degrees(np.arctan2(outward[-1, 1], outward[-1, 0])))
    rim = arc((curve[-1, 0], curve[-1, 1]), 0.5 * wall, start, start + 180.0, 4)
    profile = np.concatenate(([[0.0, 0.0]], outer[:-1], rim, inner[-2::-1], [[0.0, wall]]))
    profile[:, 1] *= height / profile[:, 1].max()
    middle = np.array([0.0, 0.5 * height])
    vertices, faces = revolve(profile - middle)
    volume = mesh_mass_properties(vertices, faces).volume
    bottom = float(profile[-1, 1])
    floor = Collider("cylinder", (foot, bottom), position=np.array([0.0, 0.0, 0.5 * (bottom - height)]))
    base = np.maximum(outer, [0.0, LIFT])
    lip = np.array([rim[0], rim[2]])
    outside = np.concatenate((base[::2], lip)) - middle
    inside = np.stack((inner[0], rim[2])) - middle
    wedges = wedge_ring(outside, inside, _WEDGES, volume - np.pi * foot**2 * bottom)
    pieces = (floor, *wedges)
    return solid(kind, vertices, faces, pieces, interior=bottom - 0.5 * height, crease_deg=ROUND_CREASE_DEG)


def build_bottle(radius: float, height: float, neck_radius: float, shoulder: float) -> ObjectModel:
    """Builds a closed, full bottle with a cap [m]; `shoulder` is where the body ends as a ratio of the height."""
    require(neck_radius < 0.8 * radius, "bottle: neck_radius must be below 0.8 radius.")
    fillet, cap = 0.15 * radius, min(1.15 * neck_radius, radius)
    low, high = shoulder * height, 0.5 * (shoulder + 1.0) * height
    blend = np.linspace(0.0, 1.0, 6)
    slope = radius + (neck_radius - radius) * (0.5 - 0.5 * np.cos(np.pi * blend))
    cap_low = high + 0.35 * (height - high)
    profile = np.concatenate(
        (
            [[0.0, 0.0]],
            arc((radius - fillet, fillet), fillet, -90.0, 0.0, 3),
            np.stack((slope, low + (high - low) * blend), axis=1),
            [[neck_radius, cap_low], [cap, cap_low]],
            arc((cap - 0.2 * cap, height - 0.2 * cap), 0.2 * cap, 0.0, 90.0, 2),
            [[0.0, height]],
        )
    )
    middle = 0.5 * height
    vertices, faces = revolve(profile - [0.0, middle])
    around = np.arange(16) * (np.pi / 8)
    rings = [(radius, low), (slope[2], low + 0.4 * (high - low)), (neck_radius, high)]
    points = np.array([(r * np.cos(a), r * np.sin(a), z - middle) for r, z in rings for a in around])
    body = Collider("cylinder", (radius, low), position=np.array([0.0, 0.0, 0.5 * low - middle]))
    neck = Collider("cylinder", (cap, height - high), position=np.array([0.0, 0.0, 0.5 * (high + height) - middle]))
    return solid("bottle", vertices, faces, (body, mesh_piece(points), neck))


def build_frustum(bottom_radius: float, top_radius: float, height: float) -> ObjectModel:
    """Builds a cone with its tip cut off [m]."""
    half = 0.5 * height
    profile = np.array([[0.0, -half], [bottom_radius, -half], [top_radius, half], [0.0, half]])
    vertices, faces = revolve(profile)
    coarse, _ = revolve(profile, segments=16)
    return solid("frustum", vertices, faces, (mesh_piece(coarse),))


def build_ring(radius: float, hole_radius: float, height: float) -> ObjectModel:
    """Builds a flat ring lying on its side face [m]."""
    require(hole_radius < 0.9 * radius, "ring: hole_radius must be below 0.9 radius.")
    half = 0.5 * height
    outer = np.array([[radius, -half], [radius, half]])
    inner = np.array([[hole_radius, -half], [hole_radius, half]])
    vertices, faces = revolve(np.concatenate((outer, inner[::-1])))
    volume = np.pi * (radius**2 - hole_radius**2) * height
    return solid("ring", vertices, faces, wedge_ring(outer, inner, _WEDGES, volume))


KINDS = {
    "bowl": ObjectKind(
        "open bowl; grasp it by the rim, or whole if radius <= 0.036; origin on the axis at half the height",
        {
            "radius": Parameter(0.06, "m", 0.01, 0.5, (0.05, 0.072)),
            "height": Parameter(0.05, "m", 0.005, 0.5, (0.042, 0.062)),
            "wall": Parameter(0.005, "m", 0.001, 0.05, (0.0045, 0.006)),
            "foot": Parameter(0.48, "1", 0.2, 0.8, (0.42, 0.55)),
        },
        build_bowl,
    ),
    "plate": ObjectKind(
        "shallow plate; grasp it by the rim; origin on the axis at half the height",
        {
            "radius": Parameter(0.085, "m", 0.02, 0.5, (0.07, 0.1)),
            "height": Parameter(0.018, "m", 0.005, 0.2, (0.015, 0.022)),
            "wall": Parameter(0.005, "m", 0.001, 0.05, (0.004, 0.006)),
        },
        build_plate,
    ),
    "bottle": ObjectKind(
        "closed, full bottle; grasp the body across; origin on the axis at half the height",
        {
            "radius": Parameter(0.03, "m", 0.005, 0.2, (0.025, 0.036)),
            "height": Parameter(0.16, "m", 0.02, 1.0, (0.12, 0.2)),
            "neck_radius": Parameter(0.0125, "m", 0.002, 0.1, (0.01, 0.015)),
            "shoulder": Parameter(0.62, "1", 0.3, 0.85, (0.52, 0.7)),
        },
        build_bottle,
    ),
    "frustum": ObjectKind(
        "cone with its tip cut off; origin on the axis at half the height",
        {
            "bottom_radius": Parameter(0.03, "m", 0.002, 0.5, (0.026, 0.036)),
            "top_radius": Parameter(0.016, "m", 0.001, 0.5, (0.01, 0.02)),
            "height": Parameter(0.05, "m", 0.002, 1.0, (0.04, 0.07)),
        },
        build_frustum,
    ),
    "ring": ObjectKind(
        "flat ring lying down; grasp it across; origin in the middle of the hole",
        {
            "radius": Parameter(0.034, "m", 0.005, 0.5, (0.03, 0.037)),
            "hole_radius": Parameter(0.018, "m", 0.001, 0.45, (0.014, 0.021)),
            "height": Parameter(0.022, "m", 0.002, 0.5, (0.018, 0.03)),
        },
        build_ring,
    ),
}
