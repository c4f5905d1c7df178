"""ManiSkill's arrays of one episode, of whichever observation mode, by our paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from simgen.data.import_.base import Camera, Unusable
from simgen.data.import_.images import depth_mm, resize_stack, scaled_intrinsics

IMAGES, PARAMETERS = "obs/sensor_data/", "obs/sensor_param/"
_FLAGS = ("terminated", "truncated", "success", "fail")
_FLAT = {"obs/rgb": ("rgb", 3), "obs/depth": ("depth", 1), "obs/segmentation": ("segmentation", 1)}
_ONE_CAMERA = "camera"


def cameras_in(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Camera]:
    """Returns the cameras of an episode.

    Args:
        shapes: by the path of the array in the trajectory.
    """
    outputs: dict[str, dict[str, tuple[int, int]]] = {}
    for path, shape in shapes.items():
        if path.startswith(IMAGES) and len(shape) == 4 and path.count("/") == 3:
            camera, output = path.removeprefix(IMAGES).split("/")
            outputs.setdefault(camera, {})[output] = shape[1], shape[2]
        for camera, output in _flat_cameras(path, shape):
            outputs.setdefault(camera, {})[output] = shape[1], shape[2]
    return {name: Camera(sizes) for name, sizes in sorted(outputs.items())}


def _flat_cameras(path: str, shape: Sequence[int]) -> list[tuple[str, str]]:
    """(camera, output) of the images that FlattenRGBDObservationWrapper puts behind each other, in their order."""
    if path not in _FLAT or len(shape) != 4:
        return []
    output, channels = _FLAT[path]
    count = shape[3] // channels
    return [(_ONE_CAMERA if count == 1 else f"{_ONE_CAMERA}_{number}", output) for number in range(count)]


def stored_arrays(
    arrays: Mapping[str, np.ndarray], cameras: Sequence[str], size: tuple[int, int] | None, where: str
) -> dict[str, np.ndarray]:
    """Returns the arrays of an episode by their paths here.

    Args:
        arrays: by their path in the trajectory.
        cameras: those that are wanted.
        size: width and height of stored images [px].

    Raises:
        Unusable: if they do not fit each other.
    """
    stored: dict[str, np.ndarray] = {}
    shapes: dict[str, tuple[int, int]] = {}  # of each camera's images as they were
    for path, array in _expanded(arrays, where).items():
        parts = path.split("/")
        if path.startswith((IMAGES, PARAMETERS)) and parts[2] not in cameras:
            continue
        if path.startswith(IMAGES) and array.ndim == 4:
            shapes.setdefault(parts[2], (array.shape[1], array.shape[2]))
            array = depth_mm(array, "m" if array.dtype.kind == "f" else "mm") if path.endswith("/depth") else array
            array = resize_stack(array, size)
        stored[path] = array.astype(bool) if path in _FLAGS and array.ndim == 1 else array
    for camera, shape in shapes.items():
        path = f"{PARAMETERS}{camera}/intrinsic_cv"
        if path in stored:
            stored[path] = scaled_intrinsics(stored[path], shape, size)
    return stored


def _expanded(arrays: Mapping[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
    """The arrays with flat observations, flat images and actions of several robots in their places."""
    found = dict(arrays)
    for old, new in (("obs", "obs/extra/state"), ("obs/state", "obs/extra/state"), ("env_states", "extra/env_states")):
        if old in found:
            found[new] = found.pop(old)
    for path in _FLAT:
        if path in found:
            array, channels = found.pop(path), _FLAT[path][1]
            for number, (camera, output) in enumerate(_flat_cameras(path, array.shape)):
                part = array[..., number * channels : (number + 1) * channels]
                found[f"{IMAGES}{camera}/{output}"] = np.ascontiguousarray(part)
    several = sorted(path for path in found if path.startswith("actions/"))
    if several:
        parts = [found.pop(path) for path in several]
        if len({len(part) for part in parts}) != 1 or any(part.ndim != 2 for part in parts):
            raise Unusable(f"{where}/actions: the robots' actions do not fit each other.")
        found["actions"] = np.concatenate(parts, axis=1)
    return found
