"""HDF5 files of others: opened and read with a message for what is damaged in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from simgen.data import codec as _filters  # noqa: F401  (which lets HDF5 read what we and others compress)
from simgen.data.import_.base import Unusable

SUFFIXES = (".h5", ".hdf5")


def files_in(path: Path) -> list[Path]:
    """Returns the HDF5 files at or below a path."""
    if path.is_file():
        return [path] if path.suffix.lower() in SUFFIXES else []
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.name[0] != ".")


def top_names(path: Path) -> list[str]:
    """Returns the names at the top of a file; none where it cannot be opened."""
    try:
        with open_h5(path) as file:
            return list(file)
    except Unusable:
        return []


def open_h5(path: Path) -> h5py.File:
    """Opens a file for reading.

    Raises:
        Unusable: if it is missing or damaged.
    """
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        reason = "is missing" if not path.exists() else f"cannot be opened as HDF5; is it cut off? ({error})"
        raise Unusable(f"{path}: {reason}.") from None


def leaves(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yields path and dataset of everything below a group that holds numbers."""
    found: list[tuple[str, h5py.Dataset]] = []

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf" and item.dtype.itemsize <= 8:
            found.append((name, item))

    group.visititems(visit)
    yield from found


def array_of(dataset: h5py.Dataset, where: str) -> np.ndarray:
    """Reads all of a dataset.

    Raises:
        Unusable: if its bytes are damaged.
    """
    try:
        return np.asarray(dataset[()])
    except (OSError, RuntimeError) as error:
        raise Unusable(f"{where}: cannot be read ({error}).") from None


def json_attribute(holder: h5py.Group, name: str) -> dict[str, Any]:
    """Returns an attribute that holds a JSON object; {} where it does not."""
    value = holder.attrs.get(name)
    try:
        found = json.loads(value) if isinstance(value, str | bytes) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def finite_json(value: Any) -> Any:
    """Returns the value with null in place of numbers that JSON does not know."""
    if isinstance(value, dict):
        return {str(key): finite_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite_json(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
