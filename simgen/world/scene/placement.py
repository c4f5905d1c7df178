"""Where objects stand at the start of an episode: relations become poses that do not overlap, by rejection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.errors import BadInput
from simgen.spec.distribution import Distribution
from simgen.spec.pose import PoseSpec
from simgen.world.scene.model import ObjectModel

TRIES_PER_OBJECT = 100
TRIES_PER_SCENE = 20


@dataclass(frozen=True, eq=False)
class Placed:
    """An object in its place: pose in the world, and the upright box around it, turned by `yaw`.

    Args:
        position: Of its frame [m]. Shape: (3,).
        quaternion: Of its frame, wxyz. Shape: (4,).
        yaw: Turn of the box about the vertical [rad].
        low, high: Corners of the box in the frame turned by yaw, relative to `position` [m]. Shape: (3,).
        base: Height of the surface that it stands on [m].
        interior: Height of its inner floor over its origin [m], if it is open.
        solid: Whether others must keep clear of it.
        fixture: What carries it in the end: "table" or "ground".
        levels: Heights of its boards over its origin [m], if it is a shelf.
        reach: Corners of the box with its moving parts too, as `low` and `high` [m]. Shape: (2, 3).
    """

    position: np.ndarray
    quaternion: np.ndarray
    yaw: float
    low: np.ndarray
    high: np.ndarray
    base: float
    interior: float | None
    solid: bool
    fixture: str
    levels: tuple[float, ...] = ()
    reach: np.ndarray | None = None

    @property
    def whole(self) -> Placed:
        """The same with its moving parts."""
        return self if self.reach is None else replace(self, low=self.reach[0], high=self.reach[1])

    @cached_property
    def top(self) -> float:
        """Height of its highest point [m]."""
        return float(self.position[2] + self.high[2])

    @cached_property
    def bottom(self) -> float:
        """Height of its lowest point [m]."""
        return float(self.position[2] + self.low[2])

    def corners(self, margin: float) -> np.ndarray:
        """Returns the corners of its footprint, grown by `margin` [m]. Shape: (4, 2)."""
        low, high = self.low[:2] - margin, self.high[:2] + margin
        square = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        cosine, sine = np.cos(self.yaw), np.sin(self.yaw)
        return square @ np.array([[cosine, sine], [-sine, cosine]]) + self.position[:2]


def overlap(a: Placed, b: Placed, clearance: float) -> bool:
    """Says whether the boxes of two objects are nearer than `clearance` [m] (separating axes; heights included)."""
    if a.bottom > b.top - 1e-6 or b.bottom > a.top - 1e-6:
        return False
    return overlap_in_plan(a, b, clearance)


def overlap_in_plan(a: Placed, b: Placed, clearance: float) -> bool:
    """Says whether two objects, as seen from above, are nearer than `clearance` [m]."""
    first, second = a.corners(clearance), b.corners(0.0)
    for yaw in (a.yaw, b.yaw):
        for axis in ((np.cos(yaw), np.sin(yaw)), (-np.sin(yaw), np.cos(yaw))):
            p, q = first @ axis, second @ axis
            if p.max() < q.min() or q.max() < p.min():
                return False
    return True


def draw(value: object, rng: np.random.Generator, default: object = None) -> np.ndarray:
    """Returns a number or vector as written, or drawn if it is a distribution."""
    if isinstance(value, Distribution):
        return np.asarray(value.sample(rng), float)
    return np.asarray(default if value is None else value, float)


def place(
    spec: PoseSpec,
    model: ObjectModel,
    scale: np.ndarray,
    others: Mapping[str, Placed],
    rng: np.random.Generator,
    solid: bool,
    ground_height: float,
    parts: np.ndarray,
) -> Placed:
    """Draws one pose that satisfies the relation; whether it is free is not asked here. The table top is at 0.

    Points of its moving parts, `parts` (N, 3) [m] in its frame, tell how far it reaches.
    """
    yaw = float(draw(spec.yaw, rng))
    tilt = None if spec.rpy is None else _tilt(spec.rpy)
    low, high = _reach(model, scale, tilt)
    target = others.get(spec.target)
    fixture = spec.target if target is None else target.fixture
    base = _base(spec, target) if target is not None else ground_height if fixture == "ground" else 0.0
    xy = draw(spec.xy, rng, (0.0, 0.0))
    if spec.relation == "beside" and spec.distance is not None:
        angle = rng.uniform(-np.pi, np.pi)
        xy = float(draw(spec.distance, rng)) * np.array([np.cos(angle), np.sin(angle)])
    if target is not None:
        xy = xy + target.position[:2]
    height = base + float(draw(spec.z, rng)) if spec.relation == "above" else base - low[2]
    interior = None if model.interior is None else float(model.interior * scale[2])
    levels = tuple(float(level * scale[2]) for level in model.levels)
    reach = None
    if len(parts):
        points = parts if tilt is None else tilt.apply(parts)
        reach = np.stack([np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))])
    position, quaternion = np.array([*xy, height]), _turned(yaw, tilt)
    return Placed(position, quaternion, yaw, low, high, base, interior, solid, fixture, levels, reach)


@lru_cache(maxsize=256)
def _tilt(rpy: tuple[float, float, float]) -> Rotation:
    return Rotation.from_euler("xyz", rpy)


def _turned(yaw: float, tilt: Rotation | None) -> np.ndarray:
    """Returns the quaternion (wxyz) of a turn about the vertical after a tilt."""
    if tilt is not None:
        return (Rotation.from_euler("z", yaw) * tilt).as_quat(scalar_first=True)
    cosine, sine = math.cos(yaw / 2), math.sin(yaw / 2)
    length = math.sqrt(sine * sine + cosine * cosine)  # to the last bit what SciPy gives, in a thirtieth of its time
    return np.array([cosine / length, 0.0, 0.0, sine / length])


def _reach(model: ObjectModel, scale: np.ndarray, tilt: Rotation | None) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner of the upright box around an object at a scale, tilted or as it is [m]."""
    if tilt is None:  # the same to the last bit, and a large mesh is not looked at for every try
        low, high = _bounds(model)
        return low * scale, high * scale
    points = tilt.apply(model.visual.vertices.astype(float) * scale)
    return points.min(axis=0), points.max(axis=0)


