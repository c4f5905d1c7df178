"""ManiSkill trajectories: HDF5 files with a JSON file of the same name beside each, of any observation mode."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from simgen.data.import_.base import (
    RECORDED,
    ImportOptions,
    Progress,
    Recording,
    SourceInfo,
    Unusable,
    chosen,
    safe_name,
    silent,
)
from simgen.data.import_.hdf5 import array_of, files_in, finite_json, leaves, open_h5, top_names
from simgen.data.import_.maniskill_arrays import cameras_in, stored_arrays
from simgen.data.import_.maniskill_json import Entry, Listing, read_listing
from simgen.errors import BadInput

_TRAJECTORY = re.compile(r"traj_\d+")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
DEFAULT_HZ = 20.0  # mani_skill's SimConfig.control_freq, where a file does not say


class ManiSkill:
    """ManiSkill's RecordEpisode, its demonstrations, and the shards of our own datasets."""

    name = "maniskill"
    looks_for = (
        "an .h5 file with groups traj_0, traj_1, ... and a .json file of the same name beside it, or a folder of such"
    )

    def recognise(self, path: Path) -> bool:
        return any(_TRAJECTORY.fullmatch(name) for file in files_in(path)[:3] for name in top_names(file)[:3])

    def open(self, path: Path, options: ImportOptions, progress: Progress = silent) -> ManiSkillSource:
        return ManiSkillSource(path, options)


