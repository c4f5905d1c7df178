"""Outlines of SAPIEN's bodies: a few points of their shapes that reach as far as they do."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sapien
from sapien import physx, render

from simgen.world.scene.mesh.support import DIRECTIONS, support_points

_RING = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)


def outline(entity: sapien.Entity) -> np.ndarray:
    """Returns points of a body's collision shapes, or of what is drawn where it has none.

    Args:
        entity: With one physical body at most.

    Returns:
        In the entity's frame [m]; all zero where it has no shape, or only planes. Shape: (DIRECTIONS, 3).
    """
    body = entity.find_component_by_type(physx.PhysxRigidBaseComponent)
    drawn = entity.find_component_by_type(render.RenderBodyComponent)
    if isinstance(body, physx.PhysxRigidBaseComponent) and body.collision_shapes:
        shapes = [_collision_points(shape) for shape in body.collision_shapes]
    elif isinstance(drawn, render.RenderBodyComponent):
        shapes = [_drawn_points(shape) for shape in drawn.render_shapes]
    else:
        shapes = []
    points = np.concatenate([*shapes, np.zeros((0, 3))]).astype(np.float32)
    return _support(points.tobytes()) if len(points) else np.zeros((DIRECTIONS, 3), np.float32)


@lru_cache(maxsize=1024)
def _support(points: bytes) -> np.ndarray:
    """Finds the support points, once for the same shapes: scenes are built anew for every episode."""
    return support_points(np.frombuffer(points, np.float32).reshape(-1, 3))


def _collision_points(shape: physx.PhysxCollisionShape) -> np.ndarray:
    if isinstance(shape, physx.PhysxCollisionShapePlane):
        return np.zeros((0, 3))
    if isinstance(shape, physx.PhysxCollisionShapeConvexMesh | physx.PhysxCollisionShapeTriangleMesh):
        points = np.asarray(shape.vertices) * np.asarray(shape.scale)
    else:
        points = _primitive_points(shape)
    return _moved(points, shape.local_pose)


def _drawn_points(shape: render.RenderShape) -> np.ndarray:
    if isinstance(shape, render.RenderShapePlane):
        return np.zeros((0, 3))
    if isinstance(shape, render.RenderShapeTriangleMesh):
        points = np.concatenate([np.asarray(part.vertices) for part in shape.parts]) * np.asarray(shape.scale)
    else:
        points = _primitive_points(shape)
    return _moved(points, shape.local_pose)


def _primitive_points(shape: object) -> np.ndarray:
    """Points of a box, sphere, capsule or cylinder, as both physics and drawing have them; long axis x."""
    kind = type(shape).__name__
    if kind.endswith("Box"):
        corners = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), -1).reshape(-1, 3)
        return corners * np.asarray(shape.half_size)  # type: ignore[attr-defined]
    radius = shape.radius  # type: ignore[attr-defined]
    if kind.endswith("Sphere"):
        return radius * _ball()
    half = np.array([shape.half_length, 0.0, 0.0])  # type: ignore[attr-defined]
    if kind.endswith("Capsule"):
        return np.concatenate([radius * _ball() + half, radius * _ball() - half])
    ring = radius * np.stack([np.zeros_like(_RING), np.cos(_RING), np.sin(_RING)], -1)
    return np.concatenate([ring + half, ring - half])


def _ball() -> np.ndarray:
    height = np.linspace(-1.0, 1.0, 17)
    radius = np.sqrt(1.0 - height**2)
    points = [radius[:, None] * np.cos(_RING), radius[:, None] * np.sin(_RING), np.repeat(height[:, None], 32, 1)]
    return np.stack(points, -1).reshape(-1, 3)


def _moved(points: np.ndarray, pose: sapien.Pose) -> np.ndarray:
    matrix = pose.to_transformation_matrix()
    return points @ matrix[:3, :3].T + matrix[:3, 3]
