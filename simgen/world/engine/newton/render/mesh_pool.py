"""All triangle meshes that a scene may draw, concatenated into Warp arrays that every world shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import warp as wp

from simgen.errors import SimgenError
from simgen.world.scene.model import TriangleMesh

LEAST_SLENDERNESS = 0.01  # width over length of a triangle across which the normal is interpolated


@wp.struct
class FaceShape:
    """The normals of a face's points: those of its corners, with linear change in between. 64 bytes: a cache line."""

    corner: wp.vec3  # the first [m]
    normal: wp.vec3  # there
    bend: wp.mat33  # what to add to it per way from there [1/m]
    reach: wp.float32  # no normal differs by more; 0: all are the same


@wp.struct
class MeshArrays:
    """What kernels see of a pool: V vertices, P points, F faces in all, M meshes; faces index within their mesh."""

    vertices: wp.array(dtype=wp.vec3)
    colors: wp.array(dtype=wp.vec3)
    faces: wp.array(dtype=wp.vec3i)
    shapes: wp.array(dtype=FaceShape)  # per face
    points: wp.array(dtype=wp.vec3)  # the vertices without those that differ in normal or colour only
    corners: wp.array(dtype=wp.vec3i)  # per face the points, as `faces` the vertices
    plane: wp.array(dtype=wp.vec4)  # per face: outward normal n and offset d [m]; seen from where n . x > d
    first_vertex: wp.array(dtype=wp.int32)
    first_point: wp.array(dtype=wp.int32)
    num_points: wp.array(dtype=wp.int32)
    first_face: wp.array(dtype=wp.int32)
    num_faces: wp.array(dtype=wp.int32)
    sphere: wp.array(dtype=wp.vec4)  # bounding sphere: centre, radius [m]
    colored: wp.array(dtype=wp.int32)  # 1 where the mesh has colours per vertex
    shadow: wp.array(dtype=wp.int32)  # id of the mesh that casts the shadow
    tracer: wp.array(dtype=wp.uint64)  # wp.Mesh, 0 if tracing is not used


class MeshPool:
    """Collects meshes, each once, and turns them into one set of arrays.

    `add` all meshes, then `finalize`; an id is the mesh's place in the pool.
    """

    def __init__(self) -> None:
        self._meshes: list[TriangleMesh] = []
        self._shadows: list[int] = []
        self._ids: dict[int, int] = {}
        self._tracers: list[wp.Mesh] = []
        self.max_points = 0
        self.max_faces = 0
        self._arrays: MeshArrays | None = None

    def __len__(self) -> int:
        return len(self._meshes)

    @property
    def arrays(self) -> MeshArrays:
        """The arrays made by `finalize`."""
        if self._arrays is None:
            raise SimgenError("the mesh pool has no arrays yet; call finalize first")
        return self._arrays

    @property
    def is_finalized(self) -> bool:
        """Whether `finalize` was called."""
        return self._arrays is not None

    @property
    def has_tracers(self) -> bool:
        """Whether `finalize` built the acceleration structures that ray tracing needs."""
        return bool(self._tracers)

    def add(self, mesh: TriangleMesh, shadow: TriangleMesh | None = None) -> int:
        """Give a mesh an id; the same object gets the same id again.

        Args:
            mesh: What is drawn. At least one face.
            shadow: A coarser mesh that casts the shadow in its place; it should not stick out by more than 2 mm.

        Returns:
            The id to write into `InstanceTable.mesh`.

        Raises:
            SimgenError: the pool is finalized, or the mesh is empty, not finite or has indices out of range.
        """
        if id(mesh) in self._ids:
            return self._ids[id(mesh)]
        if self._arrays is not None:
            raise SimgenError("the mesh pool is finalized: add every mesh before")
        _check(mesh)
        index = self._ids[id(mesh)] = len(self._meshes)
        self._meshes.append(mesh)
        self._shadows.append(index)
        if shadow is not None:
            self._shadows[index] = self.add(shadow)
        return index

    def finalize(self, device: str | wp.Device | None = None, trace: bool = False) -> MeshArrays:
        """Concatenate the meshes on a device.

        Args:
            device: Warp device of the arrays.
            trace: Also build a `wp.Mesh` (bounding volume hierarchy) per mesh.
        """
        if not self._meshes:
            raise SimgenError("the mesh pool is empty: there is nothing to draw")
        meshes = [_sort_faces(mesh) for mesh in self._meshes]
        white = np.ones((1, 3), np.float32)
        colors = [m.colors if m.colors is not None else white.repeat(len(m.vertices), 0) for m in meshes]
        welded = [_weld(mesh) for mesh in meshes]
        self.max_points = max(len(points) for points, _ in welded)
        self.max_faces = max(len(mesh.faces) for mesh in meshes)
        arrays = MeshArrays()
        for name, dtype, parts in (
            ("vertices", wp.vec3, [m.vertices for m in meshes]),
            ("colors", wp.vec3, colors if any(m.colors is not None for m in meshes) else [white]),
            ("faces", wp.vec3i, [m.faces for m in meshes]),
            ("points", wp.vec3, [points for points, _ in welded]),
            ("corners", wp.vec3i, [corners for _, corners in welded]),
            ("plane", wp.vec4, [_planes(m) for m in meshes]),
            ("shapes", FaceShape, [_shapes(m) for m in meshes]),
        ):
            setattr(arrays, name, wp.array(np.concatenate(parts), dtype=dtype, device=device))
        for name, lengths in (
            ("vertex", [len(m.vertices) for m in meshes]),
            ("point", [len(points) for points, _ in welded]),
            ("face", [len(m.faces) for m in meshes]),
        ):
            first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
            setattr(arrays, f"first_{name}", wp.array(first, dtype=wp.int32, device=device))
            if name != "vertex":
                setattr(arrays, f"num_{name}s", wp.array(lengths, dtype=wp.int32, device=device))
        arrays.sphere = wp.array(np.stack([bounding_sphere(m.vertices) for m in meshes]), dtype=wp.vec4, device=device)
        arrays.colored = wp.array([m.colors is not None for m in meshes], dtype=wp.int32, device=device)
        arrays.shadow = wp.array(self._shadows, dtype=wp.int32, device=device)
        self._tracers = [_tracer(m, device) for m in meshes] if trace else []
        handles = [t.id for t in self._tracers] or [0] * len(meshes)
        arrays.tracer = wp.array(np.array(handles, np.uint64), dtype=wp.uint64, device=device)
        self._arrays = arrays
        return arrays


