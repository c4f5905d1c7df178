"""Bodies that gain energy though nothing is near that could give it: no robot, no moving part, no other moving body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from scipy.spatial.transform import Rotation

from simgen.data.curate.geometry.errors import NoGeometry
from simgen.data.curate.motion import Track
from simgen.data.curate.section import NonNegative, Positive, Section
from simgen.data.curate.subject import Subject
from simgen.data.curate.verdict import Verdict, at_most, unmeasured

if TYPE_CHECKING:
    from simgen.data.curate.geometry.world import Geometry, Solid
    from simgen.world.scene.scene import Body

_STILL = 0.05  # a neighbour that moves slower gives nothing away [m/s]


class EnergySpec(Section):
    """Drops episodes in which a body gains energy from nothing."""

    most: Positive = Field(
        default=0.2,
        description="energy per mass that a body may gain while it is alone [J/kg]; 0.2 is 2 cm of height, or 0.6 m/s",
    )
    distance: NonNegative = Field(default=0.03, description="how near something must be to have given it [m]")


class Energy:
    """Adds up kinetic and potential energy of each free body while nothing touches it but what rests."""

    def __init__(self, spec: EnergySpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the largest gain, per mass."""
        motion = subject.motion
        if not motion.actors:
            return unmeasured("has no states of free bodies")
        if not all(track.is_finite for track in motion.tracks.values()):
            return unmeasured("its states are no numbers")
        try:
            geometry = subject.geometry
        except NoGeometry as problem:
            return unmeasured(str(problem))
        worst, frame, reason = 0.0, None, ""
        for solid in geometry.moving():
            body = geometry.scene.bodies[geometry.layout.slot(solid.name)]
            if body.push is not None or solid.name not in motion.tracks:
                continue
            energy = _energies(motion.tracks[solid.name], geometry, body)
            gain, index = largest_gain(energy, self._alone(geometry, solid, motion.tracks))
            if gain > worst:
                worst, frame = gain, index
                reason = f"{solid.name} gains {gain:.3g} J/kg with nothing near it"
        return at_most(worst, self._spec.most, reason, frame)

    def _alone(self, geometry: Geometry, solid: Solid, tracks: dict[str, Track]) -> np.ndarray:
        """In which frames nothing that moves is near a body. Shape: (F,), bool."""
        alone = np.ones(len(solid.position), bool)
        for other in geometry.solids.values():
            if other is solid or other.role in ("surface", "fixed"):
                continue
            near = geometry.gaps(solid, other) < self._spec.distance
            if other.role == "object" and other.name in tracks:
                near &= np.linalg.norm(tracks[other.name].velocity, axis=1) > _STILL
            alone &= ~near
        return alone


def largest_gain(energy: np.ndarray, alone: np.ndarray) -> tuple[float, int | None]:
    """How much energy rises above what it was before in a stretch of frames in which a body is alone.

    What is lower for one frame only is an impact, which gives back what it has taken.

    Args:
        energy: Per mass [J/kg]. Shape: (F,).
        alone: Whether anything could give energy to it. Shape: (F,).

    Returns:
        the gain [J/kg] and the frame in which it is reached.
    """
    steady = np.maximum(energy, np.concatenate([energy[:1], energy[:-1]]))
    best, frame, lowest = 0.0, None, np.inf
    for index in range(len(energy)):
        if not alone[index]:
            lowest = np.inf
            continue
        if energy[index] - lowest > best:
            best, frame = float(energy[index] - lowest), index
        started = index == 0 or not alone[index - 1]
        lowest = min(lowest, energy[index] if started else steady[index])
    return best, frame


def _energies(track: Track, geometry: Geometry, body: Body) -> np.ndarray:
    """Kinetic and potential energy per mass in each frame. Shape: (F,), [J/kg]."""
    slot = next(slot for slot in geometry.layout.bodies if slot.name == track.name)
    model = slot.candidates[body.candidate]
    size = float(np.mean(body.scale))
    gyration = np.trace(model.inertia) / 3 / max(model.volume, 1e-12) * size**2  # [m^2], the mean over the axes
    turned = Rotation.from_quat(track.quaternion, scalar_first=True).apply(model.center_of_mass * body.scale)
    height = (track.position + turned)[:, 2]
    moving = 0.5 * np.sum(track.velocity**2, axis=1) + 0.5 * gyration * np.sum(track.spin**2, axis=1)
    return moving - geometry.scene.gravity * height
