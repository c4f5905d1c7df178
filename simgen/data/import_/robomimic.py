"""robomimic, robosuite, MimicGen and LIBERO: one HDF5 file with data/demo_0, data/demo_1, ..."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from simgen.data.files import canonical_json
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
from simgen.data.import_.hdf5 import array_of, files_in, finite_json, json_attribute, leaves, open_h5, top_names
from simgen.data.import_.robomimic_arrays import cameras_of, stored_obs
from simgen.errors import BadInput

_DEMO = re.compile(r"(?:demo|ep|episode)_(\d+)")
DEFAULT_HZ = 20.0  # robosuite's control_freq, where a file does not say
UNIT = "as in the source"


class Robomimic:
    """One HDF5 file of demonstrations."""

    name = "robomimic"
    looks_for = "an .hdf5 file with the group data/demo_0"

    def recognise(self, path: Path) -> bool:
        files = files_in(path)
        return len(files) == 1 and "data" in top_names(files[0])

    def open(self, path: Path, options: ImportOptions, progress: Progress = silent) -> RobomimicSource:
        files = files_in(path)
        if len(files) != 1:
            raise BadInput(f"{path}: has {len(files)} HDF5 files; give the one to import.")
        return RobomimicSource(files[0], options)


class RobomimicSource:
    """A file whose groups and attributes were read."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._path, self._options = path, options
        try:
            self._file = open_h5(path)
        except Unusable as error:
            raise BadInput(str(error)) from None
        try:
            self._read_metadata()
        except (OSError, RuntimeError, KeyError) as error:
            self.close()
            raise BadInput(f"{path}: its metadata cannot be read ({error}); is it cut off?") from None
        except BadInput:
            self.close()
            raise

    def _read_metadata(self) -> None:
        data: Any = self._file.get("data")
        if not isinstance(data, h5py.Group):
            raise BadInput(f"{self._path}: has no group 'data' with demonstrations.")
        matches = [match for name in data if (match := _DEMO.fullmatch(str(name)))]
        self._names = [match[0] for match in sorted(matches, key=lambda match: (int(match[1]), match[0]))]
        if not self._names:
            raise BadInput(f"{self._path}: data has no group demo_0.")
        self._data: Any = data
        self._env = json_attribute(data, "env_args")
        kwargs = self._env.get("env_kwargs")
        self._kwargs: dict[str, Any] = kwargs if isinstance(kwargs, dict) else {}
        self._masks = self._read_masks()
        self._require_whole()
        self.info = self._describe()

    def _read_masks(self) -> dict[str, list[str]]:
        """The names of the filters that each demonstration belongs to."""
        masks: Any = self._file.get("mask")
        found: dict[str, list[str]] = {}
        for mask in sorted(masks) if isinstance(masks, h5py.Group) else ():
            members: Any = masks[mask]
            for name in np.ravel(members[()]):
                found.setdefault(name.decode() if isinstance(name, bytes) else str(name), []).append(mask)
        return found

    def _require_whole(self) -> None:
        total = self._data.attrs.get("total")
        steps = sum(self._steps(name) or 0 for name in self._names)
        if total is not None and int(total) != steps and not self._options.skip_bad:
            raise BadInput(
                f"{self._path}: data says {int(total)} samples in total, its {len(self._names)} demonstrations have "
                f"{steps}; is the file half-written? --skip-bad takes what is whole."
            )

    def _steps(self, name: str) -> int | None:
        """The number of actions of a demonstration; None without actions."""
        actions: Any = self._data[name].get("actions")
        return actions.shape[0] if isinstance(actions, h5py.Dataset) and actions.ndim else None

    def _describe(self) -> SourceInfo:
        first: Any = self._data[self._names[0]]
        shapes = {path: (dataset.shape, dataset.dtype) for path, dataset in leaves(first)}
        said = self._kwargs.get("control_freq")
        known = self._options.fps or (float(said) if isinstance(said, int | float) and 0 < said < 1e5 else None)
        remarks = (
            [] if known else [f"the file does not say the control frequency; robosuite's default {DEFAULT_HZ:g} Hz"]
        )
        if not any(path.startswith("obs/") for path in shapes):
            remarks.append("there are no observations in the file: actions and rewards only")
        robots = self._kwargs.get("robots")
        robots = [robots] if isinstance(robots, str) else robots
        stat = [self._path.name, self._path.stat().st_size, len(self._names)]
        return SourceInfo(
            format="robomimic",
            version=str(self._env["env_version"]) if self._env.get("env_version") else None,
            name=safe_name(str(self._env.get("env_name") or self._path.resolve().stem)),
            episodes=len(self._names),
            fps=known or DEFAULT_HZ,
            cameras=chosen(cameras_of(shapes), self._options, str(self._path)),
            notes={path: {"unit": UNIT} for path in ("actions", "extra/states")} | self._obs_notes(shapes),
            robot_type=",".join(map(str, robots)) if isinstance(robots, list) and robots else None,
            control=self._control(),
            labelled=self._is_sparse or any("success" in self._data[name].attrs for name in self._names),
            longest=max(self._steps(name) or 0 for name in self._names) + 1,
            one_short=self._is_one_short(shapes),
            details={
                "fingerprint": hashlib.sha256(canonical_json(stat)).hexdigest()[:16],
                "env_args": finite_json(self._env),
            },
            remarks=tuple(remarks),
        )

    def _is_one_short(self, shapes: Mapping[str, Any]) -> bool:
        """Whether some observation is not in next_obs, which has the one after the last action."""
        return any(path.startswith("obs/") and f"next_{path}" not in shapes for path in shapes)

    def _obs_notes(self, shapes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        names = [path.removeprefix("obs/") for path in shapes if path.startswith("obs/")]
        return {f"obs/extra/{safe_name(name)}": {"unit": UNIT} for name in names}

    def _control(self) -> str | None:
        configs = self._kwargs.get("controller_configs")
        configs = configs[0] if isinstance(configs, list) and configs else configs
        kind = configs.get("type") if isinstance(configs, dict) else None
        return str(kind) if kind else None

    @property
    def _is_sparse(self) -> bool:
        """Whether a reward stands for success, as in robosuite without shaping."""
        return self._kwargs.get("reward_shaping") is False

    def phase(self, number: int) -> str:
        return RECORDED

    def problem(self, number: int) -> str | None:
        name = self._names[number]
        where = f"{self._path}: data/{name}"
        try:
            steps = self._steps(name)
            if not steps:
                return f"{where} has no actions."
            said = self._data[name].attrs.get("num_samples")
            if said is not None and int(said) != steps:
                return f"{where} has {steps} actions; num_samples is {int(said)}."
            for path, dataset in leaves(self._data[name]):
                if path.startswith(("obs/", "next_obs/")) and dataset.shape[:1] != (steps,):
                    return f"{where}/{path} has {dataset.shape[0] if dataset.ndim else 0} rows, {steps} actions."
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            return f"{where} cannot be read ({error})."
        return None

    def read(self, number: int) -> Recording:
        name = self._names[number]
        demo: Any = self._data[name]
        where = f"{self._path}: data/{name}"
        paths = dict(leaves(demo))
        steps = self._steps(name)
        if not steps:
            raise Unusable(f"{where} has no actions.")
        arrays = stored_obs(paths, tuple(self.info.cameras), self._options.size, where)
        for old, new in (
            ("actions", "actions"),
            ("rewards", "rewards"),
            ("dones", "terminated"),
            ("states", "extra/states"),
        ):
            if old in paths:
                arrays[new] = array_of(paths[old], f"{where}/{old}")
        for path in ("rewards", "terminated"):
            if path in arrays:
                arrays[path] = arrays[path].reshape(len(arrays[path]), -1)[:, 0]
        if "terminated" in arrays:
            arrays["terminated"] = arrays["terminated"].astype(bool)
        return Recording(
            steps=steps,
            arrays=arrays,
            instruction=self._instruction(demo),
            success=self._success(demo, arrays),
            flags=self._masks.get(name, []),
            origin={"file": self._path.name, "group": f"data/{name}"},
        )

    def _instruction(self, demo: h5py.Group) -> str:
        """What LIBERO, robocasa and others write in different places."""
        problem, meta = json_attribute(self._data, "problem_info"), json_attribute(demo, "ep_meta")
        said = meta.get("lang") or demo.attrs.get("language_instruction") or problem.get("language_instruction")
        said = said[0] if isinstance(said, list) and said else said
        return said.decode() if isinstance(said, bytes) else said.strip() if isinstance(said, str) else ""

    def _success(self, demo: h5py.Group, arrays: Mapping[str, np.ndarray]) -> bool | None:
        said = demo.attrs.get("success")
        if said is not None:
            return bool(said)
        rewards = arrays.get("rewards")
        return bool((rewards > 0).any()) if self._is_sparse and rewards is not None else None

    def close(self) -> None:
        self._file.close()