class ManiSkillSource:
    """One or several trajectory files whose JSON was read."""

    def __init__(self, root: Path, options: ImportOptions) -> None:
        self._root, self._options = root, options
        files = files_in(root)
        if not files:
            raise BadInput(f"{root}: has no .h5 file.")
        self._listings = [read_listing(file) for file in files]
        self._entries = [(listing, entry) for listing in self._listings for entry in listing.episodes]
        if not self._entries:
            raise BadInput(f"{self._listings[0].path}: lists no episodes.")
        self._require_alike()
        self._own_seeds = self._seeds_differ()
        self._file: h5py.File | None = None
        self._opened: Path | None = None
        self.info = self._describe()

    def _require_alike(self) -> None:
        """Refuses files of several environments or control modes in one dataset."""
        first = self._listings[0]
        for other in self._listings[1:]:
            for what in ("env_id", "control_mode", "fps"):
                a, b = getattr(first, what), getattr(other, what)
                if a != b:
                    raise BadInput(
                        f"{self._root}: {first.path.name} has {what} {a}, {other.path.name} has {b}; "
                        "import each into a dataset of its own."
                    )

    def _seeds_differ(self) -> bool:
        seeds = [(self.phase(number), entry.seed) for number, (_listing, entry) in enumerate(self._entries)]
        return all(seed is not None for _phase, seed in seeds) and len(set(seeds)) == len(seeds)

    def _describe(self) -> SourceInfo:
        listing = self._listings[0]
        found = cameras_in(self._first_shapes())
        phases = dict.fromkeys(self.phase(number) for number in range(len(self._entries)))
        known = self._options.fps or listing.fps
        remarks = (
            () if known else (f"the files do not say the control frequency; ManiSkill's default {DEFAULT_HZ:g} Hz",)
        )
        if not self._own_seeds:
            remarks += ("seeds are missing or repeat: episodes are seeded by their numbers",)
        names = [[one.path.name, hashlib.sha256(one.json_path.read_bytes()).hexdigest()] for one in self._listings]
        return SourceInfo(
            format="maniskill",
            version=None,
            name=listing.env_id or safe_name(self._root.resolve().stem),
            episodes=len(self._entries),
            fps=known or DEFAULT_HZ,
            cameras=chosen(found, self._options, str(self._root)),
            notes={"obs/extra/state": {"unit": "as in the source"}} if self._is_flat else {},
            robot_type=listing.robot,
            control=listing.control_mode,
            labelled=any(entry.success is not None for _listing, entry in self._entries),
            phases=tuple(phases),
            longest=max(entry.elapsed_steps or 0 for _listing, entry in self._entries) + 1,
            details={
                "fingerprint": hashlib.sha256(repr(names).encode()).hexdigest()[:16],
                "env_id": listing.env_id,
                "env_kwargs": finite_json(listing.env_kwargs),
                "source_type": listing.source_type,
                "source_desc": listing.source_desc,
            },
            remarks=remarks,
        )

    def _first_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays of the first episode that can be opened."""
        self._is_flat = False
        for listing, entry in self._entries:
            try:
                with open_h5(listing.path) as file:
                    group = _trajectory(file, listing, entry)
                    self._is_flat = isinstance(group.get("obs"), h5py.Dataset)
                    return {path: dataset.shape for path, dataset in leaves(group)}
            except Unusable:
                continue
        return {}

    def phase(self, number: int) -> str:
        phase = self._entries[number][1].phase
        return phase if phase is not None and _WORD.fullmatch(phase) else RECORDED

    def problem(self, number: int) -> str | None:
        listing, entry = self._entries[number]
        try:
            group = _trajectory(self._open(listing.path), listing, entry)
            if "actions" not in group:
                return f"{listing.path}: {entry.group} has no actions."
            steps = {dataset.shape[:1] for path, dataset in leaves(group) if path.partition("/")[0] == "actions"}
            if len(steps) != 1 or steps == {(0,)}:
                return f"{listing.path}: {entry.group}/actions has no steps."
            if entry.elapsed_steps is not None and steps != {(entry.elapsed_steps,)}:
                rows = next(iter(steps))[0]
                return f"{listing.path}: {entry.group} has {rows} actions; elapsed_steps is {entry.elapsed_steps}."
        except Unusable as error:
            return str(error)
        return None

    def read(self, number: int) -> Recording:
        listing, entry = self._entries[number]
        group = _trajectory(self._open(listing.path), listing, entry)
        where = f"{listing.path}: {entry.group}"
        arrays = {path: array_of(dataset, f"{where}/{path}") for path, dataset in self._wanted(group)}
        arrays = stored_arrays(arrays, tuple(self.info.cameras), self._options.size, where)
        if "actions" not in arrays or arrays["actions"].ndim == 0:
            raise Unusable(f"{where} has no actions.")
        success = entry.success
        if success is None and "success" in arrays and len(arrays["success"]):
            success = bool(arrays["success"].reshape(-1)[-1])
        return Recording(
            steps=len(arrays["actions"]),
            arrays=arrays,
            task=entry.task,
            instruction=entry.instruction or "",
            success=success,
            seed=entry.seed if self._own_seeds else None,
            segmentation_ids=entry.instances,
            subtasks=entry.subtasks,
            flags=entry.flags,
            randomisation=entry.randomisation,
            origin={"file": listing.path.name, "group": entry.group, "control_mode": entry.control_mode},
        )

    def _wanted(self, group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
        """The arrays without those of cameras that are not wanted, which would take long to read."""
        for path, dataset in leaves(group):
            parts = path.split("/")
            of_camera = len(parts) > 2 and parts[0] == "obs" and parts[1] in ("sensor_data", "sensor_param")
            if not (of_camera and self._options.cameras and parts[2] not in self.info.cameras):
                yield path, dataset

    def _open(self, path: Path) -> h5py.File:
        if self._opened != path or self._file is None:
            self.close()
            self._file, self._opened = open_h5(path), path
        return self._file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._opened = None, None


def _trajectory(file: h5py.File, listing: Listing, entry: Entry) -> h5py.Group:
    try:
        group: Any = file.get(entry.group)
    except (OSError, RuntimeError, KeyError) as error:
        raise Unusable(f"{listing.path}: {entry.group} cannot be read ({error}).") from None
    if not isinstance(group, h5py.Group):
        raise Unusable(f"{listing.path}: has no {entry.group}, which {listing.json_path.name} lists.")
    return group
