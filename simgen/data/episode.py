"""An episode as recorded, and the hash that identifies its content whatever codec, shard or order it is stored in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from blake3 import blake3

from simgen.data.files import canonical_json, plain
from simgen.errors import SimgenError

_STEPS = (
    "actions",
    "executed_actions",
    "actions_ee",
    "terminated",
    "truncated",
    "success",
    "fail",
    "rewards",
    "subtask",
)
_STATES = ("obs/", "env_states/")
_IDENTITY = ("seed", "phase", "task", "instruction", "success", "randomisation")


@dataclass(eq=False)
class Episode:
    """One recorded episode of T steps.

    Attributes:
        index: number of the episode in the schedule of its phase.
        seed: the episode's own seed.
        phase: "random", "teacher" or another lower-case word.
        reward_sum: undiscounted return.
        length: T, the number of actions.
        arrays: by the path inside ManiSkill's trajectory group: "obs/..." and "env_states/..." have T+1 rows,
            "actions", "terminated", "truncated", "success", "fail", "rewards" have T.
        randomisation: what was drawn for this episode; anything that JSON holds.
        segmentation_ids: instance id -> {name, class, body}.
        flags: words such as "failure" or "overflow".
        subtasks: name and instruction of each stage of a chained task; the array "subtask" (T,) says which one each
            step was in.
        origin: which episode of which dataset it was made from, where it was not simulated: {source, index, ...}.
    """

    index: int
    seed: int
    phase: str
    task: str
    instruction: str
    success: bool
    reward_sum: float
    length: int
    arrays: dict[str, np.ndarray]
    randomisation: dict[str, Any] = field(default_factory=dict)
    segmentation_ids: dict[int, dict[str, Any]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    subtasks: list[dict[str, str]] = field(default_factory=list)
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.phase} episode {self.index}"

    def metadata(self) -> dict[str, Any]:
        """Everything except the arrays, as JSON holds it.

        Raises:
            BadInput: if something cannot be stored as JSON.
        """
        values = {key: value for key, value in vars(self).items() if key != "arrays"}
        return {key: plain(value, f"{self.name}: {key}") for key, value in values.items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any], arrays: dict[str, np.ndarray]) -> Episode:
        """The inverse of `metadata`."""
        values = dict(metadata)
        values["segmentation_ids"] = {int(key): value for key, value in metadata["segmentation_ids"].items()}
        return cls(**values, arrays=arrays)

    def validate(self) -> None:
        """Checks what every stored episode keeps: names, lengths and types of the arrays.

        Raises:
            SimgenError: names the episode and the array.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.phase):
            raise SimgenError(f"{self.name}: the phase must be a lower-case word.")
        if self.index < 0 or self.length < 1:
            raise SimgenError(f"{self.name}: needs an index >= 0 and at least one step; length is {self.length}.")
        if "actions" not in self.arrays:
            raise SimgenError(f"{self.name}: has no array 'actions'.")
        for path, array in self.arrays.items():
            self._validate_array(path, array)

    def _validate_array(self, path: str, array: np.ndarray) -> None:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise SimgenError(f"{self.name}: {path!r} is no path of an array.")
        if any("/".join(parts[:count]) in self.arrays for count in range(1, len(parts))):
            raise SimgenError(f"{self.name}: {path!r} lies below another array.")
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            kind = getattr(array, "dtype", type(array).__name__)
            raise SimgenError(f"{self.name}: {path!r} must be a numeric NumPy array, not {kind}.")
        expected = expected_rows(path, self.length)
        rows = len(array) if array.ndim else 0
        if expected is not None and rows != expected:
            raise SimgenError(f"{self.name}: {path!r} has {rows} rows instead of {expected} (T = {self.length}).")


def expected_rows(path: str, length: int) -> int | None:
    """Rows that an array must have in an episode of `length` steps; None where the layout does not say."""
    if path.startswith(_STATES):
        return length + 1
    return length if path in _STEPS else None


def canonical_array(array: np.ndarray) -> np.ndarray:
    """The array as it is stored and hashed: little-endian, C order."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)


def content_hash(episode: Episode) -> str:
    """sha256 of the decoded content: identity of the episode, then each array sorted by path.

    The identity is seed, phase, task, instruction, success and randomisation; per array the path, dtype, shape and the
    BLAKE3 digest of the bytes in C order, which takes half as long as their sha256. Codec, shard and order of writing
    do not enter.
    """
    digest = _identity_digest(episode)
    for path, array in _canonical_arrays(episode):
        content = blake3(array.reshape(-1).view(np.uint8).data).hexdigest()
        digest.update(canonical_json([path, array.dtype.str, list(array.shape), content]))
    return digest.hexdigest()


def has_hash(episode: Episode, expected: str) -> bool:
    """Whether `expected` is the episode's content hash, also as simgen made it before it used BLAKE3."""
    return expected == content_hash(episode) or expected == _first_content_hash(episode)


def _first_content_hash(episode: Episode) -> str:
    digest = _identity_digest(episode)
    for path, array in _canonical_arrays(episode):
        digest.update(canonical_json([path, array.dtype.str, list(array.shape)]))
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _identity_digest(episode: Episode) -> hashlib._Hash:
    identity = {key: plain(getattr(episode, key), f"{episode.name}: {key}") for key in _IDENTITY}
    return hashlib.sha256(canonical_json(identity))


def _canonical_arrays(episode: Episode) -> Iterator[tuple[str, np.ndarray]]:
    for path in sorted(episode.arrays):
        yield path, canonical_array(episode.arrays[path])
