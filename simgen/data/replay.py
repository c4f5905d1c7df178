"""Simulates a recorded episode again and says how far the result is from the recording."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from simgen.data.episode import Episode
from simgen.data.manifest import GENERATION, TASKS
from simgen.data.mesh_hashes import mesh_hashes
from simgen.data.mirror import readable
from simgen.data.reader import open_dataset
from simgen.data.recorded import require_simulated
from simgen.data.states import state_rows
from simgen.env.base import BaseEnv, Outcome
from simgen.env.factory import make_env
from simgen.env.numpy_view import to_numpy
from simgen.env.threads import one_torch_thread
from simgen.env.tool_motion import ACTIONS_EE, ToolMotion
from simgen.errors import BadInput, SimgenError, unknown
from simgen.spec import AnyTask, TaskSpec
from simgen.spec.load import MIXTURE, load_any_task
from simgen.world.scene.sample import SceneSampler

LOOKS_SEED = "looks_seed"  # in the origin of an episode: what its looks were drawn from, if not from its own seed
ACTORS, ARTICULATIONS = "env_states/actors/", "env_states/articulations/"
IMAGES = "obs/sensor_data/"


# How far a replay may be from its recording: another device rounds differently.
POSITION_TOLERANCE, JOINT_TOLERANCE = 1e-3, 1e-3  # [m], [rad or m]
PIXEL_TOLERANCE = {  # in the image's own unit
    "rgb": 2, "albedo": 2, "depth": 2, "normals": 0.02, "segmentation": 0,
    "optical_flow": 0.1, "scene_flow": 1e-3, "pointcloud": 3e-3,
}  # fmt: skip
PIXEL_SHARE_TOLERANCE = 0.01  # of an image's pixels may differ by more, at the edges of what has moved by a hair


@dataclass(frozen=True)
class Replay:
    """How far a replay is from its recording; a difference is infinite where one of the two is not finite.

    Args:
        steps: Control steps that were compared.
        max_position_error_m: Largest distance of an object between the two.
        max_joint_error: Largest difference of a joint position [rad or m].
        max_image_difference: Largest difference of a pixel in any image, in its own unit.
        max_different_pixels: Largest share of an image's pixels that differ by more than PIXEL_TOLERANCE.
        max_reward_difference: Largest difference of the reward of a step.
        identical: Whether all observations, states (poses, velocities, joints), rewards and outcomes are equal to the
            last bit; images too if they were compared.
        changed_meshes: Objects whose mesh files or assets are not those of the recording any more.
    """

    steps: int
    max_position_error_m: float
    max_joint_error: float
    max_image_difference: float
    max_different_pixels: float
    max_reward_difference: float
    identical: bool
    changed_meshes: tuple[str, ...] = ()

    @property
    def within_tolerance(self) -> bool:
        """Whether objects, joints and images are as near as rounding on another device explains."""
        return (
            self.max_position_error_m <= POSITION_TOLERANCE
            and self.max_joint_error <= JOINT_TOLERANCE
            and self.max_different_pixels <= PIXEL_SHARE_TOLERANCE
            and math.isfinite(self.max_image_difference + self.max_reward_difference)
        )


def task_of(spec: dict[str, Any], name: str) -> AnyTask:
    """Returns the task of this name that a dataset's spec describes, as the only one or as one of several."""
    described = {part["task"]["name"]: part["task"] for part in spec.get(MIXTURE, ())} or {name: spec}
    if name not in described:
        raise unknown("task", name, described, where=f"dataset of {spec.get('name')}")
    require_simulated(described[name], "simulated again")
    task = {key: value for key, value in described[name].items() if key != GENERATION}
    return load_any_task(task)  # and no other: tasks of one dataset need not all be such as can be simulated


def engine_of_task(manifest: Mapping[str, Any], name: str) -> str | None:
    """Returns the engine that a task's episodes were recorded in."""
    tasks = manifest["spec"].get(GENERATION, {}).get(TASKS, {})
    return tasks[name]["engine"] if name in tasks else manifest["engine"]


def changed_meshes(manifest: Mapping[str, Any], task: AnyTask) -> tuple[str, ...]:
    """Returns the objects of a task whose mesh files or assets have changed since its episodes were recorded."""
    generation = manifest["spec"].get(GENERATION, {})
    recorded = generation.get(TASKS, {}).get(task.name, generation).get("mesh_files", {})
    now = mesh_hashes(task) if recorded and isinstance(task, TaskSpec) else {}
    return tuple(name for name in now if now[name] != recorded.get(name))