@lru_cache(maxsize=512)  # as many as the library keeps
def _bounds(model: ObjectModel) -> tuple[np.ndarray, np.ndarray]:
    vertices = model.visual.vertices
    return vertices.min(axis=0).astype(float), vertices.max(axis=0).astype(float)


def _base(spec: PoseSpec, target: Placed) -> float:
    if spec.relation == "beside":
        return target.base
    if spec.relation == "in":
        if target.interior is None:
            raise BadInput(f"nothing can be placed in {spec.target!r}, it is not open; use 'on' or 'above'.")
        return float(target.position[2] + target.interior)
    if spec.level is not None:
        if spec.level > len(target.levels):
            raise BadInput(f"{spec.target!r} has {len(target.levels)} boards, so none of number {spec.level}.")
        return float(target.position[2] + target.levels[spec.level - 1])
    return target.top


def free(spec: PoseSpec, placed: Placed, others: Mapping[str, Placed], robot: Sequence[Placed] = ()) -> bool:
    """Says whether an object keeps clear of all others, except of the one that carries it.

    Args:
        spec: Where it shall be.
        placed: Where it would be.
        others: What has its place.
        robot: The room that the robot takes, of which what stands aside keeps clear.
    """
    carrier = spec.target if spec.relation in ("on", "in") else None
    rest = {name: other for name, other in others.items() if name != carrier}
    if spec.aside:
        blocked = any(overlap_in_plan(placed, other, spec.clearance) for other in rest.values())
        return not blocked and not any(overlap(placed, part, spec.clearance) for part in robot)
    if not placed.solid:
        return True
    return not any(overlap(placed, other, spec.clearance) for other in rest.values() if other.solid)


def on_board(placed: Placed, level: int, shelf: Placed) -> bool:
    """Says whether an object on a board (1 is the lowest) is wholly over the shelf and below the next board."""
    turn = Rotation.from_euler("z", -shelf.yaw)
    corners = np.column_stack((placed.corners(0.0), np.zeros(4)))
    local = turn.apply(corners - shelf.position * [1.0, 1.0, 0.0])[:, :2]
    inside = np.all(local >= shelf.low[:2] - 1e-6) and np.all(local <= shelf.high[:2] + 1e-6)
    above = shelf.levels[level:]
    return bool(inside) and (not above or placed.top <= shelf.position[2] + above[0])


def on_surface(placed: Placed, surface: np.ndarray) -> bool:
    """Says whether an object's origin is over a table top with corners `surface` (2, 3) [m]."""
    (x, y), low, high = placed.position[:2].tolist(), *surface[:, :2].tolist()
    return low[0] <= x <= high[0] and low[1] <= y <= high[1]
