"""The observations of a robomimic demonstration by our paths; the last of next_obs makes them T + 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import h5py
import numpy as np

from simgen.data.import_.base import Camera, Unusable, safe_name
from simgen.data.import_.hdf5 import array_of
from simgen.data.import_.images import depth_mm, resize_nearest, resize_stack

_SUFFIXES = {"rgb": ("_image", "_rgb"), "depth": ("_depth",), "segmentation": ("_segmentation",)}
_JOINTS = {"qpos": "obs/agent/qpos", "qvel": "obs/agent/qvel"}
Shapes = Mapping[str, tuple[tuple[int, ...], np.dtype]]


def camera_of(key: str, shape: Sequence[int], dtype: np.dtype) -> tuple[str, str] | None:
    """Returns camera and output of an observation; None for one that is no image.

    Depth in real numbers stays what it is: some files have metres there, some the depth buffer of the renderer.
    """
    if len(shape) != 4 or dtype.kind not in "ui":
        return None
    channels = 3 if 3 in (shape[1], shape[3]) and dtype == np.uint8 else 1 if shape[3] == 1 else 0
    for output, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            if key.endswith(suffix) and channels == (3 if output == "rgb" else 1):
                return safe_name(key.removesuffix(suffix)), output
    return (safe_name(key), "rgb") if channels == 3 else None


def cameras_of(shapes: Shapes) -> dict[str, Camera]:
    """Returns the cameras of a demonstration.

    Args:
        shapes: shape and type by the path in the demonstration.
    """
    outputs: dict[str, dict[str, tuple[int, int]]] = {}
    for path, (shape, dtype) in shapes.items():
        found = camera_of(path.removeprefix("obs/"), shape, dtype) if path.startswith("obs/") else None
        if found is not None:
            size = (shape[2], shape[3]) if _is_channels_first(shape) else (shape[1], shape[2])
            outputs.setdefault(found[0], {})[found[1]] = size
    return {name: Camera(sizes) for name, sizes in sorted(outputs.items())}


def stored_obs(
    datasets: Mapping[str, h5py.Dataset], cameras: Sequence[str], size: tuple[int, int] | None, where: str
) -> dict[str, np.ndarray]:
    """Reads the observations of a demonstration by their paths here.

    Args:
        datasets: by their path in the demonstration.
        cameras: those that are wanted.
        size: width and height of stored images [px].

    Raises:
        Unusable: if one is damaged or two have the same path.
    """
    stored: dict[str, np.ndarray] = {}
    for path, dataset in datasets.items():
        if not path.startswith("obs/"):
            continue
        key = path.removeprefix("obs/")
        camera = camera_of(key, dataset.shape, dataset.dtype)
        if camera is not None and camera[0] not in cameras:
            continue
        if camera is not None:
            target = f"obs/sensor_data/{camera[0]}/{camera[1]}"
        else:
            target = _JOINTS.get(key) or f"obs/extra/{safe_name(key)}"
        if target in stored:
            raise Unusable(f"{where}/{path}: another observation goes to {target} too.")
        array = _with_last(datasets, path, where)
        stored[target] = _image(array, camera[1], size) if camera is not None else array
    return stored


def _with_last(datasets: Mapping[str, h5py.Dataset], path: str, where: str) -> np.ndarray:
    """The T observations and the one after the last action, if next_obs has it."""
    array = array_of(datasets[path], f"{where}/{path}")
    following = datasets.get(f"next_{path}")
    if following is None or following.shape != array.shape or not len(array):
        return array
    try:
        return np.concatenate([array, following[-1:]])
    except (OSError, RuntimeError) as error:
        raise Unusable(f"{where}/next_{path}: cannot be read ({error}).") from None


def _image(array: np.ndarray, output: str, size: tuple[int, int] | None) -> np.ndarray:
    if output == "rgb":
        return resize_stack(np.moveaxis(array, 1, 3) if _is_channels_first(array.shape) else array, size)
    if output == "depth":
        return resize_nearest(depth_mm(array, "mm"), size)
    return resize_nearest(array.astype(np.int16), size)


def _is_channels_first(shape: Sequence[int]) -> bool:
    return shape[1] == 3 and shape[3] != 3
