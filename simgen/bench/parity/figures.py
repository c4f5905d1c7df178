"""The result as one JSON object: the keys that scripts rely on, and below them everything else."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from simgen.bench.parity.closed_loop import ClosedLoop
from simgen.bench.parity.first_frame import FirstFrames
from simgen.bench.parity.images import ImageFigures
from simgen.bench.parity.open_loop import APART, NEVER, OpenEpisode, OpenLoop
from simgen.bench.parity.result import Parity
from simgen.data.rates import wilson

ERRORS = {
    "joint": "joint_error_rad",
    "tool": "tool_error_m",
    "tool_turn": "tool_error_rad",
    "object": "object_error_m",
    "object_turn": "object_error_rad",
}


def figures(parity: Parity) -> dict[str, Any]:
    """Returns the result; numbers are finite, None stands for what was not measured."""
    images = parity.first_frames.all if parity.first_frames is not None else None
    rates = parity.rates() or (None, None)
    open_loop = _open_loop(parity.open_loop, parity.names)
    return {
        "task": parity.task,
        "engines": list(parity.names),
        "ok": parity.ok,
        "segmentation_iou": images.iou if images is not None else None,
        "depth_error_m": images.depth_median if images is not None else None,
        "joint_error_rad": open_loop["all"]["joint_error_rad"]["median"] if open_loop["all"] else None,
        **{f"success_{name}": rate for name, rate in zip(parity.names, rates, strict=True)},
        "targets": [dataclasses.asdict(target) for target in parity.targets()],
        "first_frames": _first_frames(parity.first_frames),
        "open_loop": open_loop,
        "closed_loop": _closed_loop(parity.closed_loop, parity.names),
        "notes": list(parity.notes),
        **parity.conditions,
    }


def _first_frames(frames: FirstFrames | None) -> dict[str, Any] | None:
    if frames is None:
        return None
    return {
        **_images(frames.all),
        "cameras": {camera: _images(part) for camera, part in frames.cameras.items()},
        "worst": [
            {"episode": pair.episode.index, "seed": pair.episode.seed, "camera": pair.camera, "wrong": pair.wrong}
            for pair in frames.worst
        ],
    }


def _images(part: ImageFigures) -> dict[str, Any]:
    return dataclasses.asdict(part) | {"things": [dataclasses.asdict(thing) for thing in part.things]}


def _open_loop(loop: OpenLoop, names: tuple[str, str]) -> dict[str, Any]:
    by_policy = {
        policy: [one for one in loop.episodes if one.episode.policy == policy] for policy in ("random", "teacher")
    }
    return {
        "apart_m": APART,
        "control_seconds": loop.control_seconds,
        "objects": list(loop.bodies),
        "all": _group(loop.episodes, names),
        **{policy: _group(episodes, names) for policy, episodes in by_policy.items()},
        "contacts": contact_figures(loop),
        "disagreements": [disagreement(one, loop, names) for one in disagreeing(loop)],
        "broken": {str(index): reason for index, reason in loop.broken.items()},
    }


def _group(episodes: Sequence[OpenEpisode], names: tuple[str, str]) -> dict[str, Any] | None:
    """The figures of a policy's episodes; None if there are none."""
    if not episodes:
        return None
    done = np.array([one.succeeded != NEVER for one in episodes])
    summary: dict[str, Any] = {"episodes": len(episodes)}
    for name, label in ERRORS.items():
        rows = error_rows(episodes, name)
        known = rows[np.isfinite(rows)]
        summary[label] = {
            "median": _quantile(known, 50),
            "p95": _quantile(known, 95),
            "median_by_step": [_quantile(column, 50) for column in rows.T],
            "p95_by_step": [_quantile(column, 95) for column in rows.T],
        }
    summary["apart"] = sum(one.parted() is not None for one in episodes)
    summary["success"] = {name: float(done[:, side].mean()) for side, name in enumerate(names)}
    summary["success_agreement"] = float((done[:, 0] == done[:, 1]).mean())
    return summary


