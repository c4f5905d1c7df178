"""HDF5 files out of episodes: each episode is written to a file of its own, many of them become one file.

A file that grows would be lost whole if the process died in it; so an episode is durable once its own file is, and
files are put together with their compressed chunks as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from simgen.data.codec import LIBVER, GroupWriter, encode
from simgen.data.episode import canonical_array
from simgen.data.export.folder import ExportFolder
from simgen.data.files import put_in_place, temporary

CODEC = "gzip"  # which every HDF5 library can read
_ROOT = "episode"


class EpisodeParts:
    """The files of single episodes, and the joining of them."""

    def __init__(self, folder: ExportFolder) -> None:
        self._folder = folder

    def path(self, number: int) -> Path:
        return self._folder.scratch(f"parts/{number:08d}.h5")

    def write(self, number: int, arrays: Mapping[str, np.ndarray], attributes: Mapping[str, Any] | None = None) -> None:
        """Writes an episode durably.

        Args:
            arrays: by their path below the episode's group.
            attributes: of the group.
        """
        path = self.path(number)
        with h5py.File(temporary(path), "w", libver=LIBVER) as file:
            group = file.create_group(_ROOT)
            writer = GroupWriter(group)
            for name, array in arrays.items():
                layout, parts = encode(canonical_array(array), CODEC)
                writer.write(name, layout, parts, CODEC)
            set_attributes(group, attributes or {})
        put_in_place(path)

    def join(
        self,
        name: str,
        numbers: Sequence[int],
        group_of: Callable[[int], str],
        finish: Callable[[h5py.File], None] | None = None,
    ) -> Path:
        """Joins the files of episodes into one, and puts it in place whole; returns its path.

        Args:
            name: of the new file, below the folder of the export.
            numbers: of the episodes, in order.
            group_of: path of an episode's group in the file.
            finish: writes what else belongs into the file.
        """
        with self._folder.new(name) as draft, h5py.File(draft, "w", libver=LIBVER) as file:
            for number in numbers:
                with h5py.File(self.path(number), "r", locking=False) as part:
                    part.copy(part[_ROOT], file, name=group_of(number))
            if finish is not None:
                finish(file)
        return self._folder.out / name

    def remove(self, numbers: Sequence[int]) -> None:
        """Removes the files of episodes that were joined."""
        for number in numbers:
            self.path(number).unlink(missing_ok=True)


def set_attributes(item: h5py.Group | h5py.Dataset | h5py.File, attributes: Mapping[str, Any]) -> None:
    """Writes attributes; what HDF5 has no type for becomes JSON."""
    for key, value in attributes.items():
        item.attrs[key] = json.dumps(value) if isinstance(value, dict | list | tuple) or value is None else value
