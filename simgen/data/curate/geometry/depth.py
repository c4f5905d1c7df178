"""How deep convex shapes are in each other: MuJoCo's distance between two geoms, without simulating anything."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from simgen.data.curate.geometry.pieces import Piece

mujoco: Any = importlib.import_module("mujoco")  # its compiled part tells type checkers nothing

_SAME = 1e-6  # two frames in which a pair is so much alike are one [m, and of the axes]
_SIGNS = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "mesh": mujoco.mjtGeom.mjGEOM_MESH,
    "plane": mujoco.mjtGeom.mjGEOM_PLANE,
}


class Shapes:
    """Pieces that distances are measured between; which of them belong together is up to the caller.

    Args:
        pieces: Each in the frame of what carries it.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        spec = mujoco.MjSpec()
        for number, piece in enumerate(pieces):
            _add(spec, number, piece)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._fromto = np.zeros(6)
        count = len(pieces)
        local = np.zeros((count, 9))
        for number in range(count):
            mujoco.mju_quat2Mat(local[number], self._model.geom_quat[number])
        # of the geom in its piece's carrier; a mesh's geom has its axes and origin elsewhere than the mesh
        self.position = self._model.geom_pos.copy()
        self.matrix = local.reshape(count, 3, 3)
        self.radius = np.where(self._model.geom_rbound > 0, self._model.geom_rbound, np.inf)
        self._outline = [_corners(self._model, number) for number in range(count)]
        self._half = np.where((self._model.geom_type == _TYPES["box"])[:, None], self._model.geom_size, np.nan)

    def placed(self, piece: int, position: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a piece is if its carrier is there. Shapes: (F, 3) and (F, 3, 3), of the result too."""
        return position + matrix @ self.position[piece], matrix @ self.matrix[piece]

    def near(self, first: int, second: int, at: tuple[np.ndarray, np.ndarray], of: tuple[np.ndarray, np.ndarray]):
        """In which frames two pieces may overlap, by a ball around one and a ball, box or plane of the other.

        Args:
            at, of: Where the first and the second are: positions (F, 3) and axes (F, 3, 3).

        Returns:
            Shape: (F,), bool.
        """
        return np.minimum(self._gap(first, at, second, of), self._gap(second, of, first, at)) < 0

    def _gap(self, shape: int, here: tuple[np.ndarray, np.ndarray], ball: int, there: tuple[np.ndarray, np.ndarray]):
        """A lower bound of the distance between a shape and the ball around another. Shape: (F,)."""
        offset = there[0] - here[0]
        radius = self.radius[ball]
        if not np.isfinite(radius):
            return np.full(len(offset), np.inf)
        if np.isinf(self.radius[shape]):  # a plane, solid below
            return np.einsum("fi,fi->f", offset, here[1][:, :, 2]) - radius
        if np.isnan(self._half[shape, 0]):
            return np.linalg.norm(offset, axis=1) - self.radius[shape] - radius
        local = np.abs(np.einsum("fij,fi->fj", here[1], offset)) - self._half[shape]
        return np.linalg.norm(np.maximum(local, 0.0), axis=1) - radius

    def _apart(
        self, shape: int, here: tuple[np.ndarray, np.ndarray], other: int, there: tuple[np.ndarray, np.ndarray], frames
    ) -> np.ndarray:
        """In which of some frames all corners of a piece are beyond one face of a box or above a plane."""
        corners, is_plane = self._outline[other], bool(np.isinf(self.radius[shape]))
        if len(frames) == 0 or corners is None or (not is_plane and np.isnan(self._half[shape, 0])):
            return np.zeros(len(frames), bool)
        turned = np.einsum("fij,fik->fjk", here[1][frames], there[1][frames])  # the other's axes in the box's
        offset = np.einsum("fij,fi->fj", here[1][frames], there[0][frames] - here[0][frames])
        seen = np.einsum("fij,vj->fvi", turned, corners) + offset[:, None]
        if is_plane:
            return seen[..., 2].min(axis=1) > 0
        low, high = seen.min(axis=1), seen.max(axis=1)
        return ((low > self._half[shape]) | (high < -self._half[shape])).any(axis=1)

    def depths(
        self, first: int, second: int, at: tuple[np.ndarray, np.ndarray], of: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """How deep two pieces are in each other, frame by frame; 0 where they are apart. Shape: (F,), [m]."""
        result = np.zeros(len(at[0]))
        frames = np.flatnonzero(self.near(first, second, at, of))
        frames = frames[~self._apart(first, at, second, of, frames)]
        frames = frames[~self._apart(second, of, first, at, frames)]
        if len(frames) == 0:
            return result
        seen = np.concatenate([of[0] - at[0], at[1].reshape(-1, 9), of[1].reshape(-1, 9)], axis=1)[frames]
        changed = np.abs(np.diff(seen, axis=0)).max(axis=1) > _SAME
        depth = 0.0
        for place, frame in enumerate(frames):
            if place == 0 or changed[place - 1]:
                depth = self._depth(first, second, at, of, int(frame))
            result[frame] = depth
        return result

    def _depth(self, first: int, second: int, at, of, frame: int) -> float:
        for piece, (position, matrix) in ((first, at), (second, of)):
            self._data.geom_xpos[piece] = position[frame]
            self._data.geom_xmat[piece] = matrix[frame].reshape(9)
        return max(0.0, -mujoco.mj_geomDistance(self._model, self._data, first, second, 1e-3, self._fromto))


def _corners(model: Any, geom: int) -> np.ndarray | None:
    """Corners of a box or a mesh in the geom's own frame; None of what is round. Shape: (V, 3)."""
    if model.geom_type[geom] == _TYPES["box"]:
        return _SIGNS * model.geom_size[geom]
    if model.geom_type[geom] != _TYPES["mesh"]:
        return None
    mesh = model.geom_dataid[geom]
    first = model.mesh_vertadr[mesh]
    return model.mesh_vert[first : first + model.mesh_vertnum[mesh]].astype(float)


def _add(spec: Any, number: int, piece: Piece) -> None:
    geom = spec.worldbody.add_geom()
    geom.type = _TYPES[piece.kind]
    geom.pos = piece.position
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(piece.matrix, float).reshape(9))
    geom.quat = quaternion
    if piece.kind == "mesh":
        assert piece.points is not None
        mesh = spec.add_mesh()
        mesh.name = geom.meshname = f"piece_{number}"
        mesh.uservert = np.asarray(piece.points, float).ravel().tolist()
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    elif piece.kind == "plane":
        geom.size = [0.0, 0.0, 1.0]
    else:
        geom.size = [*piece.size, *([0.0] * (3 - len(piece.size)))]
