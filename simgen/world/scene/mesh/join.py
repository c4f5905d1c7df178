"""Several meshes as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from simgen.world.scene.model import TriangleMesh


class Triangles(Protocol):
    """What has corners (V, 3) and triangles (F, 3) that index them."""

    @property
    def vertices(self) -> np.ndarray: ...

    @property
    def faces(self) -> np.ndarray: ...


def joined_faces(meshes: Sequence[Triangles]) -> np.ndarray:
    """Returns the triangles of meshes whose corners stand one mesh after another. Shape: (sum of F, 3), int64."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    return np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)])


def joined_triangles(meshes: Sequence[TriangleMesh]) -> TriangleMesh:
    """Returns several meshes, which all have colours or none, as one."""
    colors = [mesh.colors for mesh in meshes if mesh.colors is not None]
    return TriangleMesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        joined_faces(meshes).astype(np.int32),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate(colors) if colors else None,
    )