def bounding_sphere(vertices: np.ndarray) -> np.ndarray:
    """Centre of the bounding box and the radius that holds every vertex. Shape: (4,), float32 [m]."""
    center = (vertices.min(0) + vertices.max(0)) / 2
    radius = np.linalg.norm(vertices - center, axis=1).max()
    return np.array([*center, radius * 1.0001 + 1e-6], np.float32)


def _check(mesh: TriangleMesh) -> None:
    if len(mesh.vertices) == 0 or len(mesh.faces) == 0:
        raise SimgenError("a mesh to draw has no triangles")
    if not (np.isfinite(mesh.vertices).all() and np.isfinite(mesh.normals).all()):
        raise SimgenError("a mesh to draw has vertices or normals that are not finite")
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise SimgenError(f"a mesh to draw has faces that name vertices outside 0..{len(mesh.vertices) - 1}")
    if mesh.normals.shape != mesh.vertices.shape:
        raise SimgenError(f"a mesh to draw has normals of shape {mesh.normals.shape}, vertices {mesh.vertices.shape}")


def _sort_faces(mesh: TriangleMesh) -> TriangleMesh:
    """The same mesh with faces of like direction side by side: the test for back faces then branches predictably."""
    normals = _planes(mesh)[:, :3]
    cells = np.floor(np.arctan2(normals[:, 1], normals[:, 0]) * 8 / np.pi) * 64 + np.floor(normals[:, 2] * 8)
    return replace(mesh, faces=mesh.faces[np.argsort(cells, kind="stable")])


def _weld(mesh: TriangleMesh) -> tuple[np.ndarray, np.ndarray]:
    """Distinct positions (P, 3) and the faces that index them (F, 3)."""
    points, inverse = np.unique(mesh.vertices, axis=0, return_inverse=True)
    return points, inverse.reshape(-1)[mesh.faces].astype(np.int32)


def _planes(mesh: TriangleMesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-20, normals / np.maximum(length, 1e-20), 0.0)
    offsets = (normals * corners[:, 0]).sum(1, keepdims=True)
    return np.concatenate([normals, offsets], 1).astype(np.float32)


def _shapes(mesh: TriangleMesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = mesh.normals[mesh.faces].astype(np.float64)
    sides, changes = (np.swapaxes(values[:, 1:] - values[:, :1], 1, 2) for values in (corners, normals))
    shapes = np.zeros(len(corners), FaceShape.numpy_dtype())
    shapes["corner"], shapes["normal"] = corners[:, 0], normals[:, 0]
    # of a sliver only the length counts: across it the normal would change faster than its points are known
    shapes["bend"] = changes @ np.linalg.pinv(sides, rcond=LEAST_SLENDERNESS)
    uneven = np.abs(changes).max((1, 2)) > 1e-3
    shapes["reach"] = np.where(uneven, np.linalg.norm(changes, axis=1).max(1), 0.0)
    return shapes


def _tracer(mesh: TriangleMesh, device: str | wp.Device | None) -> wp.Mesh:
    points = wp.array(mesh.vertices, dtype=wp.vec3, device=device)
    return wp.Mesh(points=points, indices=wp.array(mesh.faces.ravel(), dtype=wp.int32, device=device))