def error_rows(episodes: Sequence[OpenEpisode], name: str) -> np.ndarray:
    """An error of all episodes over time, of the worst object; NaN after the end. Shape: (N, longest T + 1)."""
    rows = np.full((len(episodes), max(one.steps for one in episodes) + 1), np.nan)
    for row, one in zip(rows, episodes, strict=True):
        values = getattr(one, name)
        if values.ndim == 2:
            values = values.max(1) if values.shape[1] else np.full(len(values), np.nan)
        row[: len(values)] = values
    return rows


def contact_pairs(loop: OpenLoop) -> np.ndarray:
    """First touches of all objects in all episodes [steps]; NEVER if none. Shape: (N, 2)."""
    rows = [one.touched.T for one in loop.episodes]
    return np.concatenate(rows) if rows else np.zeros((0, 2), int)


def contact_figures(loop: OpenLoop) -> dict[str, Any]:
    """How well the first touches agree; times in [s]."""
    pairs = contact_pairs(loop)
    touched = pairs != NEVER
    both = pairs[touched.all(1)]
    late = (both[:, 1] - both[:, 0]) * loop.control_seconds
    return {
        "both": len(both),
        "only_first": int((touched[:, 0] & ~touched[:, 1]).sum()),
        "only_second": int((~touched[:, 0] & touched[:, 1]).sum()),
        "neither": int((~touched).all(1).sum()),
        "same_step": int((late == 0).sum()),
        "median_difference_s": _quantile(np.abs(late), 50),
        "p95_difference_s": _quantile(np.abs(late), 95),
        "mean_delay_of_second_s": float(late.mean()) if len(late) else None,
    }


def disagreeing(loop: OpenLoop) -> list[OpenEpisode]:
    """Episodes where success differs or an object is elsewhere, the worst first."""
    found = [one for one in loop.episodes if one.success_differs or one.parted() is not None]
    return sorted(found, key=lambda one: (not one.success_differs, -one.farthest))


def disagreement(one: OpenEpisode, loop: OpenLoop, names: tuple[str, str]) -> dict[str, Any]:
    """Where an episode goes apart: when, which object, and what was touched by then."""
    parted = one.parted()
    step, body = parted if parted is not None else (None, None)
    touched = {
        name: {
            loop.bodies[index]: int(first)
            for index, first in enumerate(one.touched[side])
            if first != NEVER and (step is None or first <= step)
        }
        for side, name in enumerate(names)
    }
    return {
        "episode": one.episode.index,
        "seed": one.episode.seed,
        "policy": one.episode.policy,
        "apart_at_step": step,
        "apart_object": loop.bodies[body] if body is not None else None,
        "touched_before": touched,
        "largest_distance_m": one.farthest,
        "success": {name: bool(one.succeeded[side] != NEVER) for side, name in enumerate(names)},
    }


def _closed_loop(loop: ClosedLoop | None, names: tuple[str, str]) -> dict[str, Any] | None:
    if loop is None:
        return None
    pairs = loop.pairs()
    agreement = loop.agreement()
    sides = {}
    for name, attempts in zip(names, ([one for _, one, _ in pairs], [two for *_, two in pairs]), strict=True):
        won = [attempt.steps for attempt in attempts if attempt.success]
        sides[name] = {
            "successes": len(won),
            "episodes": len(attempts),
            "rate": len(won) / len(attempts) if attempts else None,
            "interval": list(wilson(len(won), len(attempts))),
            "median_steps_to_success": _quantile(np.array(won, float), 50),
        }
    unequal = agreement["only_first"] + agreement["only_second"]
    chance = binomtest(agreement["only_first"], unequal).pvalue if unequal else 1.0
    return {
        **sides,
        "agreement": agreement,
        "mcnemar_p": float(chance),
        "disagreements": [
            {"episode": episode.index, "seed": episode.seed, names[0]: one.success, names[1]: two.success}
            for episode, one, two in pairs
            if one.success != two.success
        ],
        "broken": {
            str(episode.index): one.problem or two.problem
            for episode, one, two in zip(loop.episodes, loop.first, loop.second, strict=True)
            if one.problem or two.problem
        },
    }


def _quantile(values: np.ndarray, percent: float) -> float | None:
    known = values[np.isfinite(values)]
    found = float(np.percentile(known, percent)) if known.size else math.nan
    return found if math.isfinite(found) else None
