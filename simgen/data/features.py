"""What the arrays of a dataset are: type, shape, time axis and unit per path, and statistics of the small ones."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from simgen.errors import SimgenError

# First match wins; what is in none of them has no unit that we know of.
_UNITS = (
    (r"/rgb$|/albedo$", "0..255"),
    (r"/depth$", "mm, planar, 0 = none"),
    (r"/segmentation$", "instance id, 0 = none"),
    (r"/normals$", "unit vector, world frame"),
    (r"/optical_flow$", "px since the previous frame, x right, y down"),
    (r"/scene_flow$", "m since the previous frame, world frame"),
    (r"/pointcloud$", "m, world frame; the last: 1 = hit, 0 = none"),
    (r"/intrinsic_cv$", "px"),
    (r"/extrinsic_cv$|/cam2world_gl$", "homogeneous transform, m"),
    (r"agent/qpos$", "rad, m for prismatic joints"),
    (r"agent/qvel$", "rad/s, m/s for prismatic joints"),
    (r"^env_states/actors/", "position m, quaternion wxyz, velocity m/s, angular velocity rad/s"),
    (r"^env_states/articulations/", "root as for actors, then joint positions and velocities"),
    (r"^map/occupancy$", "1 = something stands there; rows along y, columns along x"),
    (r"^map/(origin|resolution)$", "m"),
    (r"/(route|path)$", "m, x forward, y left of the robot"),
    (r"/(ego_speed|command)$", "m/s forward, rad/s to the left"),
    (r"/way_left$", "m"),
    (r"_pose$|/pose$", "position m, quaternion wxyz"),
    (r"position$|_pos$", "m"),
)

_LARGEST = 1e140


def features_of(arrays: Mapping[str, np.ndarray], length: int) -> dict[str, dict[str, Any]]:
    """Describes the arrays of one episode of `length` steps: dtype, shape after the first axis, what the
    rows are ("T", "T+1", "any"; None for a single number), unit."""
    features = {}
    for path, array in arrays.items():
        time = {length: "T", length + 1: "T+1"}.get(len(array), "any") if array.ndim else None
        shape = list(array.shape[1:])
        features[path] = {"dtype": array.dtype.name, "shape": shape, "time": time, "unit": _unit(path)}
    return features


@functools.lru_cache(maxsize=4096)
def _unit(path: str) -> str | None:
    return next((unit for pattern, unit in _UNITS if re.search(pattern, path)), None)


def merge_features(
    known: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]], where: str
) -> dict[str, Any]:
    """Joins two descriptions; a size that differs between episodes becomes None.

    Raises:
        SimgenError: if a path changes its type or its number of axes.
    """
    merged = dict(known)
    for path, feature in new.items():
        old = merged.get(path)
        if old is None:
            merged[path] = feature
            continue
        if old["dtype"] != feature["dtype"]:
            raise SimgenError(f"{where}: {path!r} has type {feature['dtype']}; the dataset has {old['dtype']}.")
        if len(old["shape"]) != len(feature["shape"]):
            raise SimgenError(f"{where}: {path!r} has shape {feature['shape']}; the dataset has {old['shape']}.")
        if (old["shape"], old["time"]) != (feature["shape"], feature["time"]):
            sizes = [a if a == b else None for a, b in zip(old["shape"], feature["shape"], strict=True)]
            merged[path] = {**old, "shape": sizes, "time": old["time"] if old["time"] == feature["time"] else "any"}
    return merged


def is_summarised(array: Any) -> bool:
    """Whether statistics are kept of an array, of NumPy or of h5py."""
    return array.ndim in (1, 2) and 0 < array.size <= 1 << 20


def statistics_of(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Count, mean, sum of squared deviations, least and greatest per column of each (rows, columns) array.

    Rows with values that are not finite, or whose square would not be, do not count.
    """
    alike: dict[int, dict[str, np.ndarray]] = {}  # those with as many rows are reduced together
    for path, array in arrays.items():
        if is_summarised(array):
            alike.setdefault(len(array), {})[path] = array.reshape(len(array), -1)
    found = {}
    for tables in alike.values():
        found |= _moments(tables)
    return {path: found[path] for path in arrays if path in found}


def _moments(tables: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """`statistics_of` tables with the same number of rows; one of which no row counts is left out."""
    rows = np.concatenate(list(tables.values()), axis=1, dtype=np.float64)
    usable = np.abs(rows) < _LARGEST
    if not usable.all() and len(tables) > 1:
        alone = [_moments({path: table}) for path, table in tables.items()]
        return {path: moments for each in alone for path, moments in each.items()}
    rows = rows if usable.all() else rows[usable.all(axis=1)]
    if len(rows) == 0:
        return {}
    mean = rows.mean(axis=0)
    moments = {
        "mean": mean.tolist(),
        "m2": np.square(rows - mean).sum(axis=0).tolist(),
        "min": rows.min(axis=0).tolist(),
        "max": rows.max(axis=0).tolist(),
    }
    ends = itertools.accumulate((table.shape[1] for table in tables.values()), initial=0)
    return {
        path: {"count": len(rows), **{name: values[first:end] for name, values in moments.items()}}
        for path, (first, end) in zip(tables, itertools.pairwise(ends), strict=True)
    }


def merge_statistics(known: dict[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Joins moments of two disjoint sets of rows (Chan et al. 1979); widths that differ drop the path (`None`)."""
    merged = dict(known)
    for path, right in new.items():
        left = merged.setdefault(path, right)
        if left is right or left is None:
            continue
        if right is None or len(left["mean"]) != len(right["mean"]):
            merged[path] = None  # pyright: ignore[reportArgumentType]
            continue
        count = left["count"] + right["count"]
        delta = np.subtract(right["mean"], left["mean"])
        spread = np.square(delta) * (left["count"] * right["count"] / count)
        merged[path] = {
            "count": count,
            "mean": (np.asarray(left["mean"]) + delta * (right["count"] / count)).tolist(),
            "m2": (np.asarray(left["m2"]) + right["m2"] + spread).tolist(),
            "min": np.minimum(left["min"], right["min"]).tolist(),
            "max": np.maximum(left["max"], right["max"]).tolist(),
        }
    return merged


def summarise_statistics(statistics: Mapping[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """What dataset.json shows per path: count, mean, std, min, max."""
    summary = {}
    for path, values in sorted(statistics.items()):
        if values is None:
            continue
        std = np.sqrt(np.asarray(values["m2"]) / values["count"]).tolist()
        kept = {key: values[key] for key in ("count", "mean", "min", "max")}
        summary[path] = {**kept, "std": std}
    return summary
