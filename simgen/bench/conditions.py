"""What was measured, and on what: every figure is recorded with it."""

from __future__ import annotations

import os
import time
from typing import Any

from simgen.bench.options import BenchOptions
from simgen.env.factory import engine_of
from simgen.machine import machine
from simgen.spec import TaskSpec
from simgen.spec.camera import CameraSpec

STATE = "state"  # what a configuration without images is called


def conditions(task: TaskSpec, options: BenchOptions, workers: int) -> dict[str, Any]:
    """Returns configuration, machine, versions, commit and date."""
    written = task.resolved()
    return {
        "num_envs": options.num_envs,
        "workers": workers,
        "engine": engine_of(task, options.engine),
        "options": {
            "steps": options.steps_of(task),
            "repetitions": options.repetitions,
            "reward": options.reward,
            "seed": options.seed,
        },
        "device": options.device,
        "device_name": device_name(options.device),
        "task": task.name,
        "outputs": outputs_of(task, options.images),
        "cameras": {name: _camera(camera) for name, camera in task.cameras.items()} if options.images else {},
        "substeps": task.episode.substeps,
        "triangles_per_link": task.render.triangles_per_link,
        "shadows": task.render.shadows,
        "control": task.robot.control,
        "render": written["render"],
        "episode": written["episode"],
    } | provenance()


def provenance() -> dict[str, Any]:
    """Returns machine, versions, commit, whether files of it were changed, and the date.

    Where there is no repository, as in a copy of the tree on another machine, SIMGEN_COMMIT says the commit.
    """
    found = machine()
    commit = found["commit"] or os.environ.get("SIMGEN_COMMIT")
    return {
        "machine": found,
        "commit": commit,
        "tree_changed": None if commit is None else commit.endswith("+"),
        "date": time.strftime("%Y-%m-%d"),
    }


def outputs_of(task: TaskSpec, images: bool = True) -> str:
    """Returns what is observed, as ManiSkill writes it: rgb+depth+segmentation, or state."""
    if not images or not task.cameras:
        return STATE
    made = dict.fromkeys(output for camera in task.cameras.values() for output in camera.outputs)
    return "+".join(made)


def device_name(device: str) -> str | None:
    """Returns the name of a GPU; None for the CPU, whose name is the machine's processor."""
    if device == "cpu":
        return None
    import torch

    return torch.cuda.get_device_name(device)


def _camera(camera: CameraSpec) -> dict[str, Any]:
    return {"size": list(camera.size), "outputs": list(camera.outputs)}
