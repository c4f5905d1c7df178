"""Blocks cut from a flat outline: L, T, cross, hexagon, star, wedge and bridge. All side faces are straight."""

from __future__ import annotations

import numpy as np

from simgen.world.scene.model import Collider, ObjectModel
from simgen.world.scene.objects.assemble import box_piece, mesh_piece, solid
from simgen.world.scene.objects.kind import ObjectKind, Parameter, require

Rectangle = tuple[float, float, float, float]


def extrude(outline: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Makes a prism along z, centred in height.

    Args:
        outline: Simple polygon, counter-clockwise [m]. Shape: (N, 2).
        height: [m].

    Returns:
        Vertices (2N, 3) and closed outward faces.
    """
    count = len(outline)
    level = np.full((count, 1), 0.5 * height)
    vertices = np.concatenate((np.hstack((outline, -level)), np.hstack((outline, level))))
    caps = triangulate(outline)
    here = np.arange(count)
    there = np.roll(here, -1)
    sides = np.concatenate(
        (np.stack((here, there, there + count), axis=1), np.stack((here, there + count, here + count), axis=1))
    )
    return vertices, np.concatenate((caps[:, ::-1], caps + count, sides))


def triangulate(outline: np.ndarray) -> np.ndarray:
    """Cuts ears off a simple counter-clockwise polygon (N, 2). Returns triangles (N - 2, 3)."""
    remaining = list(range(len(outline)))
    triangles = []
    while len(remaining) > 3:
        count = len(remaining)
        ear = next(k for k in range(count) if _is_ear(outline, remaining, k))
        triangles.append((remaining[ear - 1], remaining[ear], remaining[(ear + 1) % count]))
        del remaining[ear]
    return np.array([*triangles, tuple(remaining)], np.int64)


def _is_ear(outline: np.ndarray, remaining: list[int], k: int) -> bool:
    a, b, c = remaining[k - 1], remaining[k], remaining[(k + 1) % len(remaining)]
    if _turn(outline[a], outline[b], outline[c]) <= 1e-18:
        return False
    others = [outline[index] for index in remaining if index not in (a, b, c)]
    edges = ((outline[a], outline[b]), (outline[b], outline[c]), (outline[c], outline[a]))
    return not any(all(_turn(start, end, point) >= -1e-18 for start, end in edges) for point in others)


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _flat_block(kind: str, outline: np.ndarray, height: float, parts: list[Rectangle]) -> ObjectModel:
    """Builds an extruded outline whose collision is boxes over rectangles (x low, y low, x high, y high) [m]."""
    vertices, faces = extrude(outline, height)
    half = 0.5 * height
    return solid(kind, vertices, faces, tuple(box_piece((a, b, -half), (c, d, half)) for a, b, c, d in parts))


def build_l_shape(length: float, foot: float, width: float, height: float) -> ObjectModel:
    """Builds an L lying flat: a bar along x, a foot of length `foot` from its edge towards +y at its -x end [m]."""
    require(width < 0.6 * length, "l_shape: width must be below 0.6 length.")
    x, y = 0.5 * length, 0.5 * width
    outline = np.array([[-x, -y], [x, -y], [x, y], [width - x, y], [width - x, y + foot], [-x, y + foot]])
    return _flat_block("l_shape", outline, height, [(-x, -y, x, y), (-x, y, width - x, y + foot)])


def build_t_shape(length: float, bar: float, width: float, height: float) -> ObjectModel:
    """Builds a T lying flat: a stem along x and a bar of full length `bar` across its +x end [m]."""
    require(width < 0.6 * length and width < bar, "t_shape: width must be below 0.6 length and below bar.")
    x, y, b, cut = 0.5 * length, 0.5 * width, 0.5 * bar, 0.5 * length - width
    outline = np.array([[-x, -y], [cut, -y], [cut, -b], [x, -b], [x, b], [cut, b], [cut, y], [-x, y]])
    return _flat_block("t_shape", outline, height, [(-x, -y, cut, y), (cut, -b, x, b)])


def build_cross(span: float, width: float, height: float) -> ObjectModel:
    """Builds a plus sign lying flat, with arms of equal length [m]."""
    require(width < 0.9 * span, "cross: width must be below 0.9 span.")
    s, w = 0.5 * span, 0.5 * width
    quarter = np.array([[s, -w], [s, w], [w, w]])
    turns = [np.array([[1, 0], [0, 1]]), np.array([[0, -1], [1, 0]])]
    outline = np.concatenate([quarter @ (sign * turn).T for sign in (1, -1) for turn in turns])
    return _flat_block("cross", outline, height, [(-s, -w, s, w), (-w, w, w, s), (-w, -s, w, -w)])


def build_hexagon(width: float, height: float) -> ObjectModel:
    """Builds a hexagonal prism; `width` is across flats, which face +-y [m]."""
    vertices, faces = extrude(_polygon(6, width / np.sqrt(3.0)), height)
    return solid("hexagon", vertices, faces, (mesh_piece(vertices),))


def build_star(radius: float, notch: float, height: float) -> ObjectModel:
    """Builds a five-pointed star lying flat; `notch` is the inner radius as a ratio of the outer [m]."""
    outline = _polygon(10, 1.0) * (radius * np.where(np.arange(10) % 2 == 0, 1.0, notch))[:, None]
    vertices, faces = extrude(outline, height)
    return solid("star", vertices, faces, tuple(_star_piece(outline, tip, 0.5 * height) for tip in range(0, 10, 2)))


def _star_piece(outline: np.ndarray, tip: int, half: float) -> Collider:
    kite = np.array([[0.0, 0.0], outline[tip - 1], outline[tip], outline[(tip + 1) % 10]])
    level = np.full((4, 1), half)
    return mesh_piece(np.concatenate((np.hstack((kite, -level)), np.hstack((kite, level)))))


def build_wedge(length: float, width: float, height: float) -> ObjectModel:
    """Builds a ramp that rises towards -x, on its flat side; `width` is along y [m]."""
    x, z = 0.5 * length, 0.5 * height
    vertices, faces = _stand_up(*extrude(np.array([[-x, -z], [x, -z], [-x, z]]), width))
    return solid("wedge", vertices, faces, (mesh_piece(vertices),))


def build_bridge(length: float, width: float, height: float, opening: float) -> ObjectModel:
    """Builds a block with a rectangular gate through it along y; `opening` is the gate's width [m], 0.6 height high."""
    require(opening < 0.8 * length, "bridge: opening must be below 0.8 length.")
    x, z, o, top = 0.5 * length, 0.5 * height, 0.5 * opening, 0.1 * height
    outline = np.array([[-x, -z], [-o, -z], [-o, top], [o, top], [o, -z], [x, -z], [x, z], [-x, z]])
    vertices, faces = _stand_up(*extrude(outline, width))
    y = 0.5 * width
    pieces = (
        box_piece((-x, -y, -z), (-o, y, top)),
        box_piece((o, -y, -z), (x, y, top)),
        box_piece((-x, -y, top), (x, y, z)),
    )
    return solid("bridge", vertices, faces, pieces)


def _stand_up(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns a prism along z by a quarter about x: the outline's y becomes z."""
    return vertices[:, [0, 2, 1]] * [1.0, -1.0, 1.0], faces


def _polygon(count: int, radius: float) -> np.ndarray:
    angles = np.arange(count) * (2 * np.pi / count)
    return radius * np.stack((np.cos(angles), np.sin(angles)), axis=1)


def _parameters(**ranges: tuple[float, float, float]) -> dict[str, Parameter]:
    """Returns lengths given as default, lowest and highest of the seed [m]."""
    return {name: Parameter(value, "m", 0.002, 1.0, (low, high)) for name, (value, low, high) in ranges.items()}


KINDS = {
    "l_shape": ObjectKind(
        "L lying flat; grasp the long bar across y; origin in the middle of the long bar",
        _parameters(
            length=(0.1, 0.09, 0.13), foot=(0.035, 0.025, 0.05), width=(0.03, 0.024, 0.034), height=(0.03, 0.024, 0.04)
        ),
        build_l_shape,
    ),
    "t_shape": ObjectKind(
        "T lying flat; grasp the stem across y; origin on the stem's line, in the middle of the full length",
        _parameters(
            length=(0.11, 0.1, 0.13), bar=(0.09, 0.07, 0.11), width=(0.03, 0.024, 0.034), height=(0.03, 0.024, 0.04)
        ),
        build_t_shape,
    ),
    "cross": ObjectKind(
        "plus sign lying flat; grasp it across; origin in the centre",
        _parameters(span=(0.066, 0.058, 0.074), width=(0.024, 0.02, 0.03), height=(0.03, 0.024, 0.04)),
        build_cross,
    ),
    "hexagon": ObjectKind(
        "hexagonal prism, width across flats; origin in the centre",
        _parameters(width=(0.05, 0.04, 0.064), height=(0.04, 0.03, 0.06)),
        build_hexagon,
    ),
    "star": ObjectKind(
        "five-pointed star lying flat, one tip towards +x; origin in the centre",
        {
            **_parameters(radius=(0.036, 0.032, 0.038)),
            "notch": Parameter(0.5, "1", 0.3, 0.8, (0.45, 0.6)),
            **_parameters(height=(0.025, 0.02, 0.035)),
        },
        build_star,
    ),
    "wedge": ObjectKind(
        "ramp that rises towards -x; grasp it across y; origin in the centre of the bounding box",
        _parameters(length=(0.07, 0.06, 0.09), width=(0.04, 0.034, 0.05), height=(0.045, 0.035, 0.055)),
        build_wedge,
    ),
    "bridge": ObjectKind(
        "block with a gate through it; grasp it across y; origin in the centre of the bounding box",
        _parameters(
            length=(0.09, 0.08, 0.11), width=(0.04, 0.034, 0.05), height=(0.05, 0.04, 0.06), opening=(0.04, 0.03, 0.045)
        ),
        build_bridge,
    ),
}
