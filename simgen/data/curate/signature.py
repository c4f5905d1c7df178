"""What is kept of an episode to tell whether another is nearly the same: a few hundred numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.fft import dctn

from simgen.data.curate.filters.duplicate import DuplicateSpec
from simgen.data.curate.subject import RGB, Subject
from simgen.data.files import canonical_json

MOMENTS = 8  # at which the motion is looked at, spread evenly from the first frame to the last
MOST_CAMERAS = 4
_GRID = 8  # colours per side of a picture
_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Kind:
    """What the signatures of a group of episodes consist of; only those of one kind can be compared.

    Args:
        name: Of the kind: task, cameras, bodies.
        pictures: Three for each camera.
        positions, joints, actions: Numbers at each moment.
    """

    name: str
    pictures: int
    positions: int
    joints: int
    actions: int

    @property
    def dtype(self) -> np.dtype:
        """Of one signature: hash and colours of each picture, and the motion."""
        numbers = MOMENTS * (self.positions + self.joints + self.actions)
        return np.dtype(
            [
                ("hashes", "<u8", (self.pictures,)),
                ("colors", "u1", (self.pictures * _GRID * _GRID * 3,)),
                ("motion", "<f4", (numbers,)),
            ]
        )

    def tolerances(self, spec: DuplicateSpec) -> np.ndarray:
        """How much each number of the motion, then each colour, may differ. Shape: (numbers + colours,), float32."""
        parts = [
            np.full(MOMENTS * self.positions, spec.position),
            np.full(MOMENTS * self.joints, spec.joint),
            np.full(MOMENTS * self.actions, spec.action),
            np.full(self.pictures * _GRID * _GRID * 3, spec.color),
        ]
        return np.concatenate(parts).astype(np.float32)


def signature_of(subject: Subject) -> tuple[Kind, np.ndarray]:
    """Returns the kind of an episode and its signature, an array of one element of the kind's dtype."""
    cameras = subject.cameras(RGB)[:MOST_CAMERAS]
    positions, joints = _states(subject)
    actions = _actions(subject)
    tracks = subject.motion.tracks
    described = [subject.episode.task, cameras, [[name, track.rows.shape[1]] for name, track in sorted(tracks.items())]]
    name = canonical_json([*described, actions.shape[1]]).decode()
    kind = Kind(name, 3 * len(cameras), positions.shape[1], joints.shape[1], actions.shape[1])
    signature = np.zeros(1, kind.dtype)
    motion = [_moments(rows).ravel() for rows in (positions, joints, actions)]
    signature["motion"][0] = np.nan_to_num(np.concatenate(motion))
    pictures = [picture for camera in cameras for picture in _pictures(subject.images(camera, RGB))]
    signature["hashes"][0] = [perceptual_hash(picture) for picture in pictures]
    if pictures:
        signature["colors"][0] = np.concatenate([_colors(picture) for picture in pictures])
    return kind, signature


def _states(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """Positions of all bodies and of all joints in each frame. Shapes: (F, 3 N) and (F, D)."""
    tracks = [track for _name, track in sorted(subject.motion.tracks.items())]
    frames = subject.episode.length + 1
    none = np.zeros((frames, 0))
    return (
        np.concatenate([none, *(track.position for track in tracks)], axis=1),
        np.concatenate([none, *(track.joints for track in tracks)], axis=1),
    )


def _actions(subject: Subject) -> np.ndarray:
    """The mean of the actions up to each step, as shares of their range. Shape: (T, dimensions)."""
    actions = np.asarray(subject.small["actions"], float).reshape(subject.episode.length, -1)
    limits = subject.facts.limits()
    width = np.ones(actions.shape[1])
    if limits is not None and len(limits[0]) == actions.shape[1]:
        width = np.maximum(limits[1] - limits[0], 1e-6)
    return np.cumsum(actions, axis=0) / np.arange(1, len(actions) + 1)[:, None] / width


def _moments(rows: np.ndarray) -> np.ndarray:
    """Rows at moments spread evenly over the episode, between frames interpolated. Shape: (F, N) -> (MOMENTS, N)."""
    places = np.linspace(0, len(rows) - 1, MOMENTS)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, len(rows) - 1)
    share = (places - below)[:, None]
    return rows[below] * (1 - share) + rows[above] * share


def _pictures(images: np.ndarray) -> list[np.ndarray]:
    return [images[0], images[len(images) // 2], images[-1]]


def perceptual_hash(image: np.ndarray) -> int:
    """64 bits that stay nearly the same when a picture is compressed, scaled, brightened or blurred a little.

    Args:
        image: Shape: (H, W, 3), uint8.

    Reference: pHash as ImageHash (BSD-2-Clause) has it: signs of the lowest frequencies against their median.
    """
    gray = (image @ _LUMA).astype(np.uint8)
    small = np.asarray(Image.fromarray(gray).resize((32, 32), Image.Resampling.LANCZOS), float)
    low = np.asarray(dctn(small, norm="ortho"))[:8, :8]
    bits = (low > np.median(low)).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _colors(image: np.ndarray) -> np.ndarray:
    """The mean colours of a grid of cells, at a common brightness. Shape: (GRID * GRID * 3,), uint8."""
    small = np.asarray(Image.fromarray(image).resize((_GRID, _GRID), Image.Resampling.BOX), float)
    brightness = max(float((small @ _LUMA).mean()), 1.0)
    return np.clip(np.rint(small * (100.0 / brightness)), 0, 255).astype(np.uint8).ravel()