@one_torch_thread()
def replay_episode(path: str | Path, number: int, device: str = "cpu", images: bool = True) -> Replay:
    """Replays episode `number` of a dataset (its place in the dataset, as in `open_dataset(path)[number]`).

    Args:
        path: Directory or URL of the dataset; of a URL one shard is read.

    Raises:
        BadInput: No dataset, no such episode.
        SimgenError: The dataset cannot be read, or lacks what the task records.
    """
    with readable(path) as source, open_dataset(source.root) as dataset:
        if not -len(dataset) <= number < len(dataset):
            raise BadInput(f"{path}: there is no episode {number}; allowed: 0 to {len(dataset) - 1}.")
        with source.fetched(dataset[number].file.name):
            episode = dataset[number].read()
    task, engine = task_of(dataset.spec, episode.task), engine_of_task(dataset.manifest, episode.task)
    env = make_env(task, 1, device, images=images, engine=engine)
    with contextlib.closing(env):
        return replace(_Comparison(env, episode).result(), changed_meshes=changed_meshes(dataset.manifest, task))


def _start(env: BaseEnv, episode: Episode) -> None:
    """Starts an episode as it was recorded in world 0; one that was drawn again may look as another seed says."""
    if LOOKS_SEED in episode.origin and isinstance(env.sampler, SceneSampler):
        env.start_scenes([0], [env.sampler.sample(episode.seed, episode.origin[LOOKS_SEED])])
    else:
        env.start([0], [episode.seed])


class _Comparison:
    """Replays an episode in world 0 and keeps the largest differences."""

    def __init__(self, env: BaseEnv, episode: Episode) -> None:
        self._env, self._arrays = env, episode.arrays
        self._actions = episode.arrays.get("executed_actions", episode.arrays["actions"])
        self._largest = {"position": 0.0, "joint": 0.0, "image": 0.0, "pixels": 0.0, "reward": 0.0}
        self._identical = True
        _start(env, episode)
        tool = ToolMotion(env) if ACTIONS_EE in self._arrays else None
        if tool is not None:
            tool.begin([0])
        self._compare_state(0)
        for step, row in enumerate(self._actions):
            action = torch.as_tensor(row)[None]
            self._compare_outcome(step, env.advance(action))
            if tool is not None:
                self._identical &= np.array_equal(tool.step(action)[0].cpu().numpy(), self._arrays[ACTIONS_EE][step])
            self._compare_state(step + 1)

    def result(self) -> Replay:
        return Replay(
            steps=len(self._actions),
            max_position_error_m=self._largest["position"],
            max_joint_error=self._largest["joint"],
            max_image_difference=self._largest["image"],
            max_different_pixels=self._largest["pixels"],
            max_reward_difference=self._largest["reward"],
            identical=self._identical,
        )

    def _note(self, name: str, difference: float) -> None:
        largest = max(self._largest[name], difference if math.isfinite(difference) else math.inf)
        self._largest[name] = largest

    def _compare_outcome(self, step: int, outcome: Outcome) -> None:
        rows = {"rewards": outcome.reward, "success": outcome.success}
        rows |= {"terminated": outcome.terminated, "truncated": outcome.truncated}
        for path, row in to_numpy(rows).items():
            if path in self._arrays:
                self._identical &= np.array_equal(row[0], self._arrays[path][step])
        reward = self._arrays.get("rewards")
        if reward is not None:
            self._note("reward", abs(float(outcome.reward[0]) - float(reward[step])))

    def _compare_state(self, row: int) -> None:
        for path, now in state_rows(self._env, self._env.observe(copy=False)).items():
            if path not in self._arrays or self._arrays[path].shape[1:] != now.shape[1:]:
                raise SimgenError(f"the recording has no {path} of shape {list(now.shape[1:])}; it cannot be compared.")
            new, old = now[0], self._arrays[path][row]
            self._identical &= np.array_equal(new, old)
            if path.startswith(ACTORS):
                self._note("position", float(np.linalg.norm(new[:3] - old[:3])))
            elif path.startswith(ARTICULATIONS):
                joints = slice(13, 13 + (len(new) - 13) // 2)
                self._note("joint", float(np.abs(new[joints] - old[joints]).max(initial=0.0)))
            elif path.startswith(IMAGES):
                self._compare_image(path.rsplit("/", 1)[1], new, old)

    def _compare_image(self, output: str, new: np.ndarray, old: np.ndarray) -> None:
        if np.array_equal(new, old):
            return
        difference = np.abs(new.astype(np.float64) - old).max(axis=-1)
        self._note("image", float(difference.max()))
        self._note("pixels", float((~(difference <= PIXEL_TOLERANCE.get(output, 0))).mean()))
