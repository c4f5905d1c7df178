"""How the bodies of an episode moved, from the rows of its `env_states`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ACTORS, ARTICULATIONS = "env_states/actors/", "env_states/articulations/"
ROOT = 13  # position, quaternion wxyz, velocity, angular velocity


@dataclass(frozen=True, eq=False)
class Track:
    """One body, or the root and the joints of an articulation, over the F = T + 1 frames of an episode.

    Args:
        name: As the states call it, e.g. "cube" or "panda".
        rows: Position [m], quaternion wxyz, velocity [m/s], angular velocity [rad/s], then joint positions and joint
            velocities [rad or m, per s]. Shape: (F, 13 + 2 D), float64.
    """

    name: str
    rows: np.ndarray

    @property
    def position(self) -> np.ndarray:
        """Shape: (F, 3), [m]."""
        return self.rows[:, :3]

    @property
    def quaternion(self) -> np.ndarray:
        """Shape: (F, 4), wxyz."""
        return self.rows[:, 3:7]

    @property
    def velocity(self) -> np.ndarray:
        """Shape: (F, 3), [m/s]."""
        return self.rows[:, 7:10]

    @property
    def spin(self) -> np.ndarray:
        """Angular velocity. Shape: (F, 3), [rad/s]."""
        return self.rows[:, 10:13]

    @property
    def joints(self) -> np.ndarray:
        """Joint positions. Shape: (F, D), [rad or m]."""
        return self.rows[:, ROOT : ROOT + self._dof]

    @property
    def joint_velocity(self) -> np.ndarray:
        """Shape: (F, D), [rad/s or m/s]."""
        return self.rows[:, ROOT + self._dof :]

    @property
    def _dof(self) -> int:
        return (self.rows.shape[1] - ROOT) // 2

    @functools.cached_property
    def is_finite(self) -> bool:
        """Whether all of it are numbers."""
        return bool(np.isfinite(self.rows).all())


@dataclass(frozen=True, eq=False)
class Motion:
    """All that an episode's states say, by name."""

    actors: dict[str, Track]
    articulations: dict[str, Track]

    @property
    def tracks(self) -> dict[str, Track]:
        """Both kinds."""
        return self.actors | self.articulations

    @property
    def frames(self) -> int:
        """F; 0 without any states."""
        return next((len(track.rows) for track in self.tracks.values()), 0)


def motion_of(arrays: Mapping[str, np.ndarray]) -> Motion:
    """Reads the tracks of an episode; a path of another layout (such as a tensor per joint) is left out."""
    found: dict[str, dict[str, Track]] = {ACTORS: {}, ARTICULATIONS: {}}
    for path in arrays:
        for prefix, tracks in found.items():
            if path.startswith(prefix):
                rows = np.asarray(arrays[path], np.float64)
                name = path.removeprefix(prefix)
                if rows.ndim == 2 and rows.shape[1] >= ROOT and (rows.shape[1] - ROOT) % 2 == 0:
                    tracks[name] = Track(name, rows)
    return Motion(found[ACTORS], found[ARTICULATIONS])


def quaternion_angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The angle between orientations wxyz [rad]. Shape: (..., 4) and (..., 4) -> (...)."""
    norms = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = np.abs(np.sum(first * second, axis=-1)) / np.maximum(norms, 1e-12)
    return 2.0 * np.arccos(np.clip(cosine, 0.0, 1.0))
