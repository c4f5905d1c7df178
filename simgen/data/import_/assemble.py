"""From a recording as its source has it to an episode of ours: T actions and T + 1 observations, nothing invented."""

from __future__ import annotations

import dataclasses

import numpy as np

from simgen.data.episode import Episode
from simgen.data.import_.base import DROP, REPEAT, ImportOptions, Recording, SourceInfo, Unusable
from simgen.data.recorded import UNLABELLED
from simgen.errors import SimgenError

_STATES = ("obs/", "env_states/")
ALIGNMENT = {
    DROP: "as many observations as actions: the last action, after which nothing was observed, was dropped",
    REPEAT: "as many observations as actions: the last observation, after which nothing was seen, is stored twice",
}


def episode_of(recording: Recording, number: int, phase: str, info: SourceInfo, options: ImportOptions) -> Episode:
    """Makes an episode of a recording.

    Args:
        number: of the episode in the source, which it keeps.

    Raises:
        Unusable: if its arrays do not fit each other, or no step is left.
    """
    aligned = _aligned(recording, options)
    rewards = recording.arrays.get("rewards")  # all, also that of an action which is dropped
    success = recording.success if recording.success is not None else options.all_successful
    unlabelled = recording.success is None and not options.all_successful
    episode = Episode(
        index=number,
        seed=number if recording.seed is None else recording.seed,
        phase=phase,
        task=options.task or recording.task or info.name,
        instruction=recording.instruction or options.instruction or "",
        success=bool(success),
        reward_sum=float(rewards.astype(np.float64).sum()) if rewards is not None else 0.0,
        length=aligned.steps,
        arrays=aligned.arrays,
        randomisation=recording.randomisation,
        segmentation_ids=_named_ids(recording),
        flags=[*recording.flags, *([UNLABELLED] if unlabelled else [])],
        subtasks=recording.subtasks,
        origin={"source": info.format, "index": number, **aligned.origin},
    )
    try:
        episode.validate()
        episode.metadata()
    except SimgenError as error:
        raise Unusable(str(error)) from None
    if not np.isfinite(episode.reward_sum):
        raise Unusable("rewards: have values that are not finite.")
    return episode


def _aligned(recording: Recording, options: ImportOptions) -> Recording:
    """The recording with one observation more than actions."""
    steps = recording.steps
    states = {path: array for path, array in recording.arrays.items() if path.startswith(_STATES)}
    for path, array in states.items():
        if array.ndim == 0 or len(array) not in (steps, steps + 1):
            rows = len(array) if array.ndim else 0
            raise Unusable(f"{path}: has {rows} rows; the episode has {steps} actions.")
    short = {path for path, array in states.items() if len(array) == steps}
    if not short:
        return recording
    if options.last_step == REPEAT:
        repeated = {path: np.concatenate([states[path], states[path][-1:]]) for path in short}
        origin = {**recording.origin, "last_observation": "repeated"}
        return dataclasses.replace(recording, arrays={**recording.arrays, **repeated}, origin=origin)
    if steps < 2:
        raise Unusable("has a single observation and so no step from one to the next.")
    arrays = {}
    for path, array in recording.arrays.items():
        if path in states:
            arrays[path] = array[:steps]
        else:
            arrays[path] = array[: steps - 1] if array.ndim and len(array) == steps else array
    return dataclasses.replace(recording, arrays=arrays, steps=steps - 1)


def _named_ids(recording: Recording) -> dict[int, dict[str, object]]:
    """The names of all instances that are seen; those that the source does not name are called by their number."""
    names = dict(recording.segmentation_ids)
    for path, array in recording.arrays.items():
        if path.startswith("obs/sensor_data/") and path.endswith("/segmentation"):
            for number in np.unique(array).tolist():
                if number:
                    names.setdefault(int(number), {"name": f"instance {number}", "class": "unknown"})
    return names
